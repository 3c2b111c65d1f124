// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sequences with a purpose each: bytes are tried until they choose the operations that are wanted.
 * And two at random.
 */
#include <net/if_arp.h>
#include <string.h>

#include "device/uapi.h"
#include "fuzz/targets/ioctl_sequence/plan.h"
#include "fuzz/targets/parts.h"
#include "harness/harness.h"

/* What an operation has to be; all else is left to chance. */
struct step {
	enum op_kind kind;
	uint8_t file, who;
	uint32_t flags; /* of OP_SET_IFF, OP_SET_QUEUE: exactly these */
	int64_t value;	/* if @valued */
	bool valued, fails, there;
};

#define STEPS  14
#define CHOICE 48 /* more bytes than any operation takes */
#define TRIES  (1 << 22)

#define ON(file_, kind_)                                                                           \
	{                                                                                          \
		.there = true, .kind = kind_, .file = file_                                        \
	}
#define WITH(file_, kind_, value_)                                                                 \
	{                                                                                          \
		.there = true, .kind = kind_, .file = file_, .value = value_, .valued = true       \
	}
#define IFF(file_, flags_)                                                                         \
	{                                                                                          \
		.there = true, .kind = OP_SET_IFF, .file = file_, .flags = flags_                  \
	}
#define QUEUE(file_, flags_)                                                                       \
	{                                                                                          \
		.there = true, .kind = OP_SET_QUEUE, .file = file_, .flags = flags_                \
	}
#define USER_IFF(file_, who_, flags_)                                                              \
	{                                                                                          \
		.there = true, .kind = OP_SET_IFF, .file = file_, .who = who_, .flags = flags_     \
	}
#define USER_FAILS(file_, who_, kind_)                                                             \
	{                                                                                          \
		.there = true, .kind = kind_, .file = file_, .who = who_, .fails = true            \
	}
#define LINK(kind_)                                                                                \
	{                                                                                          \
		.there = true, .kind = kind_                                                       \
	}
#define FAILS(file_, kind_)                                                                        \
	{                                                                                          \
		.there = true, .kind = kind_, .file = file_, .fails = true                         \
	}
#define LINK_WITH(kind_, value_)                                                                   \
	{                                                                                          \
		.there = true, .kind = kind_, .value = value_, .valued = true                      \
	}

static const struct {
	const char *name;
	struct step steps[STEPS];
} seeds[] = {
	{ "tun_with_pi",
	  { ON(0, OP_OPEN), IFF(0, IFF_TUN), LINK(OP_LINK_UP), ON(0, OP_WRITE), LINK(OP_SEND),
	    ON(0, OP_READ), ON(0, OP_POLL), ON(0, OP_GET_IFF), ON(0, OP_CLOSE) } },
	{ "tap_queues",
	  { ON(0, OP_OPEN), IFF(0, IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE), ON(1, OP_OPEN),
	    IFF(1, IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE), LINK(OP_LINK_UP),
	    QUEUE(0, IFF_DETACH_QUEUE), LINK(OP_SEND), ON(1, OP_READ), QUEUE(0, IFF_ATTACH_QUEUE),
	    QUEUE(1, IFF_DETACH_QUEUE), LINK(OP_SEND), ON(0, OP_READ), ON(1, OP_CLOSE) } },
	{ "napi_queues",
	  { ON(0, OP_OPEN), IFF(0, IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE | IFF_NAPI),
	    ON(1, OP_OPEN), IFF(1, IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE | IFF_NAPI),
	    LINK(OP_LINK_UP), ON(0, OP_WRITE), QUEUE(0, IFF_DETACH_QUEUE), ON(1, OP_WRITE),
	    QUEUE(0, IFF_ATTACH_QUEUE), ON(0, OP_WRITE) } },
	{ "tap_vnet_header",
	  { ON(0, OP_OPEN), IFF(0, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR),
	    WITH(0, OP_SET_VNET_HDR_SZ, 12), WITH(0, OP_SET_VNET_LE, 1), ON(0, OP_SET_OFFLOAD),
	    LINK(OP_LINK_UP), ON(0, OP_WRITE), LINK(OP_SEND), ON(0, OP_READ),
	    ON(0, OP_GET_VNET_HDR_SZ), WITH(0, OP_SET_VNET_BE, 1), ON(0, OP_WRITE) } },
	{ "persistent",
	  { ON(0, OP_OPEN), IFF(0, IFF_TUN | IFF_NO_PI), WITH(0, OP_SET_PERSIST, 1),
	    LINK(OP_LINK_UP), ON(0, OP_CLOSE), LINK(OP_SEND), ON(1, OP_OPEN),
	    IFF(1, IFF_TUN | IFF_NO_PI), LINK(OP_SEND), WITH(1, OP_SET_PERSIST, 0),
	    ON(1, OP_CLOSE) } },
	{ "owned",
	  { ON(0, OP_OPEN), IFF(0, IFF_TAP | IFF_NO_PI), WITH(0, OP_SET_OWNER, 1000),
	    WITH(0, OP_SET_GROUP, 2000), WITH(0, OP_SET_PERSIST, 1), ON(0, OP_CLOSE),
	    ON(0, OP_OPEN), IFF(0, IFF_TAP | IFF_NO_PI), ON(0, OP_GET_IFF) } },
	{ "classic_filters",
	  { ON(0, OP_OPEN), IFF(0, IFF_TAP | IFF_MULTI_QUEUE), LINK(OP_LINK_UP),
	    ON(0, OP_ATTACH_FILTER), LINK(OP_SEND), ON(0, OP_READ), ON(0, OP_GET_FILTER),
	    ON(0, OP_DETACH_FILTER), ON(0, OP_SET_TX_FILTER), LINK(OP_SEND), ON(0, OP_READ) } },
	{ "programs",
	  { ON(0, OP_OPEN), IFF(0, IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE), ON(1, OP_OPEN),
	    IFF(1, IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE), LINK(OP_LINK_UP),
	    WITH(0, OP_SET_STEERING, 1), LINK(OP_SEND), ON(1, OP_READ), WITH(0, OP_SET_EBPF, 20),
	    LINK(OP_SEND), ON(1, OP_READ), WITH(1, OP_SET_STEERING, -2) } },
	{ "moved_and_renamed",
	  { ON(0, OP_OPEN), IFF(0, IFF_TUN | IFF_NO_PI), LINK(OP_LINK_RENAME), LINK(OP_LINK_MOVE),
	    ON(0, OP_GET_DEV_NETNS), ON(0, OP_GET_SK_NETNS), ON(0, OP_GET_FDINFO), LINK(OP_LINK_UP),
	    LINK(OP_SEND), ON(0, OP_READ), LINK(OP_LINK_DEL), ON(0, OP_GET_FEATURES),
	    ON(0, OP_CLOSE) } },
	{ "link_settings",
	  { ON(0, OP_OPEN), WITH(0, OP_SET_IFINDEX, 60), IFF(0, IFF_TAP | IFF_NO_PI),
	    ON(0, OP_SET_HWADDR), ON(0, OP_GET_HWADDR), LINK_WITH(OP_LINK_MTU, 9000),
	    LINK_WITH(OP_LINK_TXQUEUELEN, 2), LINK(OP_LINK_UP), LINK(OP_SEND), LINK(OP_SEND),
	    LINK(OP_SEND), ON(0, OP_READ), LINK(OP_LINK_DOWN), ON(0, OP_SET_LINK) } },
	{ "ethtool",
	  { ON(0, OP_OPEN), IFF(0, IFF_TUN | IFF_NO_PI), LINK(OP_GET_KIND), LINK(OP_SET_MSGLEVEL),
	    LINK(OP_GET_MSGLEVEL), LINK(OP_SET_RX_FRAMES), LINK(OP_GET_RX_FRAMES),
	    LINK(OP_SET_SPEED), LINK(OP_GET_SPEED), ON(0, OP_SET_DEBUG), LINK(OP_GET_MSGLEVEL) } },
	{ "carrier_and_signals",
	  { ON(0, OP_OPEN), IFF(0, IFF_TAP | IFF_NO_PI | IFF_NO_CARRIER), WITH(0, OP_SET_ASYNC, 1),
	    LINK(OP_LINK_UP), LINK(OP_SEND), WITH(0, OP_SET_CARRIER, 1), LINK(OP_SEND),
	    ON(0, OP_READ), WITH(0, OP_SET_CARRIER, 0), WITH(0, OP_SET_ASYNC, 0),
	    LINK(OP_LINK_DOWN) } },
	{ "send_buffer",
	  { ON(0, OP_OPEN), IFF(0, IFF_TUN | IFF_NO_PI), WITH(0, OP_SET_SNDBUF, 2000),
	    ON(0, OP_POLL), LINK(OP_LINK_UP), ON(0, OP_WRITE), WITH(0, OP_SET_SNDBUF, 3),
	    ON(0, OP_POLL), ON(0, OP_GET_SNDBUF) } },
	{ "addresses_by_type",
	  { ON(0, OP_OPEN), IFF(0, IFF_TUN | IFF_NO_PI), WITH(0, OP_SET_LINK, ARPHRD_IP6GRE),
	    WITH(0, OP_SET_LINK, ARPHRD_TUNNEL6), WITH(0, OP_SET_LINK, ARPHRD_SIT),
	    WITH(0, OP_SET_LINK, ARPHRD_HIPPI), WITH(0, OP_SET_LINK, ARPHRD_IEEE802),
	    WITH(0, OP_SET_LINK, ARPHRD_ROSE), WITH(0, OP_SET_LINK, ARPHRD_NETROM),
	    WITH(0, OP_SET_LINK, ARPHRD_LOCALTLK), WITH(0, OP_SET_LINK, ARPHRD_PHONET_PIPE),
	    WITH(0, OP_SET_LINK, ARPHRD_IEEE802154_MONITOR), WITH(0, OP_SET_LINK, ARPHRD_6LOWPAN),
	    ON(0, OP_GET_HWADDR) } },
	{ "list_in_messages",
	  { ON(0, OP_OPEN), IFF(0, IFF_TUN | IFF_NO_PI), LINK(OP_LINK_RENAME), ON(1, OP_OPEN),
	    IFF(1, IFF_TAP | IFF_MULTI_QUEUE), WITH(1, OP_SET_OWNER, 1000),
	    WITH(1, OP_SET_GROUP, 1000), LINK(OP_LIST) } },
	{ "addresses_by_type_more",
	  { ON(0, OP_OPEN), IFF(0, IFF_TUN | IFF_NO_PI), WITH(0, OP_SET_LINK, ARPHRD_FDDI),
	    WITH(0, OP_SET_LINK, ARPHRD_VOID), WITH(0, OP_SET_LINK, ARPHRD_ETHER),
	    WITH(0, OP_SET_LINK, ARPHRD_PPP), WITH(0, OP_SET_LINK, ARPHRD_IPGRE),
	    WITH(0, OP_SET_LINK, ARPHRD_TUNNEL), WITH(0, OP_SET_LINK, ARPHRD_NONE) } },
	{ "flows",
	  { ON(0, OP_OPEN), IFF(0, IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE), ON(1, OP_OPEN),
	    IFF(1, IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE), WITH(0, OP_SET_DEBUG, 0x101),
	    LINK(OP_LINK_UP), ON(0, OP_WRITE), ON(1, OP_WRITE), ON(1, OP_WRITE), LINK(OP_SEND),
	    ON(1, OP_CLOSE) } },
	{ "owner_attaches",
	  { ON(0, OP_OPEN), IFF(0, IFF_TUN | IFF_NO_PI), WITH(0, OP_SET_OWNER, 1000),
	    WITH(0, OP_SET_PERSIST, 1), ON(0, OP_CLOSE), ON(1, OP_OPEN),
	    USER_FAILS(1, 2, OP_SET_IFF), USER_IFF(1, 1, IFF_TUN | IFF_NO_PI),
	    USER_FAILS(1, 1, OP_GET_DEV_NETNS), USER_FAILS(1, 1, OP_GET_SK_NETNS) } },
	{ "group_attaches",
	  { ON(0, OP_OPEN), IFF(0, IFF_TUN | IFF_NO_PI), WITH(0, OP_SET_GROUP, 1000),
	    WITH(0, OP_SET_PERSIST, 1), ON(0, OP_CLOSE), ON(1, OP_OPEN),
	    USER_IFF(1, 2, IFF_TUN | IFF_NO_PI) } },
	{ "filtered_queues",
	  { ON(0, OP_OPEN), IFF(0, IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE),
	    ON(0, OP_ATTACH_FILTER), ON(1, OP_OPEN),
	    IFF(1, IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE), QUEUE(0, IFF_DETACH_QUEUE),
	    QUEUE(0, IFF_ATTACH_QUEUE), ON(0, OP_DETACH_FILTER) } },
	{ "filters_of_a_tun",
	  { ON(0, OP_OPEN), IFF(0, IFF_TUN | IFF_NO_PI), FAILS(0, OP_ATTACH_FILTER),
	    FAILS(0, OP_DETACH_FILTER), FAILS(0, OP_SET_TX_FILTER), FAILS(0, OP_GET_FILTER) } },
	{ "messages",
	  { ON(0, OP_OPEN), IFF(0, IFF_TAP | IFF_NO_PI), WITH(0, OP_SET_DEBUG, 0x101),
	    ON(0, OP_SET_NOCSUM), WITH(0, OP_SET_PERSIST, 1), WITH(0, OP_SET_OWNER, 1000),
	    WITH(0, OP_SET_GROUP, 1000), ON(0, OP_SET_LINK), LINK(OP_LINK_UP),
	    FAILS(0, OP_SET_LINK), LINK(OP_SEND), ON(0, OP_WRITE), WITH(0, OP_SET_PERSIST, 0) } },
	{ "refused",
	  { ON(0, OP_OPEN), FAILS(0, OP_SET_IFINDEX), FAILS(0, OP_GET_IFF), FAILS(0, OP_READ),
	    IFF(0, IFF_TAP | IFF_NO_PI), FAILS(0, OP_BAD_POINTER), FAILS(0, OP_UNKNOWN_IOCTL),
	    FAILS(0, OP_WRITE), FAILS(0, OP_SET_QUEUE), FAILS(0, OP_LINK_NEW) } },
};

/* The kernel that the sequences are made for; another one takes them, too. */
static const struct model_abi abi = { .kernel.cross_le = true,
				      .features = IFF_TUN | IFF_TAP | IFF_NO_PI | IFF_VNET_HDR |
						  IFF_MULTI_QUEUE | IFF_NAPI | IFF_NAPI_FRAGS |
						  IFF_ONE_QUEUE | IFF_NO_CARRIER,
				      .other_ids = true,
				      .bpf = true,
				      .own_log = true,
				      .sysfs = true };

static bool is_wanted(const struct step *s, const struct op *op, const struct op_result *r)
{
	if (op->who != s->who || (op->kind == OP_OPEN && op->netns))
		return false;
	if ((s->kind == OP_SET_IFF || s->kind == OP_SET_QUEUE) && !s->fails &&
	    op->flags != s->flags)
		return false;
	if (s->kind == OP_SET_IFF && strcmp(op->name, "m0"))
		return false;
	if (s->valued && op->value != s->value)
		return false;
	/* A frame may find no queue; a read takes all. */
	if (s->kind == OP_SEND)
		return r->known;
	return r->known && (r->ret < 0) == s->fails &&
	       (op->kind != OP_READ || s->fails || op->value > 100);
}

/* Bytes for @s, and @m as it is after it. */
static size_t append(uint8_t *data, const struct step *s, struct model *m, struct draw *random)
{
	static struct model next;

	for (int i = 0; i < TRIES; i++) {
		struct model_device *device;
		struct op_result result;
		struct draw draw;
		struct op op;

		for (int at = 0; at < CHOICE; at++)
			data[at] = random->below(random, 256);
		draw = draw_bytes(data, CHOICE);
		op = op_draw(&draw, m);
		if (op.kind != s->kind || op.file != s->file)
			continue;
		next = *m;
		result = op_expect(&next, &op, &device);
		if (!is_wanted(s, &op, &result))
			continue;
		*m = next;
		return CHOICE - draw.left;
	}
	TH_BAIL("no bytes make operation %d", s->kind);
}

static size_t at_random(uint8_t *data, struct draw *random, size_t size)
{
	for (size_t i = 0; i < size; i++)
		data[i] = random->below(random, 256);
	return size;
}

size_t target_seed(unsigned int n, uint8_t *data, const char **name)
{
	static const char *const others[] = { "random_middle", "random_long" };
	struct draw random = draw_random(n);
	static struct model m;
	size_t size = 0;

	if (n >= ARRAY_SIZE(seeds)) {
		n -= ARRAY_SIZE(seeds);
		if (n >= ARRAY_SIZE(others))
			return 0;
		*name = others[n];
		return at_random(data, &random, 128 << 2 * n);
	}
	*name = seeds[n].name;
	model_init(&m, &abi);
	for (int i = 0; i < STEPS && seeds[n].steps[i].there; i++)
		size += append(data + size, &seeds[n].steps[i], &m, &random);
	return size;
}
