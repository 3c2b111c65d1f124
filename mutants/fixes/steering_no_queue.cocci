// SPDX-License-Identifier: GPL-2.0-only
// Fix: a35d310f03a6 tuntap: fix dividing by zero in ebpf queue selection
// Undone: what a steering program gives is divided by the number of queues even if that is 0.
// File: drivers/net/tun.c
// Module: tun
// Target: ioctl_sequence
// Test: ebpf_steering.no_queue
@@
identifier queues;
@@
  tun_ebpf_select_queue(...)
  {
	...
-	if (!queues)
-		return 0;
	...
  }
