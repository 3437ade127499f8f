#include "src/base/utf8.h"

struct lead {
    uint8_t first, last;     /* range of the first byte */
    uint8_t n_more;          /* bytes that follow it */
    uint8_t second_from, to; /* range of the second byte: shuts out overlong forms and surrogates */
};

/* RFC 3629, section 4. */
static const struct lead leads[] = {
    { 0xc2, 0xdf, 1, 0x80, 0xbf }, { 0xe0, 0xe0, 2, 0xa0, 0xbf }, { 0xe1, 0xec, 2, 0x80, 0xbf },
    { 0xed, 0xed, 2, 0x80, 0x9f }, { 0xee, 0xef, 2, 0x80, 0xbf }, { 0xf0, 0xf0, 3, 0x90, 0xbf },
    { 0xf1, 0xf3, 3, 0x80, 0xbf }, { 0xf4, 0xf4, 3, 0x80, 0x8f },
};

static const struct lead *find_lead(uint8_t byte)
{
    for (size_t i = 0; i < sizeof leads / sizeof *leads; i++)
        if (byte >= leads[i].first && byte <= leads[i].last)
            return &leads[i];
    return NULL;
}

size_t utf8_char_len(const char *ptr, size_t len, uint32_t *code_point)
{
    const uint8_t *bytes = (const uint8_t *)ptr;
    const struct lead *lead;
    uint32_t value;

    if (len == 0)
        return 0;
    if (bytes[0] < 0x80) {
        if (code_point)
            *code_point = bytes[0];
        return 1;
    }
    lead = find_lead(bytes[0]);
    if (!lead || len <= lead->n_more || bytes[1] < lead->second_from || bytes[1] > lead->to)
        return 0;
    value = bytes[0] & (0x3fu >> lead->n_more);
    for (size_t i = 1; i <= lead->n_more; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (bytes[i] & 0x3fu);
    }
    if (code_point)
        *code_point = value;
    return 1 + (size_t)lead->n_more;
}
