// SPDX-License-Identifier: GPL-2.0-only
// Fix: net/tun: Call netdev notifiers (2020)
// Undone: nobody is asked before TUNSETLINK changes the type of a bridge's port.
// File: drivers/net/tun.c
// Module: tun
// Test: linktype.bridge_veto
@@
expression dev;
@@
- call_netdevice_notifiers(NETDEV_PRE_TYPE_CHANGE, dev)
+ NOTIFY_DONE
