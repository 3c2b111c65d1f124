// SPDX-License-Identifier: GPL-2.0-only
// Fix: fecef4cd42c6 tun: Assign missing bpf_net_context.
// Undone: XDP in the driver has no place for where a frame is redirected to.
// File: drivers/net/tun.c
// Module: tun
// Target: filters
// Test: xdp_redirect.arrives
@@
expression context, place;
@@
(
- context = bpf_net_ctx_set(place);
|
- bpf_net_ctx_clear(context);
)
