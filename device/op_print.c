// SPDX-License-Identifier: GPL-2.0-only
/* Operations as lines of C. */
#include <errno.h>
#include <linux/if_link.h>

#include "device/op.h"
#include "device/uapi.h"
#include "harness/harness.h"

static void print_flags(FILE *out, const struct op *op)
{
	static const struct {
		unsigned int flag;
		const char *name;
	} iff[] = {
		{ IFF_TUN, "IFF_TUN" },
		{ IFF_TAP, "IFF_TAP" },
		{ IFF_NAPI, "IFF_NAPI" },
		{ IFF_NAPI_FRAGS, "IFF_NAPI_FRAGS" },
		{ IFF_NO_CARRIER, "IFF_NO_CARRIER" },
		{ IFF_MULTI_QUEUE, "IFF_MULTI_QUEUE" },
		{ IFF_ATTACH_QUEUE, "IFF_ATTACH_QUEUE" },
		{ IFF_DETACH_QUEUE, "IFF_DETACH_QUEUE" },
		{ IFF_PERSIST, "IFF_PERSIST" },
		{ IFF_NO_PI, "IFF_NO_PI" },
		{ IFF_ONE_QUEUE, "IFF_ONE_QUEUE" },
		{ IFF_VNET_HDR, "IFF_VNET_HDR" },
		{ IFF_TUN_EXCL, "IFF_TUN_EXCL" },
	};
	unsigned int rest = op->flags;
	const char *between = "";

	for (size_t i = 0; i < ARRAY_SIZE(iff); i++) {
		if (!(rest & iff[i].flag))
			continue;
		fprintf(out, "%s%s", between, iff[i].name);
		between = " | ";
		rest &= ~iff[i].flag;
	}
	if (rest || !op->flags)
		fprintf(out, "%s%#x", between, rest);
}

/* A string literal; a figure after \x would belong to it, so it is octal. */
static void print_bytes(FILE *out, const uint8_t *data, size_t len)
{
	fputc('"', out);
	for (size_t i = 0; i < len; i++)
		fprintf(out, "\\%03o", data[i]);
	fputc('"', out);
}

/* Kinds that are "HELPER(f[N], REQUEST, value)". */
static const struct {
	const char *helper, *request;
} plain[OP_KINDS] = {
	[OP_SET_IFINDEX] = { "set_int", "TUNSETIFINDEX" },
	[OP_SET_PERSIST] = { "by_value", "TUNSETPERSIST" },
	[OP_SET_OWNER] = { "by_value", "TUNSETOWNER" },
	[OP_SET_GROUP] = { "by_value", "TUNSETGROUP" },
	[OP_SET_LINK] = { "by_value", "TUNSETLINK" },
	[OP_SET_NOCSUM] = { "by_value", "TUNSETNOCSUM" },
	[OP_SET_OFFLOAD] = { "by_value", "TUNSETOFFLOAD" },
	[OP_SET_SNDBUF] = { "set_int", "TUNSETSNDBUF" },
	[OP_SET_VNET_HDR_SZ] = { "set_int", "TUNSETVNETHDRSZ" },
	[OP_SET_VNET_LE] = { "set_int", "TUNSETVNETLE" },
	[OP_SET_VNET_BE] = { "set_int", "TUNSETVNETBE" },
	[OP_SET_CARRIER] = { "set_int", "TUNSETCARRIER" },
	[OP_SET_DEBUG] = { "by_value", "TUNSETDEBUG" },
	[OP_DETACH_FILTER] = { "by_value", "TUNDETACHFILTER" },
	[OP_SET_STEERING] = { "set_int", "TUNSETSTEERINGEBPF" },
	[OP_SET_EBPF] = { "set_int", "TUNSETFILTEREBPF" },
	[OP_UNKNOWN_IOCTL] = { "by_value", "_IO('T', 250)" },
	/* without a value */
	[OP_GET_FEATURES] = { "get_int", "TUNGETFEATURES" },
	[OP_GET_SNDBUF] = { "get_int", "TUNGETSNDBUF" },
	[OP_GET_VNET_HDR_SZ] = { "get_int", "TUNGETVNETHDRSZ" },
	[OP_GET_VNET_LE] = { "get_int", "TUNGETVNETLE" },
	[OP_GET_VNET_BE] = { "get_int", "TUNGETVNETBE" },
	[OP_GET_DEV_NETNS] = { "get_netns", "TUNGETDEVNETNS" },
	[OP_GET_SK_NETNS] = { "get_netns", "SIOCGSKNS" },
};

static bool takes_program(enum op_kind kind)
{
	return kind == OP_SET_STEERING || kind == OP_SET_EBPF;
}

static bool gives_number(enum op_kind kind)
{
	return kind == OP_GET_IFF || kind == OP_GET_HWADDR || kind == OP_GET_FILTER ||
	       kind == OP_GET_KIND || kind == OP_GET_MSGLEVEL || kind == OP_GET_RX_FRAMES ||
	       kind == OP_GET_SPEED || kind == OP_LIST ||
	       (plain[kind].helper && strncmp(plain[kind].helper, "get", 3) == 0);
}

static void print_with_data(FILE *out, const struct op *op)
{
	switch (op->kind) {
	case OP_SET_TX_FILTER:
		fprintf(out, "set_tx_filter(f[%u], %s, %u, ", op->file,
			op->flags ? "TUN_FLT_ALLMULTI" : "0", op->len / 6);
		break;
	case OP_SET_HWADDR:
		fprintf(out, "set_hwaddr(f[%u], %lld, ", op->file, (long long)op->value);
		break;
	case OP_WRITE:
		fprintf(out, "result(write(f[%u], ", op->file);
		break;
	default:
		fprintf(out, "do_send(%u, \"%s\", %#llx, ", op->netns, op->name,
			(long long)op->value);
	}
	print_bytes(out, op->data, op->len);
	if (op->kind == OP_WRITE || op->kind == OP_SEND)
		fprintf(out, ", %u", op->len);
	fputs(op->kind == OP_WRITE ? "))" : ")", out);
}

static void print_link(FILE *out, const struct op *op)
{
	const char *call = op->kind == OP_LINK_DEL    ? "link_del" :
			   op->kind == OP_LINK_RENAME ? "link_rename" :
			   op->kind == OP_LINK_MOVE   ? "link_move" :
			   op->kind <= OP_LINK_DOWN   ? "link_set_up" :
							"link_set";

	fprintf(out, "%s(%u, \"%s\"", call, op->netns, op->name);
	if (op->kind == OP_LINK_RENAME)
		fprintf(out, ", \"%s\"", op->to);
	else if (op->kind == OP_LINK_MOVE)
		fprintf(out, ", %lld", (long long)op->value);
	else if (op->kind <= OP_LINK_DOWN)
		fprintf(out, ", %d", op->kind == OP_LINK_UP);
	else if (op->kind != OP_LINK_DEL)
		fprintf(out, ", %s, %lld", op->kind == OP_LINK_MTU ? "IFLA_MTU" : "IFLA_TXQLEN",
			(long long)op->value);
	fputc(')', out);
}

static void print_ethtool(FILE *out, const struct op *op)
{
	static const char *const calls[] = {
		[OP_GET_KIND] = "get_kind",	      [OP_GET_MSGLEVEL] = "get_msglevel",
		[OP_SET_MSGLEVEL] = "set_msglevel",   [OP_GET_RX_FRAMES] = "get_rx_frames",
		[OP_SET_RX_FRAMES] = "set_rx_frames", [OP_GET_SPEED] = "get_speed",
		[OP_SET_SPEED] = "set_speed",
	};
	bool sets = calls[op->kind][0] == 's';

	fprintf(out, "%s(%u, \"%s\"", calls[op->kind], op->netns, op->name);
	if (sets)
		fprintf(out, ", %lld", (long long)op->value);
	fputc(')', out);
}

void op_print_call(FILE *out, const struct op *op)
{
	if (plain[op->kind].helper) {
		fprintf(out, "%s(f[%u], %s", plain[op->kind].helper, op->file,
			plain[op->kind].request);
		if (takes_program(op->kind))
			fprintf(out, ", program(%lld)", (long long)op->value);
		else if (strncmp(plain[op->kind].helper, "get", 3) != 0)
			fprintf(out, ", %lld", (long long)op->value);
		fputc(')', out);
		return;
	}
	switch (op->kind) {
	case OP_OPEN:
		fprintf(out, "f[%u] = open_tun(ns[%u])", op->file, op->netns);
		break;
	case OP_CLOSE:
		fprintf(out, "result(close(f[%u]))", op->file);
		break;
	case OP_SET_IFF:
		fprintf(out, "with_ifreq(f[%u], TUNSETIFF, \"%.16s\", ", op->file, op->name);
		print_flags(out, op);
		fputc(')', out);
		break;
	case OP_GET_IFF:
		fprintf(out, "with_ifreq(f[%u], TUNGETIFF, \"\", 0)", op->file);
		break;
	case OP_SET_QUEUE:
		fprintf(out, "with_ifreq(f[%u], TUNSETQUEUE, \"\", ", op->file);
		print_flags(out, op);
		fputc(')', out);
		break;
	case OP_GET_HWADDR:
		fprintf(out, "get_hwaddr(f[%u])", op->file);
		break;
	case OP_ATTACH_FILTER:
		fprintf(out, "attach_filter(f[%u], %lld, %d)", op->file, (long long)op->value,
			model_programs[op->value]);
		break;
	case OP_GET_FILTER:
		fprintf(out, "get_filter(f[%u])", op->file);
		break;
	case OP_READ:
		fprintf(out, "do_read(f[%u], %lld)", op->file, (long long)op->value);
		break;
	case OP_POLL:
		fprintf(out, "do_poll(f[%u])", op->file);
		break;
	case OP_BAD_POINTER:
		fprintf(out, "by_value(f[%u], %s, 1 /* no pointer */)", op->file,
			op_pointers[op->value].name);
		break;
	case OP_SET_ASYNC:
		fprintf(out, "set_async(f[%u], %lld)", op->file, (long long)op->value);
		break;
	case OP_GET_FDINFO:
		fprintf(out, "get_fdinfo(f[%u])", op->file);
		break;
	case OP_LINK_NEW:
		fprintf(out, "link_new(%u, \"%s\")", op->netns, op->name);
		break;
	case OP_LIST:
		fprintf(out, "list(%u)", op->netns);
		break;
	case OP_SET_TX_FILTER:
	case OP_SET_HWADDR:
	case OP_WRITE:
	case OP_SEND:
		print_with_data(out, op);
		break;
	default:
		(op_is_ethtool(op->kind) ? print_ethtool : print_link)(out, op);
	}
}

void op_print(FILE *out, const struct op *op, const struct op_result *expected)
{
	/* Only root may load one. */
	if (takes_program(op->kind))
		fprintf(out, "\tprogram(%lld);\n", (long long)op->value);
	if (op->who)
		fprintf(out, "\tas(%u, %u);\n", op_creds[op->who].uid, op_creds[op->who].gid);
	fputs(op->kind == OP_OPEN ? "\t" : "\tCHECK(", out);
	op_print_call(out, op);
	if (op->kind == OP_OPEN)
		fputs(";\n", out);
	else if (expected->ret < 0)
		fprintf(out, ", -%s);\n", harness_errno_name(-expected->ret));
	else
		fprintf(out, ", %lld);\n", (long long)expected->ret);
	if (op->who)
		fputs("\tas(0, 0);\n", out);
	if (expected->ret >= 0 && gives_number(op->kind))
		fprintf(out, "\tCHECK(number, %#llx);\n", (long long)expected->number);
	if (expected->ret >= 0 && (*expected->name || op->kind == OP_GET_FDINFO))
		fprintf(out, "\tCHECK(strcmp(name, \"%s\"), 0);\n", expected->name);
	if (expected->ret > 0 && op->kind == OP_READ) {
		fputs("\tCHECK(memcmp(data, ", out);
		print_bytes(out, expected->data, expected->ret);
		fprintf(out, ", %lld), 0);\n", (long long)expected->ret);
	}
}
