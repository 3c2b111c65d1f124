/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A user of /dev/vhost-net whose rings can be wrong, and what vhost has to do with those that are
 * right. The target "vhost" and the programs that it writes share it, so it is C that stands alone,
 * but for layout.h in front of it and die(), which both have.
 *
 * Nothing waits for time to pass: work for vhost's thread is queued by the system call that makes
 * it, and another file for kicks is taken by vhost only when its thread has done what was queued.
 */
static struct {
	int fd, which, tap, packet, kick[2][2], error[2]; /* TAP number @which */
	int how, queues[RINGS_FILES];			  /* its files, 0 for none */
	int verdict, xdp, rx_frames; /* of an XDP program, which is on the TAP by a link */
	struct rings_memory *m;
	uint64_t features;
	int header;	      /* bytes in front of a frame */
	int on[2], spoilt[2]; /* the queue has a backend; its state is not known any more */
	uint16_t avail[2], used[2];
	/* RX: buffers that wait for frames, and frames that wait for buffers */
	int slot[RINGS_SLOTS], slots, next_slot;
	unsigned int size[RINGS_SLOTS];
	int waiting[RINGS_WAITS], waits, first;
} rings;
/* That wait. */
static unsigned char rings_frames[RINGS_WAITS][RINGS_FRAME] __attribute__((unused));
static char rings_text[160];
static int rings_taps[RINGS_TAPS + 1][RINGS_FILES]; /* files, 0 for none */

static const char *rings_wrong(const char *what, long long expected, long long seen)
{
	snprintf(rings_text, sizeof(rings_text), "%s: expected %lld, seen %lld", what, expected,
		 seen);
	return rings_text;
}

static int rings_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) ? -errno : 0;
}

/* VHOST_SET_VRING_NUM, _BASE and others that have an index and a number. */
static int rings_state(unsigned long request, unsigned int index, unsigned int num)
{
	struct vhost_vring_state state = { index, num };

	return rings_ioctl(rings.fd, request, &state);
}

static int rings_file(unsigned long request, unsigned int index, int fd)
{
	struct vhost_vring_file file = { index, fd };

	return rings_ioctl(rings.fd, request, &file);
}

/* The addresses of a ring, so many bytes beside what they should be. */
static int rings_addr(unsigned int index, unsigned int flags, int desc, int avail, int used)
{
	struct rings_ring *ring = &rings.m->ring[index & 1];
	struct vhost_vring_addr addr = {
		.index = index,
		.flags = flags,
		.desc_user_addr = (uintptr_t)ring->desc + desc,
		.avail_user_addr = (uintptr_t)&ring->avail + avail,
		.used_user_addr = (uintptr_t)&ring->used + used,
	};

	return rings_ioctl(rings.fd, VHOST_SET_VRING_ADDR, &addr);
}

static int rings_features(uint64_t features)
{
	return rings_ioctl(rings.fd, VHOST_SET_FEATURES, &features);
}

/* The table with one region: all between the guards. */
static int rings_table(unsigned int regions, unsigned int padding)
{
	uint64_t table[(sizeof(struct vhost_memory) + sizeof(struct vhost_memory_region)) / 8];
	struct vhost_memory *head = (void *)table;

	head->nregions = regions;
	head->padding = padding;
	head->regions[0] = (struct vhost_memory_region){
		.guest_phys_addr = (uintptr_t)rings.m->ring,
		.userspace_addr = (uintptr_t)rings.m->ring,
		.memory_size = (uintptr_t)&rings.m->after - (uintptr_t)rings.m->ring,
	};
	return rings_ioctl(rings.fd, VHOST_SET_MEM_TABLE, table);
}

static int rings_owner(void)
{
	return rings_ioctl(rings.fd, VHOST_SET_OWNER, NULL);
}

/* A file of a TAP that is up. Ends the program if that fails. */
static int rings_tap(const char *dev, int flags)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | flags };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", dev);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr))
		die(dev);
	ifr.ifr_flags = IFF_UP | IFF_MULTICAST;
	if (s < 0 || ioctl(s, SIOCSIFFLAGS, &ifr))
		die(dev);
	close(s);
	return fd;
}

/* That TAP, made when it is first asked for. */
static int rings_device(int which)
{
	int flags = which & 1 ? IFF_VNET_HDR : 0;

	if (which == RINGS_TAPS)
		flags = IFF_VNET_HDR;
	else
		flags |= (which & RINGS_NAPI ? IFF_NAPI : 0) |
			 (which & RINGS_QUEUES ? IFF_MULTI_QUEUE : 0);
	for (int queue = 0; queue < (flags & IFF_MULTI_QUEUE ? RINGS_FILES : 1); queue++) {
		if (!rings_taps[which][queue])
			rings_taps[which][queue] = rings_tap(rings_name[which], flags);
	}
	return rings_taps[which][0];
}

/* As ethtool -C does. */
static void rings_batch(unsigned int frames)
{
	struct ethtool_coalesce c = { .cmd = ETHTOOL_SCOALESCE, .rx_max_coalesced_frames = frames };
	struct ifreq ifr = { .ifr_data = (void *)&c };

	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", rings_name[rings.which]);
	if (ioctl(rings.packet, SIOCETHTOOL, &ifr))
		die("rx-frames");
}

static int rings_load(int type, const struct bpf_insn *code, int count)
{
	union bpf_attr attr = { .prog_type = type,
				.insns = (uintptr_t)code,
				.insn_cnt = count,
				.license = (uintptr_t) "GPL" };
	int fd;

	/* The verifier gives up with EAGAIN when it sees a signal. */
	do
		fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	while (fd < 0 && errno == EAGAIN);
	return fd;
}

static void rings_switch(int fd, int flags)
{
	struct ifreq ifr = { .ifr_flags = flags };

	if (ioctl(fd, TUNSETQUEUE, &ifr))
		die("TUNSETQUEUE");
}

/* Of a TAP with several queues: which of them are used, and that they all are again. */
static void rings_choose(int how)
{
	struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int program = how & RINGS_STEERED ? rings_load(BPF_PROG_TYPE_SOCKET_FILTER, code, 2) : -1;

	if (rings.how & RINGS_STEERED && ioctl(rings.tap, TUNSETSTEERINGEBPF, &program))
		die("TUNSETSTEERINGEBPF");
	if (program >= 0)
		close(program);
	if (!(rings.how & RINGS_DETACHED))
		return;
	rings_switch(rings.tap, how & RINGS_DETACHED ? IFF_DETACH_QUEUE : IFF_ATTACH_QUEUE);
	if (how & RINGS_DETACHED)
		return;
	/* It is the last one now, and takes the place of the first when that goes. */
	rings_switch(rings.queues[RINGS_FILES - 1], IFF_DETACH_QUEUE);
	rings_switch(rings.queues[RINGS_FILES - 1], IFF_ATTACH_QUEUE);
}

/* A program with this verdict; what is redirected goes to the last of the TAPs. */
static int rings_program(int verdict)
{
	struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	if (verdict == XDP_REDIRECT) {
		rings_device(RINGS_TAPS);
		code[0].imm = if_nametoindex(rings_name[RINGS_TAPS]);
	} else {
		code[2] = code[1];
		code[2].dst_reg = BPF_REG_0;
		code[2].imm = verdict;
	}
	return rings_load(BPF_PROG_TYPE_XDP, code, 4);
}

/* It is on the TAP as long as the descriptor is open. */
static int rings_attach(int ifindex, int verdict)
{
	int program = rings_program(verdict), link;
	union bpf_attr attr = {
		.link_create = {
			.prog_fd = program,
			.target_ifindex = ifindex,
			.attach_type = BPF_XDP,
			.flags = XDP_FLAGS_DRV_MODE,
		},
	};

	if (program < 0)
		die("an XDP program");
	link = syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
	if (link < 0)
		die("XDP on the backend");
	close(program);
	return link;
}

/* How far vhost has come in the queue. */
static int rings_base(unsigned int queue)
{
	struct vhost_vring_state state = { queue, 0 };

	return ioctl(rings.fd, VHOST_GET_VRING_BASE, &state) ? -errno : (int)state.num;
}

static void rings_open_queue(int queue)
{
	rings.error[queue] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	for (int i = 0; i < 2; i++)
		rings.kick[queue][i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (rings_state(VHOST_SET_VRING_NUM, queue, RINGS_NUM) ||
	    rings_state(VHOST_SET_VRING_BASE, queue, 0) || rings_addr(queue, 0, 0, 0, 0) ||
	    rings_file(VHOST_SET_VRING_KICK, queue, rings.kick[queue][0]) ||
	    rings_file(VHOST_SET_VRING_ERR, queue, rings.error[queue]) ||
	    rings_file(VHOST_NET_SET_BACKEND, queue, rings.tap))
		die("a ring of vhost");
	rings.on[queue] = 1;
}

/*
 * Both queues of vhost on the TAP that fits @features and @how. @verdict: of an XDP program, -1 for
 * none.
 */
static void rings_open(uint64_t features, int how, int verdict, int rx_frames)
{
	int which = rings_which(features, how), tap = rings_device(which);
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_ifindex = if_nametoindex(rings_name[which]) };
	int sndbuf = how & RINGS_SINGLE ? INT_MAX - 1 : INT_MAX, on = 1;

	memset(&rings, 0, sizeof(rings));
	rings.features = features;
	rings.which = which;
	rings.tap = tap;
	rings.how = how;
	memcpy(rings.queues, rings_taps[which], sizeof(rings.queues));
	rings.header = features & (RINGS_MRG_RXBUF | RINGS_VERSION_1) ? 12 : 10;
	rings.m = mmap(NULL, sizeof(*rings.m), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);
	if (rings.m == MAP_FAILED)
		die("mmap");
	memset(&rings.m->before, RINGS_GUARD, sizeof(rings.m->before));
	memset(&rings.m->after, RINGS_GUARD, sizeof(rings.m->after));
	memset(rings.m->slot, RINGS_GUARD, sizeof(rings.m->slot));
	rings.packet = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (rings.packet < 0 || bind(rings.packet, (void *)&to, sizeof(to)) ||
	    setsockopt(rings.packet, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)))
		die("packet socket");
	if (ioctl(tap, TUNSETSNDBUF, &sndbuf) ||
	    (which & 1 && ioctl(tap, TUNSETVNETHDRSZ, &rings.header)))
		die("the backend");
	rings.rx_frames = rx_frames;
	if (rx_frames)
		rings_batch(rx_frames);
	rings.verdict = verdict;
	if (verdict >= 0)
		rings.xdp = rings_attach(to.sll_ifindex, verdict);
	rings.fd = open("/dev/vhost-net", O_RDWR | O_CLOEXEC);
	if (rings.fd < 0 || rings_owner() || rings_features(features) || rings_table(1, 0))
		die("/dev/vhost-net");
	for (int queue = 0; queue < 2; queue++)
		rings_open_queue(queue);
	if (which & RINGS_QUEUES)
		rings_choose(how);
}

/* The TAP was deleted: the next rings get another one. */
static void rings_gone(void)
{
	memset(rings_taps[rings.which], 0, sizeof(rings_taps[0]));
	rings.spoilt[0] = rings.spoilt[1] = 1;
}

/* Leaves the TAP as it was, without frames. */
static void rings_close(void)
{
	char frame[4096];

	close(rings.fd);
	if (rings.xdp)
		close(rings.xdp);
	if (rings.rx_frames && rings_taps[rings.which][0])
		rings_batch(0);
	if (rings.which & RINGS_QUEUES && rings_taps[rings.which][0])
		rings_choose(0);
	close(rings.packet);
	for (int queue = 0; queue < 2; queue++) {
		close(rings.error[queue]);
		close(rings.kick[queue][0]);
		close(rings.kick[queue][1]);
	}
	for (int i = 0; i < RINGS_FILES && rings.queues[i]; i++) {
		while (read(rings.queues[i], frame, sizeof(frame)) > 0)
			;
	}
	while (rings.verdict == XDP_REDIRECT &&
	       read(rings_taps[RINGS_TAPS][0], frame, sizeof(frame)) > 0)
		;
	if (!rings_taps[rings.which][0]) {
		for (int i = 0; i < RINGS_FILES && rings.queues[i]; i++)
			close(rings.queues[i]);
	}
	munmap(rings.m, sizeof(*rings.m));
}

/* When it returns, vhost has done all it was to do. */
static void rings_settle(int queue)
{
	int kick = rings.kick[queue][1];

	if (rings_file(VHOST_SET_VRING_KICK, queue, kick))
		die("VHOST_SET_VRING_KICK");
	rings.kick[queue][1] = rings.kick[queue][0];
	rings.kick[queue][0] = kick;
}

static void rings_kick(int queue)
{
	__atomic_store_n(&rings.m->ring[queue].avail.idx, rings.avail[queue], __ATOMIC_SEQ_CST);
	if (eventfd_write(rings.kick[queue][0], 1))
		die("a kick");
	rings_settle(queue);
}

/* True if vhost has found an error in the queue since the last time. */
static int rings_error(int queue)
{
	eventfd_t n;

	return !eventfd_read(rings.error[queue], &n);
}

static int rings_intact(const unsigned char *bytes, size_t size)
{
	while (size && *bytes == RINGS_GUARD) {
		bytes++;
		size--;
	}
	return !size;
}

/* The next element that has to have come back. */
static const char *rings_next_used(int queue, uint32_t id, uint32_t len)
{
	struct rings_ring *ring = &rings.m->ring[queue];
	struct vring_used_elem *e = &ring->used.ring[rings.used[queue] % RINGS_NUM];

	if (ring->used.idx == rings.used[queue])
		return rings_wrong("buffers that came back", rings.used[queue] + 1, ring->used.idx);
	rings.used[queue]++;
	if (e->id != id)
		return rings_wrong("id of a buffer that came back", id, e->id);
	return e->len == len ? NULL : rings_wrong("its length", len, e->len);
}

/* What has to stay as it is, and that nothing came back but what was looked at. */
static const char *rings_check(void)
{
	for (int queue = 0; queue < 2; queue++) {
		if (!rings.spoilt[queue] && rings.m->ring[queue].used.idx != rings.used[queue])
			return rings_wrong(queue ? "buffers of TX" : "buffers of RX",
					   rings.used[queue], rings.m->ring[queue].used.idx);
	}
	if (!rings_intact(rings.m->before.bytes, sizeof(rings.m->before)) ||
	    !rings_intact(rings.m->after.bytes, sizeof(rings.m->after)))
		return "vhost wrote outside of the guest's memory";
	for (int i = 0; i < RINGS_SLOTS && !rings.spoilt[0] && !rings.spoilt[1]; i++) {
		if (!rings_intact(rings.m->slot[i].front, 64) ||
		    !rings_intact(rings.m->slot[i].back, 64))
			return "vhost wrote beside a buffer";
	}
	return NULL;
}

/*
 * A chain at @head for @size bytes at @memory, as one descriptor, or cut behind @cut bytes in two;
 * @indirect: in a table of its own.
 */
static void rings_chain(int queue, int head, void *memory, unsigned int size, unsigned int cut,
			int indirect, int write)
{
	struct vring_desc *first = &rings.m->ring[queue].desc[head], *d = first;
	uint16_t flags = write ? VRING_DESC_F_WRITE : 0;
	int cuts = cut && cut < size;

	if (indirect) {
		d = rings.m->indirect[queue][head];
		*first = (struct vring_desc){ (uintptr_t)d, (1 + cuts) * sizeof(*d),
					      VRING_DESC_F_INDIRECT, 0 };
	}
	d[0] = (struct vring_desc){ (uintptr_t)memory, size, flags, 0 };
	if (cuts) {
		d[0].len = cut;
		d[0].flags |= VRING_DESC_F_NEXT;
		d[0].next = indirect ? 1 : head + 1;
		d[1] = (struct vring_desc){ (uintptr_t)memory + cut, size - cut, flags, 0 };
	}
	rings.m->ring[queue].avail.ring[rings.avail[queue]++ % RINGS_NUM] = head;
}

/* Sends @frame so many @times; the buffers have to come back. */
static const char *rings_put(const void *header, const void *frame, unsigned int len,
			     unsigned int cut, int indirect, int times)
{
	int head = rings.avail[RINGS_TX] * 2 % RINGS_NUM;
	const char *wrong = NULL;

	memcpy(rings.m->sent, header, rings.header);
	memcpy(rings.m->sent + rings.header, frame, len);
	for (int i = 0; i < times; i++)
		rings_chain(RINGS_TX, (head + 2 * i) % RINGS_NUM, rings.m->sent, rings.header + len,
			    cut, indirect, 0);
	rings_kick(RINGS_TX);
	for (int i = 0; i < times && !wrong; i++) {
		if (rings.how & RINGS_ZEROCOPY)
			rings_in_order(&rings.m->ring[RINGS_TX], rings.used[RINGS_TX],
				       (head + 2 * i) % RINGS_NUM);
		wrong = rings_next_used(RINGS_TX, (head + 2 * i) % RINGS_NUM, 0);
	}
	return wrong;
}

/*
 * TX: a frame behind a header, in little-endian order, several times in one go. What becomes of
 * them is for others to see.
 */
static const char *rings_send(const void *header, const void *frame, unsigned int len,
			      unsigned int cut, int indirect, int times)
{
	const char *wrong = rings_put(header, frame, len, cut, indirect, times);

	return wrong ? wrong : rings_check();
}

/*
 * The next frame of a file is this one, behind @size bytes of zeros. NULL if it is, "" if there is
 * none.
 */
static const char *rings_read(int fd, int size, const void *frame, int len)
{
	static unsigned char got[12 + RINGS_FRAME];
	int n = read(fd, got, sizeof(got));

	if (n < 0)
		return "";
	if (n != size + len)
		return rings_wrong("a read of a frame", size + len, n);
	/* What is behind the first ten bytes is not written. */
	for (int i = 0; i < size && i < 10; i++) {
		if (got[i])
			return rings_wrong("a byte of its vnet header", 0, got[i]);
	}
	return memcmp(got + size, frame, len) ? "a frame was read of other content" : NULL;
}

/* A frame is on its way to vhost's queue, or is in one of the others. */
static const char *rings_came(const void *frame, int len)
{
	int at = (rings.first + rings.waits) % RINGS_WAITS;
	const char *wrong = "";

	for (int i = 1; i < RINGS_FILES && rings.queues[i]; i++) {
		wrong = rings_read(rings.queues[i], rings.which & 1 ? rings.header : 0, frame, len);
		if (!wrong && rings.how & RINGS_STEERED && !(rings.how & RINGS_DETACHED))
			return "a frame is in another queue than was chosen";
		if (!wrong || *wrong)
			return wrong;
	}
	if (rings.how & RINGS_DETACHED)
		return "a frame is in no queue that is attached";
	memcpy(rings_frames[at], frame, len);
	rings.waiting[at] = len;
	rings.waits++;
	return NULL;
}

/* A frame in the buffers that it was to fill. */
static const char *rings_check_frame(int len, int buffers)
{
	static unsigned char got[12 + RINGS_FRAME];
	int size = rings.header + len, at = 0;
	uint16_t num;

	for (int i = 0; i < buffers; i++) {
		int slot = rings.slot[i], part = size - at;
		const char *wrong;

		if (part > rings.size[i])
			part = rings.size[i];
		wrong = rings_next_used(RINGS_RX, 2 * slot, part);
		if (wrong)
			return wrong;
		memcpy(got + at, rings.m->slot[slot].bytes, part);
		if (!rings_intact(rings.m->slot[slot].bytes + part, RINGS_SIZE - part))
			return "vhost wrote behind the frame";
		memset(rings.m->slot[slot].bytes, RINGS_GUARD, RINGS_SIZE);
		at += part;
	}
	memcpy(&num, got + 10, sizeof(num));
	if (rings.features & RINGS_MRG_RXBUF && num != buffers)
		return rings_wrong("num_buffers", buffers, num);
	for (int i = 0; i < 10; i++) {
		if (got[i])
			return rings_wrong("a byte of the vnet header", 0, got[i]);
	}
	for (int i = 0; i < len; i++) {
		if (got[rings.header + i] != rings_frames[rings.first][i])
			return rings_wrong("a byte of a frame", rings_frames[rings.first][i],
					   got[rings.header + i]);
	}
	return NULL;
}

/* Frames that wait are in the buffers that wait, one after the other, as far as they go. */
static const char *rings_check_rx(void)
{
	while (!rings.spoilt[RINGS_RX] && rings.on[RINGS_RX] && rings.waits && rings.slots) {
		int room = 0, buffers = 0, need = rings.header + rings.waiting[rings.first];
		int most = rings.features & RINGS_MRG_RXBUF ? rings.slots : 1;
		const char *wrong;

		while (room < need && buffers < most)
			room += rings.size[buffers++];
		if (room < need && rings.features & RINGS_MRG_RXBUF)
			break;
		/* Without MRG_RXBUF a frame that does not fit is lost, and the buffer stays. */
		if (room < need)
			buffers = 0;
		wrong = buffers ? rings_check_frame(rings.waiting[rings.first], buffers) : NULL;
		if (wrong)
			return wrong;
		rings.waits--;
		rings.first = (rings.first + 1) % RINGS_WAITS;
		rings.slots -= buffers;
		memmove(rings.slot, rings.slot + buffers, sizeof(rings.slot[0]) * rings.slots);
		memmove(rings.size, rings.size + buffers, sizeof(rings.size[0]) * rings.slots);
	}
	return rings_check();
}

/* RX: one more buffer. */
static const char *rings_post(unsigned int size, unsigned int cut, int indirect)
{
	int slot = rings.next_slot;

	if (rings.slots == RINGS_SLOTS)
		return NULL;
	rings.next_slot = (slot + 1) % RINGS_SLOTS;
	rings.slot[rings.slots] = slot;
	rings.size[rings.slots++] = size;
	rings_chain(RINGS_RX, 2 * slot, rings.m->slot[slot].bytes, size, cut, indirect, 1);
	rings_kick(RINGS_RX);
	return rings_check_rx();
}

/* The kernel sends a frame of @len bytes, 14 to 1514. */
static const char *rings_arrive(int len)
{
	unsigned char frame[2048] = { 2, [12] = 0x88, [13] = 0xb5 };
	const char *wrong;

	if (rings.waits == RINGS_WAITS)
		return NULL;
	for (int i = 14; i < len; i++)
		frame[i] = i * 7 + len;
	if (send(rings.packet, frame, len, 0) != len)
		die("a frame to the backend");
	/* Of a spoilt TX ring XDP may have sent anything back, to any of the queues. */
	if (rings.verdict == XDP_TX && rings.spoilt[RINGS_TX])
		return rings_check();
	wrong = rings_came(frame, len);
	if (wrong)
		return wrong;
	rings_settle(RINGS_RX);
	return rings_check_rx();
}

/* As rings_send(); XDP sends the frames back. */
static const char *rings_bounce(const void *header, const void *frame, unsigned int len,
				unsigned int cut, int indirect, int times)
{
	const char *wrong;

	if (rings.waits + times > RINGS_WAITS)
		return NULL;
	wrong = rings_put(header, frame, len, cut, indirect, times);
	for (int i = 0; i < times && !wrong; i++)
		wrong = rings_came(frame, len);
	if (wrong)
		return wrong;
	rings_settle(RINGS_RX);
	return rings_check_rx();
}

/* As rings_send(); XDP redirects the frames. */
static const char *rings_move(const void *header, const void *frame, unsigned int len,
			      unsigned int cut, int indirect, int times)
{
	int to = rings_taps[RINGS_TAPS][0];
	const char *wrong = rings_send(header, frame, len, cut, indirect, times);

	for (int i = 0; i < times && !wrong; i++)
		wrong = rings_read(to, 10, frame, len);
	if (wrong)
		return *wrong ? wrong : "a frame was not redirected";
	wrong = rings_read(to, 10, frame, len);
	return wrong && !*wrong ? NULL : "more was redirected than sent";
}

/* Takes the backend from a queue, or gives it back; nothing may get lost. */
static const char *rings_backend(int queue, int on)
{
	int ret = rings_file(VHOST_NET_SET_BACKEND, queue, on ? rings.tap : -1);

	if (ret)
		return rings.spoilt[queue] ? NULL : rings_wrong("VHOST_NET_SET_BACKEND", 0, ret);
	rings.on[queue] = on;
	rings_settle(queue);
	return rings_check_rx();
}

/* From here on nothing is known of the queue, nor of what XDP sends back from it. */
static void rings_spoil(int queue)
{
	rings.spoilt[queue] = 1;
	if (rings.verdict == XDP_TX)
		rings.spoilt[RINGS_RX] = 1;
}

/* Any descriptor, in the ring or in the indirect tables behind it. */
static void rings_desc(int queue, unsigned int index, enum rings_place place, unsigned int offset,
		       unsigned int len, unsigned int flags, unsigned int next)
{
	struct rings_memory *m = rings.m;
	const uintptr_t places[] = {
		(uintptr_t)m->slot[0].bytes,
		(uintptr_t)m->indirect[queue],
		(uintptr_t)&m->ring[queue],
		(uintptr_t)&m->after - 4096,
		(uintptr_t)&m->after,
		0,
		-4096UL,
	};
	struct vring_desc d = { places[place] + offset, len, flags, next };

	rings_spoil(queue);
	if (index < RINGS_NUM)
		m->ring[queue].desc[index] = d;
	else
		m->indirect[queue][index / 4 % RINGS_NUM][index % 4] = d;
}

/* The queue's counter goes on by @count, the first new one is @head. */
static const char *rings_publish(int queue, unsigned int head, unsigned int count)
{
	rings_spoil(queue);
	rings.m->ring[queue].avail.ring[rings.avail[queue] % RINGS_NUM] = head;
	rings.avail[queue] += count;
	rings_kick(queue);
	return rings_check();
}
