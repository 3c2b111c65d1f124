// SPDX-License-Identifier: GPL-2.0-only
// Fix: 9871a9e47a26 tuntap: synchronize through tfiles array instead of tun->numqueues
// Undone: the place of a queue that was detached still names its file, which frames go to after it is freed.
// File: drivers/net/tun.c
// Module: tun
// Target: ioctl_sequence
// Test: queue.packet_socket_all_detached
@@
expression tun;
@@
- rcu_assign_pointer(tun->tfiles[tun->numqueues - 1], NULL);
