// SPDX-License-Identifier: GPL-2.0-only
/* What vhost-net can do, and how its owner gives it up with all that is behind it. */
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/vhost.h"
#include "harness/harness.h"
#include "netns/sock.h"

#define TIMEOUT_MS 10000
#define PORT	   7000

/* A bit of which vhost will know nothing for a while. */
#define UNKNOWN	   (1ULL << 60)

TEST(feature_bits,
     .title = "what is offered can be set, an unknown bit gives EOPNOTSUPP, and no memory EFAULT",
     .behaviours = { 586 }, .needs = { "vhost" })
{
	static const unsigned long get[] = { VHOST_GET_FEATURES, VHOST_GET_BACKEND_FEATURES },
				   set[] = { VHOST_SET_FEATURES, VHOST_SET_BACKEND_FEATURES };
	uint64_t bits, unknown = UNKNOWN;
	int fd = vhost_node();

	for (int i = 0; i < 2; i++) {
		EXPECT_ERRNO(EFAULT, ioctl(fd, get[i], NULL));
		EXPECT_ERRNO(EFAULT, ioctl(fd, set[i], NULL));
		ASSERT_OK(ioctl(fd, get[i], &bits));
		EXPECT_EQ(0, bits & UNKNOWN);
		EXPECT_ERRNO(EOPNOTSUPP, ioctl(fd, set[i], &unknown));
		if (!i) {
			EXPECT_EQ(VHOST_MRG_RXBUF | VHOST_OWN_HEADER,
				  bits & (VHOST_MRG_RXBUF | VHOST_OWN_HEADER));
			/* These want more than a file alone: a log, and an IOMMU. */
			bits &= VHOST_MRG_RXBUF | VHOST_VERSION_1;
		}
		EXPECT_OK(ioctl(fd, set[i], &bits));
	}
	close(fd);
}

static void nothing(int signal)
{
	(void)signal;
}

TEST(owner_signalled,
     .title = "VHOST_SET_OWNER works while signals come, or is to be begun again",
     .behaviours = { 587 }, .needs = { "vhost" })
{
	const struct sigaction action = { .sa_handler = nothing, .sa_flags = SA_RESTART };
	const struct itimerval often = { { .tv_usec = 500 }, { .tv_usec = 500 } }, never = { 0 };
	int err = 0;

	ASSERT_OK(sigaction(SIGALRM, &action, NULL));
	ASSERT_OK(setitimer(ITIMER_REAL, &often, NULL));
	for (int i = 0; i < 1000 && (!err || err == EINTR); i++) {
		int fd = vhost_node();

		err = ioctl(fd, VHOST_SET_OWNER, NULL) ? errno : 0;
		close(fd);
	}
	ASSERT_OK(setitimer(ITIMER_REAL, &never, NULL));
	EXPECT_TRUE(!err || err == EINTR) TH_LOG("%s", strerror(err));
}

TEST(given_up,
     .title =
	     "VHOST_RESET_OWNER takes the backend off, whose packets can be read, and somebody may own it again",
     .behaviours = { 587 }, .needs = { "vhost" })
{
	struct vhost v;
	struct tun t = vhost_peer(&v, 0, 0);
	struct vhost_vring_file none = { .index = VHOST_RX, .fd = -1 };
	int udp = udp_open(KERNEL_IP4, PORT);
	struct tun_packet p;

	vhost_post(&v, 2, 300);
	kernel_udp(udp, 9, 100, 1);
	ASSERT_TRUE(vhost_recv(&v, &p, TIMEOUT_MS));
	EXPECT_OK(ioctl(v.fd, VHOST_RESET_OWNER, NULL));
	EXPECT_ERRNO(EPERM, ioctl(v.fd, VHOST_RESET_OWNER, NULL));
	EXPECT_ERRNO(EPERM, ioctl(v.fd, VHOST_NET_SET_BACKEND, &none));
	kernel_udp(udp, 9, 100, 2);
	EXPECT_TRUE(tun_recv(&t, &p, TIMEOUT_MS));
	EXPECT_OK(ioctl(v.fd, VHOST_SET_OWNER, NULL));
	EXPECT_OK(ioctl(v.fd, VHOST_NET_SET_BACKEND, &none));
	vhost_close(&v);
	tun_close(&t);
	close(udp);
}
