/* RFC 3164, as its senders and the files of syslog daemons write it, and RFC 5424. */
#include "watchers/line_moment.h"
#include "watchers/line_parts.h"

#include <string.h>

#define PRI_MAX 191
#define NIL SLICE("-")

/* RFC 5424, section 6.2.1; NULL-ended as tables of names are. */
static const char *const facilities[] = {
    "kern",   "user",     "mail",   "daemon", "auth",     "syslog",  "lpr",   "news",   "uucp",
    "cron",   "authpriv", "ftp",    "ntp",    "security", "console", "clock", "local0", "local1",
    "local2", "local3",   "local4", "local5", "local6",   "local7",  NULL,
};
static const char *const severities[] = { "emerg",  "alert", "crit",  "err", "warning",
                                          "notice", "info",  "debug", NULL };

static void skip(struct slice *rest, size_t n_bytes)
{
    rest->ptr += n_bytes;
    rest->len -= n_bytes;
}

static bool take_byte(struct slice *rest, char byte)
{
    if (!rest->len || *rest->ptr != byte)
        return false;
    skip(rest, 1);
    return true;
}

/* Bytes before the first one of `ends`. */
static size_t length_until(struct slice text, const char *ends)
{
    size_t len = 0;

    while (len < text.len && text.ptr[len] && !strchr(ends, text.ptr[len]))
        len++;
    return len;
}

/* Takes <PRI> off, where it stands. RC_NOT_FOUND: it does not. */
static enum rc take_priority(struct slice *rest, struct line_syslog *syslog)
{
    struct slice begin = moment_line_begin(*rest), digits = slice_trim(*rest);
    int64_t priority;

    if (!digits.len || *digits.ptr != '<')
        return RC_NOT_FOUND;
    skip(&digits, 1);
    digits.len = length_until(digits, ">");
    if (begin.ptr <= digits.ptr || slice_to_int(digits, &priority) != RC_OK || priority > PRI_MAX)
        return RC_NOT_FOUND;
    syslog->facility = facilities[priority / 8];
    syslog->severity = severities[priority % 8];
    *rest = begin;
    return RC_OK;
}

/* -- RFC 5424 -- */

static struct slice cut_word(struct slice *rest)
{
    struct slice word = slice_cut(rest, ' ');

    return slice_eq(word, NIL) || !word.len ? (struct slice){ 0 } : word;
}

/* Name, and what stands in its quotes. */
static enum rc take_parameter(struct slice *rest, struct slice id, struct arena *arena,
                              struct line_pairs *pairs)
{
    struct line_pair pair = { .group = id, .name = { rest->ptr, length_until(*rest, "= ]\"") } };
    enum rc rc;

    skip(rest, pair.name.len);
    if (!pair.name.len || !take_byte(rest, '=') || !take_byte(rest, '"'))
        return RC_INVALID;
    rc = line_cut_quoted(rest, "\"\\]", arena, &pair.value);
    return rc ? rc : line_pairs_add(pairs, pair);
}

/* [id name="value" …], behind its bracket. */
static enum rc take_element(struct slice *rest, struct arena *arena, struct line_pairs *pairs)
{
    struct slice id = { rest->ptr, length_until(*rest, "= ]\"") };
    enum rc rc;

    skip(rest, id.len);
    if (!id.len)
        return RC_INVALID;
    rc = line_pairs_add(pairs, (struct line_pair){ .group = id });
    while (!rc && take_byte(rest, ' '))
        rc = take_parameter(rest, id, arena, pairs);
    if (rc)
        return rc;
    return take_byte(rest, ']') ? RC_OK : RC_INVALID;
}

static enum rc take_structured(struct slice *rest, struct arena *arena, struct line_pairs *pairs)
{
    if (take_byte(rest, '-'))
        return RC_OK;
    if (!rest->len || *rest->ptr != '[')
        return RC_INVALID;
    while (take_byte(rest, '[')) {
        enum rc rc = take_element(rest, arena, pairs);

        if (rc)
            return rc;
    }
    return RC_OK;
}

/* Behind the version. */
static enum rc read_5424(struct slice rest, struct arena *arena, struct line_syslog *syslog)
{
    struct slice time = slice_cut(&rest, ' ');
    struct moment moment;
    enum rc rc;

    if (!slice_eq(time, NIL) && (moment_take_usual(&time, &moment) != RC_OK || time.len))
        return RC_INVALID;
    syslog->host = cut_word(&rest);
    syslog->program = cut_word(&rest);
    syslog->pid = cut_word(&rest);
    syslog->msgid = cut_word(&rest);
    rc = take_structured(&rest, arena, &syslog->structured);
    if (rc)
        return rc;
    if (rest.len && !take_byte(&rest, ' '))
        return RC_INVALID;
    if (slice_starts(rest, SLICE("\xef\xbb\xbf"))) /* says that UTF-8 follows */
        skip(&rest, 3);
    syslog->message = rest;
    return RC_OK;
}

/* -- RFC 3164 -- */

/* As the files of syslog daemons begin: `Nov 29 10:00:00`, or RFC 3339 with its T. */
static bool may_be_file_time(struct slice text)
{
    return text.len > 10 && ((*text.ptr >= 'A' && *text.ptr <= 'Z') || text.ptr[10] == 'T');
}

/* program[pid]: or program: in front of a message. */
static bool take_tag(struct slice *rest, struct line_syslog *syslog)
{
    struct slice at = *rest, program = { at.ptr, length_until(at, " :[") }, pid = { 0 };
    bool has_end;

    skip(&at, program.len);
    if (!program.len)
        return false;
    if (take_byte(&at, '[')) {
        pid = (struct slice){ at.ptr, length_until(at, " ]") };
        skip(&at, pid.len);
        if (!pid.len || !take_byte(&at, ']'))
            return false;
    }
    has_end = take_byte(&at, ':');
    if ((!has_end && slice_is_absent(pid)) || (at.len && *at.ptr != ' '))
        return false;
    syslog->program = program;
    syslog->pid = pid;
    *rest = at;
    return true;
}

/* What a program hands to its own machine's daemon names no host: the tag follows the time. */
static void take_host(struct slice *rest, struct line_syslog *syslog)
{
    struct slice at = *rest, word = slice_cut(&at, ' ');
    struct line_syslog tag;

    if (!word.len || slice_ends(word, SLICE(":")))
        return;
    if (take_tag(&word, &tag))
        return;
    syslog->host = word;
    *rest = at;
}

static enum rc read_3164(struct slice rest, bool has_priority, struct line_syslog *syslog)
{
    struct moment moment;

    if ((has_priority || may_be_file_time(rest)) && moment_take_usual(&rest, &moment) == RC_OK) {
        /* Cisco: a colon, and no host. */
        if (take_byte(&rest, ' '))
            take_host(&rest, syslog);
        else if (rest.len && !take_byte(&rest, ':'))
            return RC_INVALID;
    } else if (!has_priority) {
        return RC_INVALID;
    }
    rest = slice_trim(rest);
    (void)take_tag(&rest, syslog);
    syslog->message = slice_trim(rest);
    return RC_OK;
}

enum rc line_syslog_read(struct slice text, struct arena *arena, struct line_syslog *syslog)
{
    struct slice rest = text;
    bool has_priority, says_5424;

    *syslog = (struct line_syslog){ 0 };
    has_priority = take_priority(&rest, syslog) == RC_OK;
    rest = slice_trim(rest);
    /* Without a priority `1 -` may be any text. */
    says_5424 =
        slice_starts(rest, SLICE("1 ")) && rest.len > 2 && (has_priority || rest.ptr[2] != '-');
    if (!says_5424)
        return read_3164(rest, has_priority, syslog);
    skip(&rest, 2);
    return read_5424(rest, arena, syslog);
}
