// SPDX-License-Identifier: GPL-2.0-only
// Fix: ff1fa2081d17 net: tun: avoid disabling NAPI twice
// Undone: closing a detached file stops its NAPI once more, and waits for ever.
// File: drivers/net/tun.c
// Module: tun
// Target: ioctl_sequence
// Test: napi.closed
@@
expression file;
@@
- if (!file->detached)
-	tun_napi_disable(file);
+ tun_napi_disable(file);
