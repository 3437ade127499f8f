#include "src/base/utf8.h"

struct lead {
    uint8_t first, last; /* range of the first byte */
    uint8_t n_more;      /* bytes that follow it */
    uint8_t second_from; /* range of the second byte: shuts out overlong forms and surrogates */
    uint8_t second_to;
};

/* RFC 3629, section 4. */
static const struct lead leads[] = {
    { .first = 0xc2, .last = 0xdf, .n_more = 1, .second_from = 0x80, .second_to = 0xbf },
    { .first = 0xe0, .last = 0xe0, .n_more = 2, .second_from = 0xa0, .second_to = 0xbf },
    { .first = 0xe1, .last = 0xec, .n_more = 2, .second_from = 0x80, .second_to = 0xbf },
    { .first = 0xed, .last = 0xed, .n_more = 2, .second_from = 0x80, .second_to = 0x9f },
    { .first = 0xee, .last = 0xef, .n_more = 2, .second_from = 0x80, .second_to = 0xbf },
    { .first = 0xf0, .last = 0xf0, .n_more = 3, .second_from = 0x90, .second_to = 0xbf },
    { .first = 0xf1, .last = 0xf3, .n_more = 3, .second_from = 0x80, .second_to = 0xbf },
    { .first = 0xf4, .last = 0xf4, .n_more = 3, .second_from = 0x80, .second_to = 0x8f },
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
    if (!lead || len <= lead->n_more || bytes[1] < lead->second_from || bytes[1] > lead->second_to)
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

bool utf8_is_valid(const char *ptr, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t here = utf8_char_len(ptr + at, len - at, NULL);

        if (!here)
            return false;
        at += here;
    }
    return true;
}

bool utf8_acts_on_its_surroundings(uint32_t code_point)
{
    return code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0) || /* controls */
           code_point == 0x061c ||                                           /* direction marks */
           (code_point >= 0x200e && code_point <= 0x200f) ||
           (code_point >= 0x2028 && code_point <= 0x202e) || /* line ends, direction overrides */
           (code_point >= 0x2066 && code_point <= 0x2069) || /* direction isolates */
           code_point == 0xfeff;
}
