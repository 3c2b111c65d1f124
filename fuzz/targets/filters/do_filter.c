// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "device/tun.h"
#include "fuzz/fuzz.h"
#include "fuzz/targets/filters/cbpf.h"
#include "fuzz/targets/filters/do.h"
#include "fuzz/targets/filters/expect.h"
#include "harness/harness.h"

/* One frame into the device, and what its file gives; @len 0: dropped. */
static void pass(const struct plan *plan, int to, const struct tun *t, size_t len)
{
	static uint8_t buf[ROOM];
	ssize_t sent = send(to, plan->frame, plan->len, 0), got;
	int err = sent < 0 ? errno : 0;

	if (err != (len ? 0 : ENOBUFS))
		fuzz_wrong("send of %zu bytes to %s, of which %zu are kept: %zd (%s)", plan->len,
			   device_names[plan->sort], len, sent, strerror(err));
	got = read(t->fd, buf, sizeof(buf));
	if (got < 0 && errno == EAGAIN)
		got = 0;
	if (got != (ssize_t)len || memcmp(buf, plan->frame, len))
		fuzz_wrong("read from %s: %zu of %zu bytes are kept, read %zd%s",
			   device_names[plan->sort], len, plan->len, got,
			   got == (ssize_t)len ? " of other content" : "");
}

/* What a program does that depends on more than the frame: nothing new but a part of it. */
static void pass_unknown(const struct plan *plan)
{
	static uint8_t buf[ROOM];
	ssize_t got;

	send(to_filtered, plan->frame, plan->len, 0);
	got = read(filtered.fd, buf, sizeof(buf));
	if (got > (ssize_t)plan->len || (got > 0 && memcmp(buf, plan->frame, got)))
		fuzz_wrong("read behind a filter: %zd bytes of %zu", got, plan->len);
}

void do_classic(const struct plan *plan)
{
	struct sock_fprog program = { plan->n, (struct sock_filter *)plan->code };
	bool valid = cbpf_valid(plan->code, plan->n);
	int ret = tun_attach_filter(filtered.fd, &program), err = ret ? errno : 0;
	uint32_t value = UINT32_MAX;

	if (err != (valid ? 0 : EINVAL))
		fuzz_wrong("TUNATTACHFILTER of %zu instructions that are %s: %s", plan->n,
			   valid ? "valid" : "not valid", strerror(err));
	if (valid && !cbpf_run(plan->code, plan->n, plan->frame, plan->len, &value))
		pass_unknown(plan);
	else
		pass(plan, to_filtered, &filtered, expect_kept(plan, value));
	fuzz_saw(err << 8 | (value > plan->len) << 1 | !value);
	if (valid && tun_detach_filter(filtered.fd))
		fuzz_wrong("TUNDETACHFILTER: %s", strerror(errno));
}

int do_load(enum bpf_prog_type type, const struct ebpf_code *code)
{
	int fd = bpf_load(type, code->insns, code->n);

	if (fd < 0)
		TH_BAIL("a program of %zu instructions is not loaded: %s", code->n,
			strerror(errno));
	return fd;
}

void do_filter(const struct plan *plan)
{
	uint32_t value = ebpf_filter_run(&plan->filter, plan->frame, plan->len);
	struct ebpf_code code;
	int program;

	ebpf_filter(&plan->filter, &code);
	program = do_load(BPF_PROG_TYPE_SOCKET_FILTER, &code);
	if (tun_set_filter_ebpf(filtered.fd, program))
		fuzz_wrong("TUNSETFILTEREBPF: %s", strerror(errno));
	close(program);
	pass(plan, to_filtered, &filtered, expect_kept(plan, value));
	if (tun_set_filter_ebpf(filtered.fd, -1))
		fuzz_wrong("TUNSETFILTEREBPF of none: %s", strerror(errno));
	fuzz_saw(1 << 16 | plan->filter.form << 8 | (value > plan->len) << 1 | !value);
}

void do_addresses(const struct plan *plan)
{
	size_t n = plan->addresses.n;
	bool passes;
	int expected = expect_addresses(plan, &passes), ret;

	ret = tun_set_tx_filter(filtered.fd, plan->addresses.flags, n, plan->addresses.list);
	if (ret != expected)
		fuzz_wrong("TUNSETTXFILTER of %zu addresses: model %d, kernel %d (%s)", n, expected,
			   ret, strerror(ret < 0 ? errno : 0));
	pass(plan, to_filtered, &filtered, passes ? plan->len : 0);
	if (tun_set_tx_filter(filtered.fd, 0, 0, NULL))
		fuzz_wrong("TUNSETTXFILTER of no address: %s", strerror(errno));
	fuzz_saw(3 << 16 | expected << 8 | (n > 8) << 1 | passes);
}

void do_steering(const struct plan *plan)
{
	struct ebpf_code code;
	int program;

	ebpf_filter(&plan->filter, &code);
	program = do_load(BPF_PROG_TYPE_SOCKET_FILTER, &code);
	if (tun_set_steering_ebpf(queues[0].fd, program))
		fuzz_wrong("TUNSETSTEERINGEBPF: %s", strerror(errno));
	close(program);
	pass(plan, to_queues, &queues[expect_queue(plan)], plan->len);
	fuzz_saw(2 << 16 | plan->filter.form << 8 | expect_queue(plan));
}
