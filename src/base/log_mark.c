#include "src/base/log_mark.h"

#include "src/base/digest.h"
#include "src/base/json_escape.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAC_HEX_BYTES 16
#define MARKS_MAX 8 /* a line that holds more is none of ours */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint8_t key[LOG_MARK_KEY_BYTES];
static bool has_key, is_marking;

void log_mark_use(const uint8_t *bytes, bool is_on)
{
    pthread_mutex_lock(&lock);
    memcpy(key, bytes, sizeof key);
    has_key = true;
    is_marking = is_on;
    pthread_mutex_unlock(&lock);
}

void log_mark_switch(bool is_on)
{
    pthread_mutex_lock(&lock);
    is_marking = is_on && has_key;
    pthread_mutex_unlock(&lock);
}

static bool format_mark(struct slice line, char *mark)
{
    char hex[SHA256_HEX_BYTES];
    struct sha256 mac;
    uint8_t copy[LOG_MARK_KEY_BYTES];

    pthread_mutex_lock(&lock);
    memcpy(copy, key, sizeof copy);
    pthread_mutex_unlock(&lock);
    if (hmac_sha256((struct slice){ (const char *)copy, sizeof copy }, line, &mac))
        return false;
    snprintf(mark, LOG_MARK_BYTES, "%u.%.*s", (unsigned)line.len & 0xffff, MAC_HEX_BYTES,
             hex_format(mac.bytes, SHA256_BYTES, hex));
    return true;
}

static bool read_flag(const bool *flag)
{
    bool value;

    pthread_mutex_lock(&lock);
    value = *flag;
    pthread_mutex_unlock(&lock);
    return value;
}

const char *log_mark_of(struct slice line, char *mark)
{
    if (!line.len || !read_flag(&is_marking) || !format_mark(line, mark))
        mark[0] = '\0';
    return mark;
}

/* `rest` begins behind the mark's name; `before` is what stands before it. */
static bool is_marked(struct slice before, struct slice rest)
{
    char mark[LOG_MARK_BYTES];
    struct slice number = slice_cut(&rest, '.');
    int64_t len;

    if (slice_to_int(number, &len) || len <= 0 || (uint64_t)len > before.len)
        return false;
    before = (struct slice){ before.ptr + before.len - (size_t)len, (size_t)len };
    if (!format_mark(before, mark))
        return false;
    return rest.len >= MAC_HEX_BYTES && !memcmp(rest.ptr, strchr(mark, '.') + 1, MAC_HEX_BYTES);
}

static bool holds_own(struct slice line)
{
    static const struct slice names[] = { { " mark=", 6 }, { ",\"mark\":\"", 9 } };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t begin = 0, offset;

        for (size_t n = 0; n < MARKS_MAX; n++) {
            struct slice rest = { line.ptr + begin, line.len - begin };

            if (slice_find(rest, names[i], &offset))
                break;
            begin += offset + names[i].len;
            if (is_marked((struct slice){ line.ptr, begin - names[i].len },
                          (struct slice){ line.ptr + begin, line.len - begin }))
                return true;
        }
    }
    return false;
}

/* A container's log has our line as a JSON string. Where memory is short it is a line as any other. */
static bool holds_own_escaped(struct slice line)
{
    char *text = memchr(line.ptr, '\\', line.len) ? malloc(line.len) : NULL;
    bool is_own = text && holds_own((struct slice){ text, json_unescape(line, text) });

    free(text);
    return is_own;
}

bool log_is_own(struct slice line)
{
    size_t offset;

    if (!read_flag(&has_key) || slice_find(line, SLICE("mark"), &offset))
        return false;
    return holds_own(line) || holds_own_escaped(line);
}
