// SPDX-License-Identifier: GPL-2.0-only
/*
 * The size of the vnet header changes while frames are written and read. A call has to use one size
 * from its beginning to its end: where the frame is taken from or put to has to agree with its
 * length, and what lies between the header and the frame must not be of the kernel's memory.
 *
 * All that is sent, either way, consists of 16-bit words that count, so that a frame tells where
 * it was cut out.
 */
#include <limits.h>
#include <net/ethernet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "device/blocked.h"
#include "device/memory.h"
#include "device/race.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/packet.h"

#define HEADER	10     /* what there is of a header of any size; the rest of it is room */
#define WRITTEN 1600   /* bytes, header and frame */
#define SENT	100    /* bytes, a frame */
#define FIRST	0x9000 /* the first word: an address that is nobody's and no group's */
#define UNTOUCHED 0xa5
#define TIMEOUT_MS 5000

/* The last one is longer than what is written and than the room to read. */
static const int sizes[] = { HEADER, 12, 20, 1000, INT_MAX };

static void put_words(uint8_t *to, size_t len)
{
	for (size_t i = 0; i < len; i += 2) {
		to[i] = (FIRST + i / 2) >> 8;
		to[i + 1] = FIRST + i / 2;
	}
}

/* Byte @i of such words. */
static uint8_t word_byte(size_t i)
{
	return i % 2 ? FIRST + i / 2 : (FIRST + i / 2) >> 8;
}

static bool is_size(size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		if (size == sizes[i])
			return true;
	return false;
}

/* True if the @len bytes are those of the words from byte @at on. */
static bool are_words(const uint8_t *data, size_t len, size_t at)
{
	for (size_t i = 0; i < len; i++)
		if (data[i] != word_byte(at + i))
			return false;
	return true;
}

static ssize_t change_size(struct race_role *role)
{
	struct tun *t = role->arg;

	return tun_set_vnet_hdr_sz(t, sizes[race_random(role, ARRAY_SIZE(sizes))]);
}

static ssize_t write_words(struct race_role *role)
{
	uint8_t buf[WRITTEN];

	put_words(buf, sizeof(buf));
	memset(buf, 0, HEADER);
	return race_result(write(role->fd, buf, sizeof(buf)), sizeof(buf));
}

/* What came of a write: the words from behind the header on, whatever size that had. */
static ssize_t receive_words(struct race_role *role)
{
	uint8_t buf[WRITTEN];
	ssize_t n = recv(role->fd, buf, sizeof(buf), 0);

	if (n < 0)
		return -1;
	if (!is_size(WRITTEN - n))
		return n;
	/* Behind a header of ten bytes they begin with the sixth word. */
	return are_words(buf, n, WRITTEN - n) ? 0 : n;
}

static ssize_t send_words(struct race_role *role)
{
	uint8_t buf[SENT];

	put_words(buf, sizeof(buf));
	return race_result(send(role->fd, buf, sizeof(buf), 0), sizeof(buf));
}

/* Newer kernels fill the room behind the header with zeroes, older ones leave it as it was. */
static bool is_room(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (data[i] != data[0] || (data[i] != UNTOUCHED && data[i]))
			return false;
	return true;
}

static ssize_t read_words(struct race_role *role)
{
	static const uint8_t zero[HEADER];
	uint8_t buf[WRITTEN];
	ssize_t n, size;

	memset(buf, UNTOUCHED, sizeof(buf));
	n = read(role->fd, buf, sizeof(buf));
	if (n < 0)
		return -1;
	size = n - SENT;
	if (!is_size(size) || memcmp(buf, zero, HEADER) || !is_room(buf + HEADER, size - HEADER) ||
	    !are_words(buf + size, SENT, 0))
		return n ? n : 1;
	/* Nothing of it reaches further than it says. */
	return buf[n] == UNTOUCHED ? 0 : n;
}

FIXTURE(race_vnethdr)
{
	int links; /* before */
	struct tun t, other; /* other: what change_size() may note its size in */
	int send, receive;
};

FIXTURE_VARIANT(race_vnethdr)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(race_vnethdr, plain) { 0 };
FIXTURE_VARIANT_ADD(race_vnethdr, napi) { IFF_NAPI };

FIXTURE_SETUP(race_vnethdr)
{
	self->links = race_links();
	self->t = tun_create("a0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | variant->flags);
	self->other = self->t;
	if (link_up("a0"))
		TH_BAIL("a0 up: %s", strerror(errno));
	self->send = packet_open("a0", 0, PACKET_BYPASS);
	self->receive = packet_open("a0", ETH_P_ALL, 0);
}

FIXTURE_TEARDOWN(race_vnethdr)
{
}

static void run(struct __test_metadata *_metadata, FIXTURE_DATA(race_vnethdr) *self, int ms)
{
	struct race_role roles[] = {
		{ .name = "change", .call = change_size, .arg = &self->other },
		/* EINVAL: the header is longer than what there is. */
		{ .name = "write", .call = write_words, .fd = self->t.fd, .errors = { EINVAL } },
		{ .name = "receive", .call = receive_words, .fd = self->receive,
		  .errors = { EAGAIN } },
		{ .name = "send", .call = send_words, .fd = self->send, .errors = { ENOBUFS } },
		{ .name = "read", .call = read_words, .fd = self->t.fd,
		  .errors = { EAGAIN, EINVAL } },
	};

	race(_metadata, roles, ARRAY_SIZE(roles), ms);
	close(self->send);
	close(self->receive);
	tun_close(&self->t);
	race_settled(_metadata, self->links);
}

#define TITLE "a write and a read use one size of the vnet header each, and leak nothing"

TEST_F(race_vnethdr, size_changes, .title = TITLE, .behaviours = { 579 },
       .needs = { "napi", "packet_socket" })
{
	run(_metadata, self, RACE_MS);
}

TEST_F(race_vnethdr, size_changes_long, .title = TITLE, .behaviours = { 579 },
       .needs = { "napi", "packet_socket" }, .takes_long = true)
{
	run(_metadata, self, RACE_LONG_MS);
}

/*
 * The same without chance: the call is held up where it copies the header, which has ten bytes
 * then, and goes on when it has a thousand.
 */
FIXTURE(race_vnethdr_held)
{
	struct tun t;
	struct missing_page m;
	int packet;
};

FIXTURE_SETUP(race_vnethdr_held)
{
	self->t = tun_create("a0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	self->m = missing_page();
	if (link_up("a0"))
		TH_BAIL("a0 up: %s", strerror(errno));
	self->packet = packet_open("a0", ETH_P_ALL, PACKET_BYPASS);
	tun_set_blocking(self->t.fd);
}

FIXTURE_TEARDOWN(race_vnethdr_held)
{
	close(self->packet);
	tun_close(&self->t);
}

TEST_F(race_vnethdr_held, size_changes_in_write,
       .title = "a write in the middle of its vnet header keeps the header's size",
       .behaviours = { 579 }, .needs = { "packet_socket", "userfaultfd" })
{
	uint8_t frame[WRITTEN];
	struct blocked b;

	ASSERT_TRUE(blocked_write(&b, self->t.fd, self->m.page, WRITTEN));
	ASSERT_OK(tun_set_vnet_hdr_sz(&self->t, 1000));
	missing_page_supply(&self->m);
	ASSERT_TRUE(blocked_ended(&b, TIMEOUT_MS));
	EXPECT_EQ(WRITTEN, b.ret);
	EXPECT_EQ(WRITTEN - HEADER,
		  packet_recv(self->packet, frame, sizeof(frame), TIMEOUT_MS, NULL));
}

TEST_F(race_vnethdr_held, size_changes_in_read,
       .title = "a read in the middle of its vnet header keeps the header's size",
       .behaviours = { 579 }, .needs = { "packet_socket", "userfaultfd" })
{
	const uint8_t *buf = self->m.page;
	uint8_t frame[SENT];
	struct blocked b;

	put_words(frame, sizeof(frame));
	ASSERT_EQ(SENT, packet_send(self->packet, frame, sizeof(frame)));
	ASSERT_TRUE(blocked_read_to(&b, self->t.fd, self->m.page, WRITTEN));
	ASSERT_OK(tun_set_vnet_hdr_sz(&self->t, 1000));
	missing_page_supply(&self->m);
	ASSERT_TRUE(blocked_ended(&b, TIMEOUT_MS));
	EXPECT_EQ(HEADER + SENT, b.ret);
	EXPECT_EQ(0, memcmp(frame, buf + HEADER, SENT));
}
