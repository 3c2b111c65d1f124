// SPDX-License-Identifier: GPL-2.0-only
// Fix: cf9acc90c80e net: virtio_net_hdr_to_skb: count transport header in UFO
// Undone: the UDP header of a datagram to be fragmented does not count as payload.
// File: include/linux/virtio_net.h
// Module: tun
// Target: vnet_write
// Test: gso.forward_ufo
@@
identifier header, transport;
@@
  virtio_net_hdr_to_skb(...)
  {
	<+...
-	header -= transport;
	...+>
  }
