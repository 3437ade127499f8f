#include "rules/network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
#define MAPPED_BITS 96

static void unmap(struct network *network)
{
    if (network->n_bytes != 16 || network->n_bits < MAPPED_BITS ||
        memcmp(network->bytes, mapped, sizeof(mapped)) != 0)
        return;
    memmove(network->bytes, network->bytes + sizeof(mapped), 4);
    memset(network->bytes + 4, 0, sizeof(mapped));
    network->n_bytes = 4;
    network->n_bits = (uint8_t)(network->n_bits - MAPPED_BITS);
}

/* With all bits as its prefix, and not unmapped yet. */
static enum rc read_address(struct slice text, struct network *address)
{
    char terminated[INET6_ADDRSTRLEN];
    bool is_6 = false;

    if (!text.len || text.len >= sizeof(terminated))
        return RC_INVALID;
    for (size_t i = 0; i < text.len; i++) {
        if (!text.ptr[i])
            return RC_INVALID;
        is_6 = is_6 || text.ptr[i] == ':';
    }
    memcpy(terminated, text.ptr, text.len);
    terminated[text.len] = '\0';
    *address = (struct network){ .n_bytes = is_6 ? 16 : 4, .n_bits = is_6 ? 128 : 32 };
    return inet_pton(is_6 ? AF_INET6 : AF_INET, terminated, address->bytes) == 1 ? RC_OK
                                                                                 : RC_INVALID;
}

enum rc address_parse(struct slice text, struct network *address)
{
    enum rc rc = read_address(text, address);

    if (!rc)
        unmap(address);
    return rc;
}

/* Bits of byte `i` that are of the prefix. */
static uint8_t mask_of(const struct network *network, size_t i)
{
    size_t n_before = 8 * i;

    if (network->n_bits >= n_before + 8)
        return 0xff;
    if (network->n_bits <= n_before)
        return 0;
    return (uint8_t)(0xff << (8 - (network->n_bits - n_before)));
}

enum rc network_parse(struct slice text, struct network *network, bool *is_exact)
{
    struct slice rest = text;
    struct slice address = slice_cut(&rest, '/');
    bool has_prefix = address.len < text.len;
    int64_t n_bits = 0;

    *is_exact = true;
    if (read_address(address, network))
        return RC_INVALID;
    if (has_prefix &&
        (slice_starts(rest, SLICE("-")) || (rest.len > 1 && slice_starts(rest, SLICE("0"))) ||
         slice_to_int(rest, &n_bits) || n_bits > 8 * network->n_bytes))
        return RC_INVALID;
    if (has_prefix)
        network->n_bits = (uint8_t)n_bits;
    for (size_t i = 0; i < network->n_bytes; i++) {
        uint8_t kept = network->bytes[i] & mask_of(network, i);

        *is_exact = *is_exact && kept == network->bytes[i];
        network->bytes[i] = kept;
    }
    unmap(network);
    return RC_OK;
}

bool network_has(const struct network *network, const struct network *address)
{
    if (network->n_bytes != address->n_bytes)
        return false;
    for (size_t i = 0; i < network->n_bytes; i++) {
        if ((address->bytes[i] & mask_of(network, i)) != network->bytes[i])
            return false;
    }
    return true;
}

const char *network_format(const struct network *network, char *text)
{
    char address[INET6_ADDRSTRLEN];
    int family = network->n_bytes == 4 ? AF_INET : AF_INET6;

    if (!inet_ntop(family, network->bytes, address, sizeof(address)))
        address[0] = '\0';
    (void)snprintf(text, NETWORK_TEXT_BYTES, "%s/%u", address, network->n_bits);
    return text;
}
