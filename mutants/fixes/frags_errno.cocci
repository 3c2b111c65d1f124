// SPDX-License-Identifier: GPL-2.0-only
// Fix: 950271d7cc0b tun: fix return value when the number of iovs exceeds MAX_SKB_FRAGS
// Undone: too many pieces for IFF_NAPI_FRAGS give ENOMEM, as if another try were of use.
// File: drivers/net/tun.c
// Module: tun
// Target: napi_frags
// Test: napi.number
@@
@@
  tun_napi_alloc_frags(...)
  {
	<+...
- EMSGSIZE
+ ENOMEM
	...+>
  }
