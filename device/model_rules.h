/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The numbers that the model of the data path goes by. They stand in a table so that a unit test
 * can change one and see that the sweep over the kernel notices; nothing else writes to it.
 */
#ifndef DEVICE_MODEL_RULES_H
#define DEVICE_MODEL_RULES_H

#include <stdint.h>

#define MODEL_RULES(X)                                                                 \
	X(PI_SIZE, 4)                                                                  \
	X(HDR_PARSED, 10)	  /* of a vnet header, the driver looks at so much */  \
	X(HDR_TUNNEL, 24)	  /* ... and here has the offsets of a tunnel */       \
	X(NEEDS_CSUM, 1)                                                               \
	X(TUNNEL_CSUM, 8)                                                              \
	X(GSO_TCPV4, 1)                                                                \
	X(GSO_UDP, 3)                                                                  \
	X(GSO_TCPV6, 4)                                                                \
	X(GSO_UDP_L4, 5)                                                               \
	X(GSO_ECN, 0x80)                                                               \
	X(GSO_TUNNEL4, 0x20)                                                           \
	X(GSO_TUNNEL6, 0x40)                                                           \
	X(GSO_BY_FRAGS, 0xffff)                                                        \
	X(TCP_MIN_GSO, 8)                                                              \
	X(USO_SEGMENTS, 128)                                                           \
	X(CSUM_SIZE, 2)                                                                \
	X(CSUM_END, 0xffff)	  /* a checksum starts below, counted from the head */ \
	X(TCP_CHECK, 16)                                                               \
	X(UDP_CHECK, 6)                                                                \
	X(TCP_HEADER, 20)                                                              \
	X(UDP_HEADER, 8)                                                               \
	X(IPV4_HEADER, 20)                                                             \
	X(IPV6_HEADER, 40)                                                             \
	X(ETH_HEADER, 14)                                                              \
	X(ETH_TYPE_AT, 12)                                                             \
	X(ETH_TYPE_MIN, 0x600)	  /* below it is a length */                           \
	X(ETH_TYPE_IPX, 1)	  /* ETH_P_802_3, by the bytes ff ff behind it */      \
	X(ETH_TYPE_LLC, 4)	  /* ETH_P_802_2 */                                    \
	X(ETH_TYPE_VLAN, 0x8100)                                                       \
	X(ETH_TYPE_QINQ, 0x88a8)                                                       \
	X(VLAN_TAG, 4)                                                                 \
	X(VLAN_NEEDS, 6)	  /* bytes of a frame behind the type: tag and type */ \
	X(VERSION4_TYPE, 0x0800)                                                       \
	X(VERSION6_TYPE, 0x86dd)                                                       \
	X(FRAME_LIMIT, 65535)	  /* of IFF_NAPI_FRAGS, with the room in front */      \
	X(REFUSED_DROPPED, 1)	  /* gain of rx_dropped by a bad IP version */         \
	X(DOWN_DROPPED, 1)	  /* ... by a device that is down */                   \
	X(FRAGS_DROPPED, 1)	  /* ... by bad fragments */                           \
	X(UNTAKEN_DROPPED, 1)	  /* ... by the stack if nobody takes it */            \
	X(FRAME_ERRORS, 1)                                                             \
	X(STRIPPED, 1)		  /* TUN_PKT_STRIP */                                  \
	X(VLAN_AT, 12)		  /* where a tag kept apart is put back */

enum model_rule {
#define MODEL_RULE_NAME(name, value) RULE_##name,
	MODEL_RULES(MODEL_RULE_NAME)
#undef MODEL_RULE_NAME
	NUM_MODEL_RULES
};

extern uint16_t model_rules[NUM_MODEL_RULES];
extern const char *const model_rule_names[NUM_MODEL_RULES];

#define RULE(name) ((unsigned int)model_rules[RULE_##name])

#endif /* DEVICE_MODEL_RULES_H */
