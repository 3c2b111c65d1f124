// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device/memory.h"
#include "harness/harness.h"

TEST(cut, .title = "the good bytes can be read and written, the one behind them not")
{
	int fd = open("/dev/zero", O_RDWR | O_CLOEXEC), fds[2];
	char *p = cut_memory("abc", 3), *empty = cut_memory(NULL, 0);
#ifdef MAP_32BIT
	char *low = cut_memory_low("abc", 3);

	EXPECT_EQ(0, (uintptr_t)low >> 32);
	EXPECT_EQ(0, memcmp("abc", low, 3));
#endif

	ASSERT_OK(pipe2(fds, O_CLOEXEC));
	EXPECT_EQ(0, memcmp("abc", p, 3));
	EXPECT_EQ(3, write(fds[1], p, 3));
	EXPECT_ERRNO(EFAULT, write(fds[1], p + 3, 1));
	EXPECT_ERRNO(EFAULT, write(fds[1], empty, 1));
	EXPECT_EQ(3, read(fd, p, 3));
	EXPECT_EQ(0, p[0] | p[1] | p[2]);
	EXPECT_ERRNO(EFAULT, read(fd, empty, 1));
	close(fd);
}
