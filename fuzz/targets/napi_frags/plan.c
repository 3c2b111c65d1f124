// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/napi_frags/plan.h"

#include "device/uapi.h"
#include "fuzz/targets/edit.h"

const struct kind kinds[PORTS] = {
	/* The first ones are for all, the others for the owner of the machine. */
	{ IFF_TUN | IFF_NAPI | IFF_NO_PI, 0, false },
	{ IFF_TAP | IFF_NAPI | IFF_NO_PI, 0, false },
	{ IFF_TUN | IFF_NAPI, 12, false },
	{ IFF_TAP | IFF_NAPI, 0, false },
	{ IFF_TUN | IFF_NAPI | IFF_NO_PI, 10, false },
	{ IFF_TAP | IFF_NAPI | IFF_NO_PI, 24, false },
	{ IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS | IFF_NO_PI, 0, false },
	{ IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS, 0, false },
	{ IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS | IFF_NO_PI, 10, false },
	{ IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS | IFF_NO_PI, 12, false },
	{ IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS, 24, false },
	{ IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS | IFF_NO_PI, 20, true },
};

size_t plan_front(const uint8_t *data)
{
	return 2 + 2 * (data[1] % (MOST_PIECES + 1)) + PORT_HEADER;
}

static void cut(struct plan *p, const uint8_t *lengths)
{
	size_t at = 0;

	for (int i = 0; i < p->count; i++) {
		uint16_t word = edit_get16(lengths + 2 * i);
		size_t len = word & ~UNREADABLE;

		if (len == REST)
			len = p->given > at ? p->given - at : 0;
		if (len > LONGEST - at)
			len = LONGEST - at;
		p->iov[i] = (struct iovec){ word & UNREADABLE ? NULL : p->bytes + at, len };
		at += len;
	}
	p->size = at;
}

bool plan_read(const uint8_t *data, size_t size, struct plan *p)
{
	size_t front, at;

	if (size < 2 || size < plan_front(data))
		return false;
	p->port = &ports[data[0] % num_ports];
	p->count = data[1] % (MOST_PIECES + 1);
	at = 2 + 2 * p->count;
	p->given = port_assemble(p->port, data + at, size - at, p->bytes);
	cut(p, data + 2);
	/* The pattern counts from the frame's start, as that of the program does. */
	front = tun_header_size(&p->port->t);
	for (size_t i = p->given; i < p->size; i++)
		p->bytes[i] = (i - front) ^ (i - front) >> 8;
	return true;
}
