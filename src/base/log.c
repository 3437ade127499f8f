#include "src/base/log.h"

#include "src/base/clock.h"
#include "src/base/log_mark.h"
#include "src/base/utf8.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_BYTES 4096
#define LINE_BYTES (6 * MESSAGE_BYTES + 256) /* the longest escape of a byte is "\u001b" */
#define MAX_PAIRS 32                         /* of one line in JSON; what follows is left out */

const char *const log_level_names[] = { "debug", "info", "warn", "error", NULL };
const char *const log_format_names[] = { "text", "json", NULL };

static _Atomic int least_level = LOG_INFO;
static _Atomic int line_format = LOG_TEXT;

/* On the stack: the line that reports that memory is out must not need any. */
struct line {
    char bytes[LINE_BYTES];
    size_t len;
};

struct pair {
    struct slice key;
    struct slice value;
};

void log_configure(enum log_level level, enum log_format format)
{
    atomic_store(&least_level, (int)level);
    atomic_store(&line_format, (int)format);
}

static void add(struct line *line, struct slice bytes)
{
    if (bytes.len > sizeof(line->bytes) - line->len)
        bytes.len = sizeof(line->bytes) - line->len;
    if (!bytes.len)
        return;
    memcpy(line->bytes + line->len, bytes.ptr, bytes.len);
    line->len += bytes.len;
}

static void add_text_line(struct line *line, const char *time, enum log_level level,
                          struct slice message)
{
    char escaped[SHOWN_BYTES];

    add(line, slice_of(time));
    add(line, SLICE(" "));
    add(line, slice_of(log_level_names[level]));
    add(line, SLICE(" "));
    while (message.len)
        add(line, slice_cut_shown(&message, escaped));
}

/* Takes one character off `rest` and gives it as it stands in a JSON string. DEL and C1 are escaped beside what JSON
 * asks for, since lines get read on terminals. `escaped` holds 7 bytes. */
static struct slice cut_json_character(struct slice *rest, char *escaped)
{
    uint32_t code_point = 0;
    size_t len = utf8_char_len(rest->ptr, rest->len, &code_point);
    struct slice character = { .ptr = rest->ptr, .len = len ? len : 1 };

    rest->ptr += character.len;
    rest->len -= character.len;
    if (!len)
        return SLICE("\\ufffd");
    if (code_point >= 0xa0 ||
        (code_point >= 0x20 && code_point < 0x7f && code_point != '"' && code_point != '\\'))
        return character;
    snprintf(escaped, 7, "\\u%04x", (unsigned)code_point & 0xff);
    return slice_of(escaped);
}

static void add_json_string(struct line *line, struct slice text)
{
    char escaped[7];

    add(line, SLICE("\""));
    while (text.len)
        add(line, cut_json_character(&text, escaped));
    add(line, SLICE("\""));
}

static void add_json_member(struct line *line, struct slice key, struct slice value)
{
    add(line, line->len ? SLICE(",") : SLICE("{"));
    add_json_string(line, key);
    add(line, SLICE(":"));
    add_json_string(line, value);
}

static bool is_key_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* Length of the key where `text` starts with key=; else 0. */
static size_t key_len(struct slice text)
{
    size_t len = 0;

    while (len < text.len && is_key_byte(text.ptr[len]))
        len++;
    return len < text.len && text.ptr[len] == '=' ? len : 0;
}

/* Length of the value that `text` starts with: to the next blank, or, in quotes, to the one that ends the line or
 * stands before the next key, since a quoted value may hold quotes of its own. */
static size_t value_len(struct slice text)
{
    if (!text.len || text.ptr[0] != '"')
        return slice_cut(&text, ' ').len;
    for (size_t i = 1; i < text.len; i++) {
        struct slice rest = { .ptr = text.ptr + i + 1, .len = text.len - i - 1 };

        if (text.ptr[i] != '"')
            continue;
        if (!rest.len || (rest.ptr[0] == ' ' &&
                          key_len((struct slice){ .ptr = rest.ptr + 1, .len = rest.len - 1 })))
            return i + 1;
    }
    return text.len;
}

static struct slice without_quotes(struct slice value)
{
    if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
        return (struct slice){ .ptr = value.ptr + 1, .len = value.len - 2 };
    return value;
}

/* The fact is what stands before the first word of the form key=value. */
static struct slice cut_fact(struct slice *rest)
{
    struct slice message = *rest;

    while (rest->len && !key_len(*rest))
        slice_cut(rest, ' ');
    message.len -= rest->len;
    return slice_trim(message);
}

static bool is_taken(struct slice key, const struct pair *pairs, size_t n_pairs)
{
    static const char *const ours[] = { "time", "level", "text", "mark", NULL };
    int ignored;

    if (slice_to_enum(key, ours, &ignored) == RC_OK)
        return true;
    for (size_t i = 0; i < n_pairs; i++) {
        if (slice_eq(pairs[i].key, key))
            return true;
    }
    return false;
}

static size_t read_pairs(struct slice rest, struct pair *pairs)
{
    size_t n_pairs = 0;

    while (rest.len && n_pairs < MAX_PAIRS) {
        struct slice key = { .ptr = rest.ptr, .len = key_len(rest) };
        struct slice value = { .ptr = rest.ptr + key.len + 1, .len = rest.len - key.len - 1 };

        if (!key.len) { /* a bare word between pairs belongs to none */
            slice_cut(&rest, ' ');
            continue;
        }
        rest = value;
        value.len = value_len(value);
        rest.ptr += value.len;
        rest.len -= value.len;
        rest = slice_trim(rest);
        if (!is_taken(key, pairs, n_pairs))
            pairs[n_pairs++] = (struct pair){ .key = key, .value = without_quotes(value) };
    }
    return n_pairs;
}

static void add_json_line(struct line *line, const char *time, enum log_level level,
                          struct slice message)
{
    struct pair pairs[MAX_PAIRS];
    struct slice fact = cut_fact(&message);
    size_t n_pairs = read_pairs(message, pairs);

    add_json_member(line, SLICE("time"), slice_of(time));
    add_json_member(line, SLICE("level"), slice_of(log_level_names[level]));
    add_json_member(line, SLICE("text"), fact);
    for (size_t i = 0; i < n_pairs; i++)
        add_json_member(line, pairs[i].key, pairs[i].value);
}

/* The last word of a line, of an object its last member. */
static void add_mark(struct line *line, bool is_json)
{
    char bytes[LOG_MARK_BYTES];
    struct slice mark =
        slice_of(log_mark_of((struct slice){ .ptr = line->bytes, .len = line->len }, bytes));

    if (mark.len && is_json) {
        add_json_member(line, SLICE("mark"), mark);
    } else if (mark.len) {
        add(line, SLICE(" mark="));
        add(line, mark);
    }
    if (is_json)
        add(line, SLICE("}"));
}

/* One write a line, so that lines of several threads do not mix. Where nobody reads the log, nothing can be done. */
static void end_line(struct line *line, bool is_json)
{
    ssize_t ignored;

    add_mark(line, is_json);
    if (line->len == sizeof(line->bytes))
        line->len--;
    line->bytes[line->len++] = '\n';
    ignored = write(STDERR_FILENO, line->bytes, line->len);
    (void)ignored;
}

static void put_line(enum log_level level, struct slice message)
{
    struct line line;
    char time[TIME_TEXT_BYTES];

    line.len = 0;
    time_format(clock_wall_ms(), time);
    if (atomic_load(&line_format) == LOG_JSON)
        add_json_line(&line, time, level, message);
    else
        add_text_line(&line, time, level, message);
    end_line(&line, atomic_load(&line_format) == LOG_JSON);
}

static bool is_wanted(enum log_level level)
{
    return (int)level >= atomic_load(&least_level);
}

__attribute__((format(printf, 3, 0))) static void put_message(enum log_level level, uint64_t n_held,
                                                              const char *format, va_list args)
{
    static const char cut_mark[] = "…";
    static const size_t room = 32; /* for the mark and the count at the end */
    char message[MESSAGE_BYTES];
    int error = errno; /* callers log and then look at it */
    int wanted = vsnprintf(message, sizeof(message) - room, format, args);
    size_t len = wanted > 0 ? (size_t)wanted : 0;

    if (len >= sizeof(message) - room) {
        len = sizeof(message) - room - 1;
        memcpy(message + len, cut_mark, sizeof(cut_mark) - 1);
        len += sizeof(cut_mark) - 1;
    }
    if (n_held)
        len += (size_t)snprintf(message + len, sizeof(message) - len, " held=%llu",
                                (unsigned long long)n_held);
    put_line(level, (struct slice){ .ptr = message, .len = len });
    errno = error;
}

void log_write(enum log_level level, const char *format, ...)
{
    va_list args;

    if (!is_wanted(level))
        return;
    va_start(args, format);
    put_message(level, 0, format, args);
    va_end(args);
}

static void put_as_it_is(struct slice text)
{
    struct line line;

    line.len = 0;
    add(&line, text);
    end_line(&line, false);
}

void log_lines(enum log_level level, struct slice text)
{
    if (!is_wanted(level))
        return;
    while (text.len) {
        struct slice line = slice_cut(&text, '\n');

        if (atomic_load(&line_format) == LOG_TEXT)
            put_as_it_is(line);
        else if (line.len)
            log_write(level, "%.*s", SLICE_ARG(line));
    }
}

/* True when a line may pass now; gives how many did not since the last one. */
static bool pass_limit(struct log_limit *limit, uint64_t *n_held)
{
    static pthread_mutex_t lock =
        PTHREAD_MUTEX_INITIALIZER; /* for every limit: it is held for an instant */
    int64_t now_mono_ms = clock_mono_ms();
    bool passes;

    pthread_mutex_lock(&lock);
    passes = now_mono_ms >= limit->next_mono_ms;
    *n_held = limit->n_held;
    if (passes) {
        limit->next_mono_ms = now_mono_ms + MINUTE_MS;
        limit->n_held = 0;
    } else {
        limit->n_held++;
    }
    pthread_mutex_unlock(&lock);
    return passes;
}

void log_limited(struct log_limit *limit, enum log_level level, const char *format, ...)
{
    uint64_t n_held;
    va_list args;

    if (!is_wanted(level) || !pass_limit(limit, &n_held))
        return;
    va_start(args, format);
    put_message(level, n_held, format, args);
    va_end(args);
}
