#include "actions/channels/answer.h"

#include "actions/channels/literal.h"
#include "src/base/buffer.h"
#include "src/base/clock.h"
#include "src/base/json.h"

#include <string.h>

#define ID_MAX_BYTES 64
#define SAID_MAX_UNITS 200
#define SECRET_PART_BYTES 16 /* shorter ones are words */
#define HTTP_TOO_FAST 429

struct json *answer_json(const struct http_answer *answer)
{
    struct json_fault fault;
    struct json *root = NULL;

    if (answer->truncated || json_parse(answer->body, JSON_LIMITS_DEFAULT, &root, &fault))
        return NULL;
    return root;
}

static int64_t wait_of_seconds(double seconds)
{
    if (!(seconds > 0))
        return 0;
    if (seconds >= (double)(DAY_MS / SECOND_MS))
        return DAY_MS;
    return (int64_t)(seconds * (double)SECOND_MS + 0.999); /* never too early */
}

int64_t answer_wait_ms(const struct json *seconds)
{
    double number;

    return json_number(seconds, &number) ? 0 : wait_of_seconds(number);
}

static int64_t retry_after_ms(const struct http_answer *answer)
{
    int64_t seconds;

    if (slice_to_int(http_answer_header_value(answer, "Retry-After"), &seconds))
        return 0;
    return wait_of_seconds((double)seconds);
}

bool answer_is_id(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
            return false;
    }
    return text.len > 0 && text.len <= ID_MAX_BYTES;
}

/* -- the sentence -- */

static bool holds(struct slice text, struct slice part)
{
    size_t offset;

    return part.len && slice_find(text, part, &offset) == RC_OK;
}

/* Of an address that is a secret, one segment is: "hooks/xxx", "ID/TOKEN", "…?sig=…". */
static bool holds_secret(struct slice said, struct slice secret)
{
    struct slice rest = secret;

    if (holds(said, secret))
        return true;
    while (rest.len) {
        struct slice part = { .ptr = rest.ptr };

        while (part.len < rest.len && !strchr("/?&=:", rest.ptr[part.len]))
            part.len++;
        if (part.len >= SECRET_PART_BYTES && holds(said, part))
            return true;
        rest.ptr += part.len + (part.len < rest.len);
        rest.len -= part.len + (part.len < rest.len);
    }
    return false;
}

/* What is not ours to show, or not fit to be shown, is left out. */
static struct slice shown_of(struct slice said, struct slice secret, struct arena *arena)
{
    struct slice shown = { 0 };

    if (holds_secret(said, secret))
        return SLICE("(it repeats the secret)");
    if (literal_make(&literal_plain, said, SAID_MAX_UNITS, arena, &shown))
        return SLICE("");
    return slice_trim(shown);
}

/* "Discord refused: Unknown Webhook (404): make a new webhook"; absent only when memory is out. */
static struct slice sentence(const struct channel_call *call, const char *what, struct slice shown,
                             int status, const char *advice, struct arena *arena)
{
    struct slice text = { 0 };
    struct buffer out;

    buffer_init(&out, 0);
    buffer_format(&out, "%s %s", call->channel->kind->title, what);
    if (shown.len)
        buffer_format(&out, ": %.*s", SLICE_ARG(shown));
    if (status)
        buffer_format(&out, " (%d)", status);
    if (advice)
        buffer_format(&out, ": %s", advice);
    buffer_add_byte(&out, '\0');
    if (buffer_rc(&out) || arena_copy(arena, slice_of(out.ptr), &text))
        text = SLICE("out of memory");
    buffer_free(&out);
    return text;
}

/* -- what it means -- */

/* It may have arrived. */
static enum channel_outcome unclear(const struct channel_call *call)
{
    return call->part == MESSAGE_EDIT ? CHANNEL_RETRY : CHANNEL_LOST;
}

static void read_silence(const struct channel_call *call, enum rc rc,
                         const struct http_answer *answer, struct arena *arena,
                         struct channel_result *result)
{
    const char *why = answer->error ? answer->error : rc_text(rc);

    /* What is not sent at all, however often: to an address that cannot be, or to somebody who is not proven to be there. */
    if (rc == RC_INVALID || answer->is_unproven)
        result->outcome = CHANNEL_STOPPED;
    else
        result->outcome = answer->may_have_arrived ? unclear(call) : CHANNEL_RETRY;
    result->error = sentence(call, "did not answer", slice_of(why), 0, NULL, arena);
}

static bool fits(const struct answer_row *row, const struct channel_call *call, int status,
                 const struct answer_said *said)
{
    if (row->status ? row->status != status : status < 400)
        return false;
    if (row->is_edit && call->part != MESSAGE_EDIT)
        return false;
    return !row->says || slice_eq(said->code, slice_of(row->says)) ||
           holds(said->text, slice_of(row->says));
}

/* What no row of the service speaks of. */
static const struct answer_row *common_row(const struct channel_call *call, int status)
{
    static const struct answer_row rows[] = {
        { .outcome = CHANNEL_LOST, .advice = "this is not the answer of a success" },
        { .outcome = CHANNEL_RETRY, .advice = "this is not the answer of a success" },
        { .outcome = CHANNEL_RETRY,
          .advice = "it redirects, which is not followed: is the address right?" },
        { .outcome = CHANNEL_DEAD, .advice = "this message will never be taken" },
        { .outcome = CHANNEL_RETRY },
        { .outcome = CHANNEL_LOST },
    };
    bool is_edit = call->part == MESSAGE_EDIT;

    if (status < 300)
        return &rows[is_edit ? 1 : 0];
    if (status < 400)
        return &rows[2];
    if (status < 500)
        return &rows[status == 408 || status == 425 ? 4 : 3];
    return &rows[is_edit ? 4 : 5];
}

static const struct answer_row *find_row(const struct channel_call *call, int status,
                                         const struct answer_table *table,
                                         const struct answer_said *said)
{
    for (size_t i = 0; i < table->n_rows; i++) {
        if (fits(&table->rows[i], call, status, said))
            return &table->rows[i];
    }
    return common_row(call, status);
}

/* Without a time to wait for, backoff is as good as any. */
static void read_too_fast(const struct channel_call *call, const struct http_answer *answer,
                          const struct answer_said *said, struct arena *arena,
                          struct channel_result *result)
{
    int64_t header_ms = retry_after_ms(answer);

    result->wait_ms = said->wait_ms > header_ms ? said->wait_ms : header_ms;
    result->outcome = result->wait_ms ? CHANNEL_WAIT : CHANNEL_RETRY;
    result->error =
        sentence(call, "is sent too much at once", SLICE(""), answer->status, NULL, arena);
}

void answer_refused(const struct channel_call *call, enum rc rc, const struct http_answer *answer,
                    const struct answer_table *table, const struct answer_said *said,
                    struct slice secret, struct arena *arena, struct channel_result *result)
{
    const struct answer_row *row;

    *result = (struct channel_result){ 0 };
    if (rc) {
        read_silence(call, rc, answer, arena, result);
        return;
    }
    if (answer->status == HTTP_TOO_FAST) {
        read_too_fast(call, answer, said, arena, result);
        return;
    }
    row = find_row(call, answer->status, table, said);
    result->outcome = row->outcome;
    result->error =
        sentence(call, answer->status < 400 ? "answered" : "refused",
                 shown_of(said->text, secret, arena), answer->status, row->advice, arena);
}

void answer_sent(const struct channel_call *call, struct slice handle, struct arena *arena,
                 struct channel_result *result)
{
    *result = (struct channel_result){ .outcome = CHANNEL_SENT };
    if (call->part == MESSAGE_CARD && slice_is_absent(handle))
        handle = SLICE("sent"); /* that it is posted is known by its handle */
    /* Without memory for its id the card is found again, or posted again: both are better than one that nobody can change. */
    if (call->part == MESSAGE_CARD && (arena_copy(arena, handle, &result->handle) ||
                                       arena_copy(arena, call->message->place, &result->place)))
        *result =
            (struct channel_result){ .outcome = CHANNEL_LOST, .error = SLICE("out of memory") };
}
