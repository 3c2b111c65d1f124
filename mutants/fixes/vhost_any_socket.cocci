// SPDX-License-Identifier: GPL-2.0-only
// Fix: 42d84c8490f9 (CVE-2020-10942) vhost: Check docket sk_family instead of call getname
// Undone: any raw socket may be the backend.
// File: drivers/vhost/net.c
// Module: vhost_net
// Test: vhost_backend.wrong_descriptors
@@
expression socket;
@@
- if (socket->sk_family != AF_PACKET) { ... }
