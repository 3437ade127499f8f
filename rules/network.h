/* network.h - is this an address, and in that network?
 *
 * IPv4 and IPv6 as inet_pton reads them: no port, no brackets, no zone, no leading zeros. An IPv4 address that is written
 * as an IPv6 one (::ffff:10.0.0.1) is the IPv4 address, and so is such a network; nothing of IPv4 is in ::/0. */
#pragma once

#include "src/base/slice.h"

struct network {
    uint8_t bytes[16]; /* the first n_bytes of them */
    uint8_t n_bytes;   /* 4 or 16 */
    uint8_t n_bits;    /* of its prefix; all of them for a single address */
};

/* "10.0.0.0/8", or a single address. RC_INVALID: it is neither. `is_exact` is false where bits behind the prefix are set,
 * which are cleared in `network`. */
enum rc network_parse(struct slice text, struct network *network, bool *is_exact) MUST_CHECK;
/* A single address; else RC_INVALID. */
enum rc address_parse(struct slice text, struct network *address) MUST_CHECK;
bool network_has(const struct network *network, const struct network *address);
#define NETWORK_TEXT_BYTES 64
/* "10.0.0.0/8"; `text` holds NETWORK_TEXT_BYTES; returns it. */
const char *network_format(const struct network *network, char *text);
