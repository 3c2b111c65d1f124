// SPDX-License-Identifier: GPL-2.0-only
/* Files and devices: which is a queue of which. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "device/model.h"
#include "device/uapi.h"

#define ETHER	  1 /* ARPHRD_ETHER, ARPHRD_NONE */
#define NO_TYPE	  0xfffe
#define TYPE_MASK 0xf /* TUN_TYPE_MASK: two bits that mean nothing are in it */
#define MAX_ITEM  100 /* the highest number of a "%d" that the model looks for */

void model_init(struct model *m, const struct model_abi *abi)
{
	memset(m, 0, sizeof(*m));
	m->abi = *abi;
}

struct model_device *model_device(struct model *m, int netns, const char *name)
{
	for (struct model_device *d = m->devices; d < m->devices + MODEL_DEVICES; d++) {
		if (d->exists && d->netns == netns && !strcmp(d->name, name))
			return d;
	}
	return NULL;
}

struct model_device *model_device_of(struct model *m, const struct model_file *f)
{
	return f->open && f->device >= 0 ? &m->devices[f->device] : NULL;
}

void model_open(struct model *m, int file, int netns)
{
	struct model_file *f = &m->files[file];

	f->open = true;
	f->netns = netns;
	f->device = -1;
	f->detached = f->napi = f->napi_frags = false;
	f->ifindex = 0;
	f->sndbuf = INT32_MAX;
	f->filter = -1;
	f->packets = 0;
}

/* __tun_detach(): the last queue takes the place of the one that leaves. */
static void leave_queue(struct model *m, struct model_device *d, struct model_file *f)
{
	int last = d->queues[--d->numqueues];

	d->queues[f->queue] = last;
	m->files[last].queue = f->queue;
	f->packets = 0;
}

/* tun_detach_all() */
static void destroy(struct model *m, struct model_device *d)
{
	for (struct model_file *f = m->files; f < m->files + MODEL_FILES; f++) {
		if (model_device_of(m, f) != d)
			continue;
		f->device = -1;
		f->detached = false;
		f->packets = 0;
	}
	memset(d, 0, sizeof(*d));
}

void model_close(struct model *m, int file)
{
	struct model_file *f = &m->files[file];
	struct model_device *d = model_device_of(m, f);

	if (d && f->detached)
		d->numdisabled--;
	else if (d)
		leave_queue(m, d, f);
	f->open = false;
	if (!d || d->numqueues || d->numdisabled)
		return;
	d->carrier = false;
	if (!(d->flags & IFF_PERSIST))
		destroy(m, d);
}

bool model_name_valid(const char *name)
{
	size_t len = strnlen(name, IFNAMSIZ);

	if (!len || len == IFNAMSIZ || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	/* isspace() of the kernel takes 0xa0, a space of Latin-1, for one too. */
	for (const unsigned char *c = (const unsigned char *)name; *c; c++) {
		if (strchr("/: \t\n\v\f\r", *c) || *c == 0xa0)
			return false;
	}
	return true;
}

static bool in_use(struct model *m, int netns, const char *name)
{
	return !strcmp(name, "lo") || model_device(m, netns, name);
}

/* __dev_alloc_name(): one "%d", replaced by the lowest number that is free. */
static int number_name(struct model *m, int netns, char *name)
{
	char *percent = strchr(name, '%'), numbered[IFNAMSIZ];

	if (percent[1] != 'd' || strchr(percent + 2, '%'))
		return -EINVAL;
	for (int i = 0; i < MAX_ITEM; i++) {
		int len = snprintf(numbered, sizeof(numbered), "%.*s%d%s", (int)(percent - name),
				   name, i, percent + 2);

		if (len < IFNAMSIZ && !in_use(m, netns, numbered)) {
			strcpy(name, numbered);
			return 0;
		}
	}
	return -ENFILE;
}

/* dev_get_valid_name(): checks @name and replaces its "%d"; @taken: the errno of a name in use. */
static int settle_name(struct model *m, int netns, char *name, int taken)
{
	if (!model_name_valid(name))
		return -EINVAL;
	if (strchr(name, '%'))
		return number_name(m, netns, name);
	return in_use(m, netns, name) ? -taken : 0;
}

static bool index_used(struct model *m, int netns, uint32_t ifindex)
{
	if (ifindex == 1) /* lo */
		return true;
	for (struct model_device *d = m->devices; d < m->devices + MODEL_DEVICES; d++) {
		if (d->exists && d->netns == netns && d->ifindex == ifindex)
			return true;
	}
	return false;
}

/*
 * tun_attach(). A file that was detached keeps its NAPI. With a program of TUNATTACHFILTER that is
 * put on the file successfully the driver leaves at once: the file is not attached, and the result
 * is 0 all the same.
 */
static int attach(struct model *m, struct model_device *d, struct model_file *f, unsigned int flags)
{
	int err = 0;

	if (!model_multi_queue(d) && d->numqueues == 1)
		return -EBUSY;
	if (!(flags & IFF_NOFILTER) && d->filter_attached) {
		if (d->fprog >= 0 && model_programs[d->fprog] >= 0) {
			f->filter = d->fprog;
			return 0;
		}
		err = -EINVAL;
	}
	f->queue = d->numqueues;
	if (f->detached) {
		f->detached = false;
		d->numdisabled--;
	} else {
		err = 0;
		f->device = d - m->devices;
		f->napi = flags & IFF_NAPI;
		f->napi_frags = f->napi && flags & IFF_NAPI_FRAGS;
	}
	d->queues[d->numqueues++] = f - m->files;
	return err;
}

/* tun_permitted() */
static bool permitted(const struct model *m, const struct model_device *d,
		      const struct model_cred *who)
{
	bool anyone = d->owner < 0 && d->group < 0;

	if (who->net_admin || (anyone && !m->abi.ownerless_closed))
		return true;
	return !anyone && (d->owner < 0 || d->owner == who->uid) &&
	       (d->group < 0 || d->group == who->gid);
}

/* TUN_FEATURES: what a device remembers of the flags. */
static unsigned int remembered(const struct model *m, unsigned int flags)
{
	return flags & m->abi.features & ~(IFF_TUN | IFF_TAP | IFF_NO_CARRIER);
}

static int set_iff_existing(struct model *m, struct model_device *d, struct model_file *f,
			    const struct model_cred *who, unsigned int flags)
{
	int err;

	if (flags & IFF_TUN_EXCL)
		return -EBUSY;
	if (!(flags & (d->tap ? IFF_TAP : IFF_TUN)))
		return -EINVAL;
	if ((flags ^ d->flags) & IFF_MULTI_QUEUE)
		return -EINVAL;
	if (!permitted(m, d, who))
		return -EPERM;
	err = attach(m, d, f, flags);
	if (err)
		return err;
	if (model_multi_queue(d) && d->numqueues + d->numdisabled > 1)
		return 0;
	d->flags = (d->flags & IFF_PERSIST) | remembered(m, flags);
	d->carrier = !(flags & m->abi.features & IFF_NO_CARRIER);
	return 0;
}

static struct model_device *unused(struct model *m)
{
	for (struct model_device *d = m->devices; d < m->devices + MODEL_DEVICES; d++) {
		if (!d->exists)
			return d;
	}
	return NULL;
}

/* tun_net_initialize() */
static void initialize(struct model *m, struct model_device *d, int netns, const char *name,
		       unsigned int flags)
{
	*d = (struct model_device){
		.exists = true,
		.netns = netns,
		.tap = !(flags & IFF_TUN),
		.flags = remembered(m, flags),
		.vnet_size = VNET_SIZE_LEGACY,
		.carrier = !(flags & m->abi.features & IFF_NO_CARRIER),
		.owner = -1,
		.group = -1,
		.mtu = 1500,
		.fprog = -1,
		.steering = -2,
		.ebpf = -2,
	};
	d->type = d->tap ? ETHER : NO_TYPE;
	d->address_len = d->tap ? 6 : 0;
	d->txqueuelen = d->tap ? 1000 : 500;
	strcpy(d->name, name);
}

static int set_iff_new(struct model *m, struct model_file *f, const struct model_cred *who,
		       char *name, unsigned int flags, struct model_device **made)
{
	struct model_device *d = unused(m);
	uint32_t ifindex = f->ifindex;
	int err;

	if (!who->net_admin)
		return -EPERM;
	if (!(flags & (IFF_TUN | IFF_TAP)))
		return -EINVAL;
	if (!*name)
		strcpy(name, flags & IFF_TUN ? "tun%d" : "tap%d");
	err = settle_name(m, f->netns, name, EEXIST);
	if (err || !d)
		return err ?: -ENFILE;
	/* register_netdevice() attaches the file before it looks at the index. */
	f->queue = 0;
	if (ifindex && index_used(m, f->netns, ifindex))
		return -EBUSY;
	initialize(m, d, f->netns, name, flags);
	d->ifindex = ifindex;
	d->sndbuf = f->sndbuf;
	attach(m, d, f, flags);
	*made = d;
	return 0;
}

int model_set_iff(struct model *m, int file, const struct model_cred *who, char *name,
		  unsigned int flags, struct model_device **made)
{
	struct model_file *f = &m->files[file];
	char asked[IFNAMSIZ];
	struct model_device *d;
	int err;

	*made = NULL;
	if (model_device_of(m, f))
		return -EEXIST;
	if (flags & IFF_NAPI_FRAGS) {
		if (!who->net_admin || !m->abi.init_net_admin)
			return -EPERM;
		if (!(flags & IFF_NAPI) || (flags & TYPE_MASK) != IFF_TAP)
			return -EINVAL;
	}
	if (!strcmp(name, "lo"))
		return flags & IFF_TUN_EXCL ? -EBUSY : -EINVAL;
	d = model_device(m, f->netns, name);
	if (d)
		return set_iff_existing(m, d, f, who, flags);
	memcpy(asked, name, sizeof(asked));
	err = set_iff_new(m, f, who, name, flags, made);
	if (err)
		memcpy(name, asked, sizeof(asked));
	return err;
}

void model_choose(struct model_device *d, const struct model_chosen *chosen)
{
	if (!d->ifindex)
		d->ifindex = chosen->ifindex;
	if (d->tap)
		memcpy(d->address, chosen->address, sizeof(d->address));
}

int model_get_iff(struct model *m, int file)
{
	const struct model_file *f = &m->files[file];
	const struct model_device *d = model_device_of(m, f);

	if (!d)
		return -EBADFD;
	return d->flags | (d->tap ? IFF_TAP : IFF_TUN) | (f->detached ? IFF_DETACH_QUEUE : 0) |
	       (f->filter < 0 ? IFF_NOFILTER : 0);
}

int model_set_queue(struct model *m, int file, unsigned int flags)
{
	struct model_file *f = &m->files[file];
	struct model_device *d = model_device_of(m, f);

	if (flags & IFF_ATTACH_QUEUE)
		return d && f->detached ? attach(m, d, f, 0) : -EINVAL;
	if (!(flags & IFF_DETACH_QUEUE) || !d || !model_multi_queue(d) || f->detached)
		return -EINVAL;
	leave_queue(m, d, f);
	f->detached = true;
	d->numdisabled++;
	return 0;
}

int model_set_ifindex(struct model *m, int file, int32_t ifindex)
{
	struct model_file *f = &m->files[file];

	if (model_device_of(m, f))
		return -EPERM;
	if (ifindex < 0)
		return -EINVAL;
	f->ifindex = ifindex;
	return 0;
}

int model_link_del(struct model *m, int netns, const char *name)
{
	struct model_device *d = model_device(m, netns, name);

	if (!d)
		return -ENODEV;
	destroy(m, d);
	return 0;
}

int model_link_rename(struct model *m, int netns, const char *name, const char *to)
{
	struct model_device *d = model_device(m, netns, name);
	char settled[IFNAMSIZ];
	int err;

	if (!d)
		return -ENODEV;
	if (!strcmp(name, to))
		return 0;
	snprintf(settled, sizeof(settled), "%s", to);
	err = settle_name(m, netns, settled, EEXIST);
	if (!err)
		strcpy(d->name, settled);
	return err;
}

/* dev_change_net_namespace() */
int model_link_move(struct model *m, int netns, const char *name, int to,
		    struct model_device **moved)
{
	struct model_device *d = model_device(m, netns, name);

	*moved = NULL;
	if (!d)
		return -ENODEV;
	if (netns == to)
		return 0;
	if (in_use(m, to, name))
		return -EEXIST;
	d->up = false;
	if (index_used(m, to, d->ifindex))
		d->ifindex = 0;
	d->netns = to;
	*moved = d;
	return 0;
}
