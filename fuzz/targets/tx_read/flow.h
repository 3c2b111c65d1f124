/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Does the steps of flow_steps.h: frames of several flows that are written and sent, files that are
 * polled, and reads that wait. The target "tx_read" and the programs that it writes share it, so it
 * is C that stands alone but for that and for four functions that both have: die(), flow_field(), a
 * number of the device by the model's name of it, flow_delete(flow_now->name), and flow_program(),
 * an eBPF program that returns this number.
 */
/* Each kind of device is made when it is first asked for, and again when it is spent. */
static struct flow_device {
	int flags;   /* 0: there is none */
	int learned; /* flows */
	char name[IFNAMSIZ];
	int ifindex;
	int fd[FLOW_FILES], epoll;
	long long sum[4]; /* rx_packets, rx_dropped, tx_packets, tx_dropped */
} flow_devices[64], *flow_now;

static int flow_socket = -1;
static int flow_first; /* number of the first flow: none is used twice, as they are learned */
static int flow_from;  /* who got a frame, as in a step */
static int flow_last[FLOW_ALL]; /* the same of the last frame that went by a hash */
static unsigned char flow_got[FLOW_ROOM];
static char flow_text[160];

/* The number of flow @flow: behind FLOW_FLOWS are some of the many. */
static int flow_id(int flow)
{
	int many = flow - FLOW_FLOWS;

	return flow_first + (many < 0 ? flow : FLOW_FLOWS + many * FLOW_CROWD_SIZE / FLOW_CROWDS);
}

static int flow_pieces(int flags, int how, unsigned char *buf, int len, struct iovec iov[2])
{
	int there = flow_there(flags, how, len);

	iov[0] = (struct iovec){ there ? buf : NULL, there ? there : len };
	iov[1] = (struct iovec){ NULL, len - there };
	return there && there < len ? 2 : 1;
}

/* Without waiting, by the file's flag where the kernel knows no other way; a whole write may. */
static int flow_transfer(int fd, int how, const struct iovec *iov, int n, int out)
{
	int flags = how == FLOW_NONBLOCK ? 0 : RWF_NOWAIT, ret;

	if (how == FLOW_WHOLE && out)
		return (ret = writev(fd, iov, n)) < 0 ? -errno : ret;
	if (!flags)
		fcntl(fd, F_SETFL, O_NONBLOCK);
	ret = out ? pwritev2(fd, iov, n, -1, flags) : preadv2(fd, iov, n, -1, flags);
	ret = ret < 0 ? -errno : ret;
	if (!flags)
		fcntl(fd, F_SETFL, 0);
	return ret == -EOPNOTSUPP && flags ? flow_transfer(fd, FLOW_NONBLOCK, iov, n, out) : ret;
}

static int flow_read(int file, int how)
{
	struct iovec iov[2];
	int n = flow_pieces(flow_now->flags, how, flow_got, sizeof(flow_got), iov);

	return flow_transfer(flow_now->fd[file], how, iov, n, 0);
}

static int flow_write(const struct flow_step *s)
{
	unsigned char buf[FLOW_ROOM];
	int len = flow_bytes(flow_now->flags, flow_id(s->value), 0, buf);
	struct iovec iov[2];
	int n = flow_pieces(flow_now->flags, s->how, buf, len, iov);

	return flow_transfer(flow_now->fd[s->file], s->how, iov, n, 1);
}

/* How many of the many could be written, or -errno. */
static int flow_crowd(int fd)
{
	unsigned char buf[FLOW_ROOM];

	for (int i = 0; i < FLOW_CROWD_SIZE; i++) {
		int len = flow_bytes(flow_now->flags, flow_first + FLOW_FLOWS + i, 0, buf);

		if (write(fd, buf, len) < 0)
			return -errno;
	}
	return FLOW_CROWD_SIZE;
}

/* A bit for each file that was woken for room in its send buffer since it was polled. */
static int flow_room;

/* The files that were woken since this was last asked, and have something to read. */
static int flow_woken(void)
{
	struct epoll_event all[FLOW_FILES];
	int n = epoll_wait(flow_now->epoll, all, FLOW_FILES, 0), files = 0;

	for (int i = 0; i < n; i++) {
		files |= (all[i].events & EPOLLIN) ? 1 << all[i].data.u32 : 0;
		flow_room |= (all[i].events & EPOLLOUT) ? 1 << all[i].data.u32 : 0;
	}
	return files;
}

static int flow_poll(int file)
{
	struct pollfd p = { .fd = flow_now->fd[file], .events = POLLIN | POLLOUT };

	flow_woken();
	flow_room &= ~(1 << file);
	poll(&p, 1, 0);
	return p.revents;
}

static int flow_transmit(int flow)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(0x0800),
				  .sll_ifindex = flow_now->ifindex };
	unsigned char buf[FLOW_ROOM];
	int front = flow_front(flow_now->flags),
	    len = flow_bytes(flow_now->flags, flow_id(flow), 1, buf);

	return sendto(flow_socket, buf + front, len - front, 0, (void *)&to, sizeof(to)) < 0 ?
		       -errno :
		       0;
}

/* True if what was read is not what was sent, as far as it could be. */
static int flow_differs(int flow, int how, int ret)
{
	unsigned char buf[FLOW_ROOM];
	int len = flow_bytes(flow_now->flags, flow_id(flow), 1, buf);
	int there = flow_there(flow_now->flags, how, len);

	return ret >= 0 && memcmp(flow_got, buf, there < len ? there : len);
}

static int flow_send(const struct flow_step *s)
{
	int ret = flow_transmit(s->value);

	if (ret)
		return ret;
	flow_from = flow_woken();
	if (!flow_from || flow_from & (flow_from - 1))
		return -ENOENT;
	ret = flow_read(ffs(flow_from) - 1, s->how);
	return flow_differs(s->value, s->how, ret) ? -EBADMSG : ret;
}

/* A read that waits, and the thread that ends it. */
static struct {
	pthread_t thread;
	int tid;
	const struct flow_step *step;
	volatile int done;
	int ret;
} flow_waiter;

static void flow_ignore(int sig)
{
	(void)sig;
}

/* The reader does nothing else that sleeps. */
static int flow_sleeps(void)
{
	char path[48], text[128] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", flow_waiter.tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		die(path);
	close(fd);
	return strstr(text, ") S ") != NULL;
}

static void *flow_ender(void *unused)
{
	const struct flow_step *s = flow_waiter.step;

	while (!flow_waiter.done && !flow_sleeps())
		sched_yield();
	flow_waiter.ret = s->how == FLOW_FRAME ? flow_transmit(s->value) : 0;
	if (s->how == FLOW_GONE)
		flow_delete(flow_now->name);
	/* A frame may be for another file: a signal is an end in any case. */
	while (!flow_waiter.done) {
		if (s->how != FLOW_GONE)
			pthread_kill(flow_waiter.thread, SIGRTMIN);
		sched_yield();
	}
	return unused;
}

/* With FLOW_FRAME it gives 0, if the frame or the signal came as it has to. */
static int flow_wait(const struct flow_step *s)
{
	pthread_t ender;
	int ret, mine = 1 << s->file;

	flow_waiter.thread = pthread_self();
	flow_waiter.tid = syscall(SYS_gettid);
	flow_waiter.step = s;
	flow_waiter.done = 0;
	if (pthread_create(&ender, NULL, flow_ender, NULL))
		die("pthread_create");
	ret = read(flow_now->fd[s->file], flow_got, sizeof(flow_got));
	ret = ret < 0 ? -errno : ret;
	flow_waiter.done = 1;
	pthread_join(ender, NULL);
	if (s->how != FLOW_FRAME || ret == -EBADFD)
		return ret;
	flow_from = ret > 0 ? mine : flow_woken();
	if (ret > 0)
		return flow_differs(s->value, FLOW_WHOLE, ret) ? -EBADMSG : 0;
	if (ret != -EINTR || flow_waiter.ret)
		return ret != -EINTR ? ret : flow_waiter.ret;
	if (!flow_from || flow_from == mine)
		return -ENOENT;
	ret = flow_read(ffs(flow_from) - 1, FLOW_WHOLE);
	return flow_differs(s->value, FLOW_WHOLE, ret) ? -EBADMSG : 0;
}

static int flow_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) ? -errno : 0;
}

static int flow_queue(int fd, int attach)
{
	struct ifreq ifr = { .ifr_flags = attach ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE };
	int ret = flow_ioctl(fd, TUNSETQUEUE, &ifr);

	if (!ret)
		memset(flow_last, 0, sizeof(flow_last));
	return ret;
}

static int flow_up(int up)
{
	struct ifreq ifr = { .ifr_flags = IFF_MULTICAST | (up ? IFF_UP : 0) };

	memcpy(ifr.ifr_name, flow_now->name, IFNAMSIZ);
	return flow_ioctl(flow_socket, SIOCSIFFLAGS, &ifr);
}

static int flow_attach(int other)
{
	struct ifreq ifr = { .ifr_flags = flow_now->flags };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC), ret = fd < 0 ? -errno : 0;

	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", other ? "flows" : flow_now->name);
	if (!ret)
		ret = flow_ioctl(fd, TUNSETIFF, &ifr);
	close(fd);
	return ret;
}

static int flow_txqueuelen(int len)
{
	struct ifreq ifr = { .ifr_qlen = len };

	memcpy(ifr.ifr_name, flow_now->name, IFNAMSIZ);
	return flow_ioctl(flow_socket, SIOCSIFTXQLEN, &ifr);
}

static int flow_do(const struct flow_step *s)
{
	int fd = flow_now->fd[s->file], value = s->value;

	switch (s->op) {
	case FLOW_WRITE:
		return flow_write(s);
	case FLOW_SEND:
		return flow_send(s);
	case FLOW_EMPTY:
		return flow_read(s->file, s->how);
	case FLOW_WAIT:
		return flow_wait(s);
	case FLOW_POLL:
		return flow_poll(s->file);
	case FLOW_QUEUE:
		return flow_queue(fd, value);
	case FLOW_STEERING:
		value = value < 0 ? -1 : flow_program(value);
		return flow_ioctl(fd, TUNSETSTEERINGEBPF, &value);
	case FLOW_SNDBUF:
		return flow_ioctl(fd, TUNSETSNDBUF, &value);
	case FLOW_UP:
		return flow_up(value);
	case FLOW_CROWD:
		return flow_crowd(fd);
	case FLOW_ATTACH:
		return flow_attach(value);
	case FLOW_TXQUEUELEN:
		return flow_txqueuelen(value);
	default:
		return flow_delete(flow_now->name);
	}
}

/* To be called in the network namespace of the devices, as often as one likes. */
static void flow_begin(void)
{
	struct sigaction ignore = { .sa_handler = flow_ignore };
	int on = 1;

	if (flow_socket >= 0)
		return;
	sigaction(SIGRTMIN, &ignore, NULL);
	flow_socket = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (flow_socket < 0 ||
	    setsockopt(flow_socket, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)))
		die("packet socket");
}

static void flow_close(void)
{
	for (int i = 0; i < flow_files(flow_now->flags); i++)
		close(flow_now->fd[i]);
	close(flow_now->epoll);
	flow_now->flags = 0;
}

/* A device with its files, all of which an epoll waits for. */
static void flow_make(int flags)
{
	flow_now->flags = flags;
	flow_now->learned = 0;
	memset(flow_now->sum, 0, sizeof(flow_now->sum));
	snprintf(flow_now->name, IFNAMSIZ, "flow%d", (int)(flow_now - flow_devices));
	flow_now->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (int i = 0; i < flow_files(flags); i++) {
		struct ifreq ifr = { .ifr_flags = flags };
		struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = i };

		memcpy(ifr.ifr_name, flow_now->name, IFNAMSIZ);
		flow_now->fd[i] = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
		if (flow_now->fd[i] < 0 || ioctl(flow_now->fd[i], TUNSETIFF, &ifr) || flow_up(1) ||
		    epoll_ctl(flow_now->epoll, EPOLL_CTL_ADD, flow_now->fd[i], &e))
			die(flow_now->name);
	}
	flow_now->ifindex = if_nametoindex(flow_now->name);
}

/* Before it has learned so many flows that it learns no more, a device is made anew. */
#define FLOW_LEARNED 3900

static void flow_set_up(const struct flow *f)
{
	int i = 0;

	while (flow_devices[i].flags && flow_devices[i].flags != f->flags)
		i++;
	flow_now = &flow_devices[i];
	if (flow_now->flags && flow_now->learned > FLOW_LEARNED)
		flow_close();
	if (!flow_now->flags)
		flow_make(f->flags);
	flow_now->learned += FLOW_FLOWS + (f->crowd ? FLOW_CROWD_SIZE : 0);
	memset(flow_last, 0, sizeof(flow_last));
	flow_first = (flow_first + FLOW_FLOWS + FLOW_CROWD_SIZE) & 0xffffff;
	flow_woken();
}

/* As the next input finds it. */
static void flow_restore(const struct flow *f)
{
	int none = -1, most = INT_MAX;

	if (f->spent) {
		flow_close();
		return;
	}
	ioctl(flow_now->fd[0], TUNSETSTEERINGEBPF, &none);
	ioctl(flow_now->fd[0], TUNSETSNDBUF, &most);
	flow_up(1);
}

static const char *flow_wrong(int i, const char *what, long long expected, long long seen)
{
	snprintf(flow_text, sizeof(flow_text), "step %d: %s: expected %lld, seen %lld", i, what,
		 expected, seen);
	return flow_text;
}

/* Who got the frame of a step. @late: the kernel may have forgotten what it had learned. */
static const char *flow_check_from(int i, const struct flow_step *s, int late)
{
	int several = s->from & (s->from - 1);

	if (!s->from != !flow_from || (flow_from & ~s->from && !late))
		return flow_wrong(i, "file (bits) that gets a frame", s->from, flow_from);
	if (!several || late)
		return NULL;
	if (flow_last[s->value] && flow_last[s->value] != flow_from)
		return flow_wrong(i, "file (bit) of the same flow", flow_last[s->value], flow_from);
	flow_last[s->value] = flow_from;
	return NULL;
}

static const char *flow_check_counters(const struct flow *f)
{
	static const char *const names[] = { "rx_packets", "rx_dropped", "tx_packets",
					     "tx_dropped" };
	const long long more[] = { f->rx_packets, f->rx_dropped, f->tx_packets, f->tx_dropped };
	long long now[4];

	for (int i = 0; i < 4; i++)
		flow_now->sum[i] += more[i];
	if (flow_field(flow_now->name, "ifindex") < 0)
		return NULL;
	for (int i = 0; i < 4; i++) {
		now[i] = flow_field(flow_now->name, names[i]);
		if (now[i] != flow_now->sum[i])
			return flow_wrong(f->count, names[i], flow_now->sum[i], now[i]);
	}
	return NULL;
}

/* Allocation or copy number @nth of this thread fails from now on; 0: none. */
static void flow_fail(int file, int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", nth);

	/* The copy of this may be the one that fails. */
	if (pwrite(file, text, len, 0) != len && pwrite(file, text, len, 0) != len)
		die("/proc/thread-self/fail-nth");
}

/*
 * Without memory a step does what it does, or says so, but for the bytes of a frame, which may be
 * missing (EBADMSG). What has become of the device is unknown.
 */
static const char *flow_check_failing(int i, const struct flow_step *s)
{
	static const int errors[] = { ENOMEM, ENOBUFS, EFAULT, EINVAL, ENFILE, ENOENT, EBADMSG };
	int file = open("/proc/thread-self/fail-nth", O_WRONLY | O_CLOEXEC), ret;

	flow_fail(file, s->nth);
	ret = flow_do(s);
	flow_fail(file, 0);
	close(file);
	for (int e = 0; e < 7; e++) {
		if (ret == -errors[e])
			return NULL;
	}
	/* So the kernel says that a notifier had something against it: no memory. */
	if (s->op == FLOW_TXQUEUELEN && ret == -EPERM)
		return NULL;
	return ret == s->ret ? NULL : flow_wrong(i, "result without memory", s->ret, ret);
}

static const char *flow_check_step(int i, const struct flow_step *s, time_t start)
{
	const char *text = NULL;
	int ret;

	if (s->nth)
		return flow_check_failing(i, s);
	flow_from = 0;
	ret = flow_do(s);
	if (ret != s->ret)
		text = flow_wrong(i, "result", s->ret, ret);
	text = text ?: flow_check_from(i, s, time(NULL) > start + 1);
	if (text || !s->woken)
		return text;
	flow_woken();
	if (s->woken & ~flow_room)
		text = flow_wrong(i, "files woken for room in the send buffer", s->woken,
				  s->woken & flow_room);
	return text;
}

/* All of it: NULL, or what is not as it has to be. */
static const char *flow_run(const struct flow *f)
{
	const char *text = NULL;
	time_t start = time(NULL);

	flow_set_up(f);
	for (int i = 0; i < f->count && !text; i++)
		text = flow_check_step(i, &f->steps[i], start);
	if (!text && !(f->count && f->steps[f->count - 1].nth))
		text = flow_check_counters(f);
	flow_restore(f);
	return text;
}

static void flow_finish(void)
{
	for (flow_now = flow_devices; flow_now->flags; flow_now++)
		flow_close();
	close(flow_socket);
	flow_socket = -1;
	flow_first = 0;
}
