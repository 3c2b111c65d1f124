/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads that do short lists of operations side by side to the files of one device, and what has
 * to be true when all are done. The target "queues" and the programs that it writes share it, so it
 * is C that stands alone, but for ops.h in front of it and two functions that both have: die(), and
 * race_field(), a number of the device by the model's name of it, -1 if there is no device.
 */
static pthread_t race_workers[RACE_THREADS];
static pthread_barrier_t race_start, race_stop;
static const struct race *race_now; /* NULL: the workers end */
static int race_results[RACE_THREADS][RACE_STEPS];
static int race_socket = -1, race_program = -1;
static char race_text[160];

static int race_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) ? -errno : 0;
}

static int race_iff(int fd, unsigned long request, int flags)
{
	struct ifreq ifr = { .ifr_name = RACE_DEVICE, .ifr_flags = flags };

	return race_ioctl(fd, request, &ifr);
}

static int race_link(unsigned long request, int value)
{
	struct ifreq ifr = { .ifr_name = RACE_DEVICE };

	if (request == SIOCSIFFLAGS)
		ifr.ifr_flags = IFF_MULTICAST | (value ? IFF_UP : 0);
	else
		ifr.ifr_mtu = value; /* where ifr_qlen is too */
	return race_ioctl(race_socket, request, &ifr);
}

static int race_open(int file)
{
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || dup3(fd, RACE_FD(file), O_CLOEXEC) < 0)
		return -errno;
	close(fd);
	return 0;
}

static int race_write(int fd, size_t len)
{
	/* An IPv4 header to a TUN, to a TAP a type that nobody knows. */
	static const unsigned char frame[2048] = { 0x45, [12] = 0x88, [13] = 0xb5 };
	ssize_t n = write(fd, frame, len < sizeof(frame) ? len : sizeof(frame));

	return n < 0 ? -errno : n;
}

static int race_read(int fd)
{
	char buf[256];
	ssize_t n = read(fd, buf, sizeof(buf));

	return n < 0 ? -errno : n;
}

static int race_poll(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	return poll(&p, 1, 0) < 0 ? -errno : p.revents;
}

static int race_send(void)
{
	static const char frame[RACE_LENGTH] = { 2, [12] = 0x08 };
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(0x0800),
				  .sll_ifindex = if_nametoindex(RACE_DEVICE) };

	if (!to.sll_ifindex)
		return -ENXIO;
	return sendto(race_socket, frame, sizeof(frame), 0, (void *)&to, sizeof(to)) < 0 ? -errno :
											   0;
}

static int race_delete(void)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg info;
		struct rtattr attribute;
		char name[4]; /* as long as an attribute is */
	} req = { .head = { sizeof(req), RTM_DELLINK, NLM_F_REQUEST | NLM_F_ACK, 0, 0 },
		  .attribute = { RTA_LENGTH(sizeof(RACE_DEVICE)), IFLA_IFNAME },
		  .name = RACE_DEVICE };
	struct {
		struct nlmsghdr head;
		struct nlmsgerr err;
		char rest[256];
	} answer = { .err.error = -EPROTO };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0 || send(fd, &req, sizeof(req), 0) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < 0)
		answer.err.error = -errno;
	close(fd);
	return answer.err.error;
}

static int race_do(const struct race_step *s, int flags)
{
	int fd = RACE_FD(s->file), value = s->value;

	switch (s->op) {
	case RACE_OPEN:
		return race_open(s->file);
	case RACE_CLOSE:
		return close(fd) ? -errno : 0;
	case RACE_SETIFF:
		return race_iff(fd, TUNSETIFF, flags);
	case RACE_ATTACH:
		return race_iff(fd, TUNSETQUEUE, IFF_ATTACH_QUEUE);
	case RACE_DETACH:
		return race_iff(fd, TUNSETQUEUE, IFF_DETACH_QUEUE);
	case RACE_WRITE:
		return race_write(fd, value);
	case RACE_READ:
		return race_read(fd);
	case RACE_POLL:
		return race_poll(fd);
	case RACE_SNDBUF:
		return race_ioctl(fd, TUNSETSNDBUF, &value);
	case RACE_PERSIST:
		return race_ioctl(fd, TUNSETPERSIST, (void *)(long)value);
	case RACE_CARRIER:
		return race_ioctl(fd, TUNSETCARRIER, &value);
	case RACE_SETLINK:
		return race_ioctl(fd, TUNSETLINK, (void *)(long)value);
	case RACE_STEERING:
		value = value ? race_program : -1;
		return race_ioctl(fd, TUNSETSTEERINGEBPF, &value);
	case RACE_TXQUEUELEN:
		return race_link(SIOCSIFTXQLEN, value);
	case RACE_MTU:
		return race_link(SIOCSIFMTU, value);
	case RACE_UP:
		return race_link(SIOCSIFFLAGS, value);
	case RACE_SEND:
		return race_send();
	case RACE_DELETE:
		return race_delete();
	default:
		return -ENOSYS;
	}
}

static void race_list(int thread)
{
	const struct race *r = race_now;

	for (int i = 0; i < r->lists[thread].count; i++) {
		const struct race_step *s = &r->lists[thread].steps[i];

		for (volatile int turn = 0; turn < s->delay; turn++)
			;
		race_results[thread][i] = race_do(s, r->flags);
	}
}

static void *race_work(void *thread)
{
	for (;;) {
		pthread_barrier_wait(&race_start);
		if (!race_now)
			return NULL;
		race_list((long)thread);
		pthread_barrier_wait(&race_stop);
	}
}

/* The threads, in the network namespace of the caller. @program: one for RACE_STEERING, or -1. */
static void race_begin(int program)
{
	int on = 1;

	race_program = program;
	race_socket = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (race_socket < 0 ||
	    setsockopt(race_socket, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)))
		die("packet socket");
	pthread_barrier_init(&race_start, NULL, RACE_THREADS);
	pthread_barrier_init(&race_stop, NULL, RACE_THREADS);
	for (long i = 1; i < RACE_THREADS; i++) {
		if (pthread_create(&race_workers[i], NULL, race_work, (void *)i))
			die("pthread_create");
	}
}

static void race_finish(void)
{
	race_now = NULL;
	pthread_barrier_wait(&race_start);
	for (int i = 1; i < RACE_THREADS; i++)
		pthread_join(race_workers[i], NULL);
	close(race_socket);
}

/* The files as they have to be, and the device up. */
static void race_set_up(const struct race *r)
{
	for (int i = 0; i < RACE_FILES; i++) {
		int persist = r->persist && !i;

		if ((persist || r->files[i] != RACE_CLOSED) && race_open(i))
			die("/dev/net/tun");
		if ((persist || r->files[i] >= RACE_ATTACHED) &&
		    (race_iff(RACE_FD(i), TUNSETIFF, r->flags) || race_link(SIOCSIFFLAGS, 1)))
			die("TUNSETIFF");
		if (persist && ioctl(RACE_FD(i), TUNSETPERSIST, 1))
			die("TUNSETPERSIST");
		if (persist && r->files[i] < RACE_ATTACHED)
			close(RACE_FD(i));
		if (persist && r->files[i] == RACE_FREE && race_open(i))
			die("/dev/net/tun");
		if (r->files[i] == RACE_DETACHED &&
		    race_iff(RACE_FD(i), TUNSETQUEUE, IFF_DETACH_QUEUE))
			die("TUNSETQUEUE");
	}
}

static const char *race_differs(const char *what, long long expected, long long seen)
{
	snprintf(race_text, sizeof(race_text), "%s: expected %lld, seen %lld", what, expected,
		 seen);
	return race_text;
}

/* Each step on its own. */
static const char *race_check_results(const struct race *r)
{
	for (int t = 0; t < RACE_THREADS; t++) {
		for (int i = 0; i < r->lists[t].count; i++) {
			const struct race_step *s = &r->lists[t].steps[i];
			int n = 0;

			while (n < s->choices && s->may[n] != race_results[t][i])
				n++;
			if (n < s->choices)
				continue;
			snprintf(race_text, sizeof(race_text),
				 "thread %d, step %d: %s gives %d, which no order does", t, i,
				 race_name(s->op), race_results[t][i]);
			return race_text;
		}
	}
	return NULL;
}

/* How many steps gave @least or more. */
static long long race_successes(const struct race *r, enum race_op op, int least)
{
	long long n = 0;

	for (int t = 0; t < RACE_THREADS; t++) {
		for (int i = 0; i < r->lists[t].count; i++)
			n += r->lists[t].steps[i].op == op && race_results[t][i] >= least;
	}
	return n;
}

static int race_deleted(const struct race *r)
{
	return race_successes(r, RACE_DELETE, 0) > 0;
}

/*
 * A setting has to be what a thread set last, or what it was if none did. @was: of a new device
 * too, but for @fresh.
 */
static const char *race_check_setting(const struct race *r, enum race_op op, const char *field,
				      long long was, long long fresh)
{
	long long is = race_field(field);
	int fits = (is == was && !race_successes(r, op, 0)) || (is == fresh && r->may_vanish);

	for (int t = 0; t < RACE_THREADS && !fits; t++) {
		int i = r->lists[t].count - 1;

		while (i >= 0 && (r->lists[t].steps[i].op != op || race_results[t][i]))
			i--;
		fits = i >= 0 && r->lists[t].steps[i].value == is;
	}
	return fits ? NULL : race_differs(field, was, is);
}

static enum race_file race_state(int file)
{
	struct ifreq ifr = { .ifr_flags = 0 };

	if (fcntl(RACE_FD(file), F_GETFD) < 0)
		return RACE_CLOSED;
	if (ioctl(RACE_FD(file), TUNGETIFF, &ifr))
		return RACE_FREE;
	return ifr.ifr_flags & IFF_DETACH_QUEUE ? RACE_DETACHED : RACE_ATTACHED;
}

static enum race_file race_after(enum race_file was, enum race_op op)
{
	if (op == RACE_OPEN)
		return RACE_FREE;
	if (op == RACE_CLOSE)
		return RACE_CLOSED;
	if (op == RACE_SETIFF && was == RACE_FREE)
		return RACE_ATTACHED;
	if (op == RACE_ATTACH && was == RACE_DETACHED)
		return RACE_ATTACHED;
	return op == RACE_DETACH && was == RACE_ATTACHED ? RACE_DETACHED : was;
}

/* What only one thread did to a file has one order, unless the device was deleted. */
static const char *race_check_files(const struct race *r)
{
	for (int file = 0; file < RACE_FILES && !race_deleted(r); file++) {
		enum race_file is = r->files[file];
		int threads = 0;

		for (int t = 0; t < RACE_THREADS; t++) {
			int changes = 0;

			for (int i = 0; i < r->lists[t].count; i++) {
				const struct race_step *s = &r->lists[t].steps[i];

				if (s->file != file || s->op > RACE_DETACH)
					continue;
				is = race_after(is, s->op);
				changes = 1;
			}
			threads += changes;
		}
		if (threads < 2 && race_state(file) != is)
			return race_differs("state of a file", is, race_state(file));
	}
	return NULL;
}

static const char *race_check_queues(void)
{
	long long attached = 0, detached = 0;

	for (int i = 0; i < RACE_FILES; i++) {
		attached += race_state(i) == RACE_ATTACHED;
		detached += race_state(i) == RACE_DETACHED;
	}
	if (race_field("ifindex") < 0)
		return attached + detached ?
			       race_differs("files of no device", 0, attached + detached) :
			       NULL;
	if (race_field("queues") != attached)
		return race_differs("queues", attached, race_field("queues"));
	if (race_field("disabled") != detached)
		return race_differs("disabled queues", detached, race_field("disabled"));
	return NULL;
}

/* A device without files is there if it is persistent, and only then; at the end it is gone. */
static const char *race_take_down(void)
{
	long long persist = race_field("persist") > 0;

	for (int i = 0; i < RACE_FILES; i++)
		close(RACE_FD(i));
	if ((race_field("ifindex") >= 0) != persist)
		return race_differs("device behind the last file", persist, !persist);
	if (!persist)
		return NULL;
	if (race_field("queues") || race_field("disabled"))
		return race_differs("queues behind the last file", 0, race_field("queues"));
	return race_delete() ? race_differs("deletion", 0, -1) : NULL;
}

struct race_was {
	long long ifindex, mtu, txqueuelen, type;
};

static const char *race_check_device(const struct race *r, const struct race_was *was)
{
	long long written = race_successes(r, RACE_WRITE, 1), packets = race_field("rx_packets");
	const char *text = NULL;

	if (race_field("ifindex") < 0)
		return was->ifindex < 0 || r->may_vanish ?
			       NULL :
			       race_differs("ifindex", was->ifindex, -1);
	/* A file whose device was deleted can make one of the same number. */
	if (race_field("ifindex") == was->ifindex && !race_deleted(r) && packets != written)
		return race_differs("rx_packets", written, packets);
	if (race_successes(r, RACE_READ, 1) > race_successes(r, RACE_SEND, 0))
		return race_differs("frames read", race_successes(r, RACE_SEND, 0),
				    race_successes(r, RACE_READ, 1));
	/* Of a device that was not there at first nothing is known but what it is. */
	if (was->ifindex < 0)
		return NULL;
	text = text ?: race_check_setting(r, RACE_MTU, "mtu", was->mtu, was->mtu);
	text = text  ?:
		       race_check_setting(r, RACE_TXQUEUELEN, "txqueuelen", was->txqueuelen,
					  was->txqueuelen);
	text = text ?: race_check_setting(r, RACE_SETLINK, "type", was->type, was->type);
	text = text ?: race_check_setting(r, RACE_PERSIST, "persist", r->persist, 0);
	text = text ?: race_check_setting(r, RACE_UP, "up", 1, 0);
	return text;
}

/* All of it: NULL, or what is not as it has to be. */
static const char *race_run(const struct race *r)
{
	struct race_was was;
	const char *text, *end;

	race_set_up(r);
	was = (struct race_was){ race_field("ifindex"), race_field("mtu"), race_field("txqueuelen"),
				 race_field("type") };
	race_now = r;
	pthread_barrier_wait(&race_start);
	race_list(0);
	pthread_barrier_wait(&race_stop);
	text = race_check_results(r);
	text = text ?: race_check_files(r);
	text = text ?: race_check_queues();
	text = text ?: race_check_device(r, &was);
	if (text)
		return text;
	end = race_take_down();
	return end;
}
