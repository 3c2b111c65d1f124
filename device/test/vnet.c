// SPDX-License-Identifier: GPL-2.0-only
#include "device/vnet.h"
#include "harness/harness.h"

static const struct vnet all_fields = {
	.flags = 0x81,
	.gso_type = 0x05,
	.hdr_len = 0x1112,
	.gso_size = 0x1314,
	.csum_start = 0x1516,
	.csum_offset = 0x1718,
	.num_buffers = 0x1910,
	.hash_value = 0x21222324,
	.hash_report = 0x2526,
	.outer_th_offset = 0x3132,
	.inner_nh_offset = 0x3334,
};

static const uint8_t little[VNET_SIZE_HASH_TUNNEL] = {
	0x81, 0x05, 0x12, 0x11, 0x14, 0x13, 0x16, 0x15, 0x18, 0x17, 0x10, 0x19,
	0x24, 0x23, 0x22, 0x21, 0x26, 0x25, 0x00, 0x00, 0x32, 0x31, 0x34, 0x33,
};

static const uint8_t big[VNET_SIZE_HASH_TUNNEL] = {
	0x81, 0x05, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x10,
	/* little-endian always: __le32 and __le16 in <linux/virtio_net.h> */
	0x24, 0x23, 0x22, 0x21, 0x26, 0x25, 0x00, 0x00, 0x32, 0x31, 0x34, 0x33,
};

FIXTURE(vnet)
{
	size_t known; /* how much of the header carries fields */
	const uint8_t *bytes;
};

FIXTURE_VARIANT(vnet)
{
	size_t size;
	bool big_endian;
};

FIXTURE_VARIANT_ADD(vnet, legacy_le){ .size = VNET_SIZE_LEGACY };
FIXTURE_VARIANT_ADD(vnet, legacy_be){ .size = VNET_SIZE_LEGACY, .big_endian = true };
FIXTURE_VARIANT_ADD(vnet, mrg_rxbuf_le){ .size = VNET_SIZE_MRG_RXBUF };
FIXTURE_VARIANT_ADD(vnet, mrg_rxbuf_be){ .size = VNET_SIZE_MRG_RXBUF, .big_endian = true };
FIXTURE_VARIANT_ADD(vnet, hash_le){ .size = VNET_SIZE_HASH };
FIXTURE_VARIANT_ADD(vnet, hash_be){ .size = VNET_SIZE_HASH, .big_endian = true };
FIXTURE_VARIANT_ADD(vnet, tunnel_le){ .size = VNET_SIZE_HASH_TUNNEL };
FIXTURE_VARIANT_ADD(vnet, tunnel_be){ .size = VNET_SIZE_HASH_TUNNEL, .big_endian = true };
FIXTURE_VARIANT_ADD(vnet, padded_le){ .size = 40 };
FIXTURE_VARIANT_ADD(vnet, padded_be){ .size = 40, .big_endian = true };

FIXTURE_SETUP(vnet)
{
	self->known = variant->size < sizeof(big) ? variant->size : sizeof(big);
	self->bytes = variant->big_endian ? big : little;
}

FIXTURE_TEARDOWN(vnet)
{
}

TEST_F(vnet, encode, .title = "the header has exactly these bytes, zeros behind them, no more")
{
	uint8_t out[64];

	memset(out, 0xaa, sizeof(out));
	vnet_encode(&all_fields, out, variant->size, variant->big_endian);
	for (size_t i = 0; i < sizeof(out); i++) {
		uint8_t expected = i < self->known ? self->bytes[i] : i < variant->size ? 0 : 0xaa;

		EXPECT_EQ(expected, out[i]) TH_LOG("at byte %zu", i);
	}
}

TEST_F(vnet, decode, .title = "fields inside the size are read, fields behind it are 0")
{
	uint8_t in[64];
	struct vnet v;

	memset(in, 0xaa, sizeof(in));
	memcpy(in, self->bytes, sizeof(little));
	v = vnet_decode(in, variant->size, variant->big_endian);
	EXPECT_EQ(all_fields.flags, v.flags);
	EXPECT_EQ(all_fields.gso_type, v.gso_type);
	EXPECT_EQ(all_fields.hdr_len, v.hdr_len);
	EXPECT_EQ(all_fields.gso_size, v.gso_size);
	EXPECT_EQ(all_fields.csum_start, v.csum_start);
	EXPECT_EQ(all_fields.csum_offset, v.csum_offset);
	EXPECT_EQ(variant->size < 12 ? 0 : all_fields.num_buffers, v.num_buffers);
	EXPECT_EQ(variant->size < 20 ? 0 : all_fields.hash_value, v.hash_value);
	EXPECT_EQ(variant->size < 20 ? 0 : all_fields.hash_report, v.hash_report);
	EXPECT_EQ(variant->size < 24 ? 0 : all_fields.outer_th_offset, v.outer_th_offset);
	EXPECT_EQ(variant->size < 24 ? 0 : all_fields.inner_nh_offset, v.inner_nh_offset);
}
