// SPDX-License-Identifier: GPL-2.0-only
#include "mutants/names.h"

#include <fnmatch.h>
#include <stddef.h>
#include <string.h>

static bool matches(const char *name, const char *const *patterns)
{
	for (; *patterns; patterns++)
		if (!fnmatch(*patterns, name, 0))
			return true;
	return false;
}

bool name_is_idle(const char *name)
{
	static const char *const idle[] = {
		"BUILD_BUG_ON*",
		"static_assert",
		"_Static_assert",
		"compiletime_assert",
		"IS_ENABLED",
		"IS_BUILTIN",
		"IS_MODULE",
		"IS_REACHABLE",
		"ASSERT_*",
		"lockdep_*",
		"might_*",
		"WARN*",
		"BUG*",
		"DEBUG_NET_WARN*",
		"pr_*",
		"printk*",
		"dev_err*",
		"dev_warn*",
		"dev_info*",
		"dev_dbg*",
		"netdev_err*",
		"netdev_warn*",
		"netdev_info*",
		"netdev_dbg*",
		"netdev_notice*",
		"netif_err",
		"netif_warn",
		"netif_info",
		"netif_dbg",
		"netif_notice",
		"net_*ratelimited",
		"tun_debug",
		"dump_stack",
		"print_hex_dump*",
		"trace_*",
		"MODULE_*",
		"module_param*",
		"module_init",
		"module_exit",
		"EXPORT_SYMBOL*",
		"DEFINE_*",
		"DECLARE_*",
		"_printk",
		"fallthrough",
		NULL,
	};

	return matches(name, idle);
}

bool name_is_lock(const char *name)
{
	static const char *const locks[] = {
		"*_lock",
		"*_unlock",
		"*_lock_bh",
		"*_unlock_bh",
		"*_lock_irq*",
		"*_unlock_irq*",
		"*_trylock*",
		"*_lock_interruptible",
		"*_lock_nested",
		"lock_sock*",
		"release_sock",
		"local_bh_*",
		"preempt_enable*",
		"preempt_disable*",
		"smp_*",
		"barrier",
		"mb",
		"rmb",
		"wmb",
		"synchronize_*",
		"rcu_barrier",
		"rtnl_lock*",
		NULL,
	};

	return matches(name, locks);
}

bool name_is_errno(const char *name)
{
	return *name == 'E' && name[1] &&
	       !name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")];
}

bool name_is_constant(const char *name)
{
	return strlen(name) > 1 && strcmp(name, "NULL") &&
	       !name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")];
}

unsigned int name_kinship(const char *a, const char *b)
{
	unsigned int n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	return n >= 4 || (n == 3 && a[2] == '_') ? n : 0;
}
