/* What came of a call of Slack's: an outcome, and in words what was wrong and what to do.
 *
 * docs.slack.dev "Web API": the status says nothing but 429; an error is 200 with {"ok":false,"error":"code"}. Nothing counts as done but ok:true in a
 * whole answer with status 200. What is no answer of Slack's at all (HTML, a redirect, a proxy's 502) leaves open whether a message arrived. */
#include "actions/channels/slack.h"
#include "actions/channels/slack_card.h"
#include "actions/channels/slack_code.h"
#include "src/base/clock.h"
#include "src/base/json.h"

#include <string.h>

#define WAIT_DEFAULT_MS (30 * SECOND_MS) /* where Slack does not say how long */
#define WAIT_MAX_MS DAY_MS               /* whatever says more is not Slack */
#define SHOWN_PART_BYTES 200
#define ERROR_BYTES 2000

/* -- what is told -- */

struct reading {
    const struct channel_call *call;
    const struct http_answer *answer;
    struct arena *arena;
    struct channel_result *result;
};

/* What came from outside, short and without what acts on a terminal. */
static void add_part(struct buffer *text, const char *before, struct slice part, const char *after)
{
    if (!part.len)
        return;
    if (part.len > SHOWN_PART_BYTES)
        part.len = SHOWN_PART_BYTES;
    buffer_add_text(text, before);
    buffer_add_shown(text, part);
    buffer_add_text(text, after);
}

/* Takes the text. Whoever answers may repeat what was asked: our token is in no log, whatever it says. */
static void tell(const struct reading *reading, struct buffer *text)
{
    struct slice token = reading->call->channel->token;
    size_t ignored;

    if (token.len && !slice_find(buffer_slice(text), token, &ignored))
        reading->result->error = SLICE("an answer that repeats our token, and is not shown");
    else if (buffer_rc(text) ||
             arena_copy(reading->arena, buffer_slice(text), &reading->result->error))
        reading->result->error = SLICE("refused; out of memory for the reason");
    buffer_free(text);
}

static void conclude(const struct reading *reading, enum channel_outcome outcome,
                     const char *before, struct slice part, const char *after)
{
    struct buffer text;

    reading->result->outcome = outcome;
    buffer_init(&text, ERROR_BYTES);
    if (!part.len)
        buffer_add_text(&text, before);
    add_part(&text, before, part, after);
    tell(reading, &text);
}

/* -- no answer, or none of Slack's -- */

static void read_failure(const struct reading *reading, enum rc rc)
{
    const struct http_answer *answer = reading->answer;
    struct slice why = slice_of(answer->error ? answer->error : rc_text(rc));

    if (answer->is_unproven)
        conclude(reading, CHANNEL_STOPPED, "", why,
                 ", so nothing was sent: is something between us and Slack, is the clock right, "
                 "are the system's ca-certificates there?");
    else if (rc == RC_INVALID)
        conclude(reading, CHANNEL_STOPPED, "the request cannot be made: ", why,
                 "; are `base_url` and the token right?");
    else
        conclude(reading, answer->may_have_arrived ? CHANNEL_LOST : CHANNEL_RETRY, "", why, "");
}

static void read_no_answer(const struct reading *reading, const char *what)
{
    struct buffer text;

    reading->result->outcome = CHANNEL_LOST;
    buffer_init(&text, ERROR_BYTES);
    buffer_format(&text, "HTTP %d, and %s: is `base_url` right, is something between us and Slack?",
                  reading->answer->status, what);
    tell(reading, &text);
}

/* Whole seconds, as they are said; "0" is less than one. */
static int64_t pause_ms(struct slice after)
{
    int64_t seconds;

    if (slice_to_int(after, &seconds) || seconds < 0)
        return WAIT_DEFAULT_MS;
    if (seconds > WAIT_MAX_MS / SECOND_MS)
        return WAIT_MAX_MS;
    return seconds ? seconds * SECOND_MS : SECOND_MS;
}

static void read_wait(const struct reading *reading)
{
    struct slice after = http_answer_header_value(reading->answer, "Retry-After");

    reading->result->wait_ms = pause_ms(after);
    if (slice_is_absent(after))
        conclude(reading, CHANNEL_WAIT, "too fast; Slack does not say for how long to pause", after,
                 "");
    else
        conclude(reading, CHANNEL_WAIT, "too fast; Slack asks for a pause of ", after, " s");
}

/* -- Slack's answer -- */

static struct slice text_at(const struct json *node, const char *name)
{
    return json_string(json_get_text(node, name));
}

/* "missing_scope: needs channels:history, has chat:write; add the scope to …" */
static void read_refusal(const struct reading *reading, const struct json *root)
{
    struct slice said = text_at(root, "error");
    const struct slack_code *code = slack_code_find(said);
    const struct json *messages =
        json_get_text(json_get_text(root, "response_metadata"), "messages");
    struct buffer text;

    if (code->outcome == CHANNEL_WAIT) {
        read_wait(reading);
        return;
    }
    reading->result->outcome =
        reading->call->is_search && code->is_of_method ? CHANNEL_NOT_FOUND : code->outcome;
    buffer_init(&text, ERROR_BYTES);
    add_part(&text, "", said, "");
    add_part(&text, ": needs ", text_at(root, "needed"), "");
    add_part(&text, ", has ", text_at(root, "provided"), "");
    add_part(&text, " (", json_string(json_first(messages)), ")");
    buffer_format(&text, "; %s", code->advice);
    tell(reading, &text);
}

/* Any app of the workspace can write such metadata. If we take its message for our card, Slack refuses to change it (cant_update_message) and the card is posted anew: no need
 * to know our own name here. */
static bool is_ours(const struct channel_call *call, struct slice proposal,
                    const struct json *message)
{
    const struct json *metadata = json_get_text(message, "metadata");
    const struct json *payload = json_get_text(metadata, "event_payload");
    struct slice type = text_at(metadata, "event_type");
    int64_t number;

    if (!slice_eq(text_at(payload, "proposal"), proposal))
        return false;
    if (call->part != MESSAGE_NOTE)
        return slice_eq(type, SLICE(SLACK_METADATA_PROPOSAL));
    return slice_eq(type, SLICE(SLACK_METADATA_NOTE)) &&
           !json_int(json_get_text(payload, "note"), &number) && number == call->note->number;
}

static void take_handle(const struct reading *reading, struct slice ts, struct slice place)
{
    struct channel_result *result = reading->result;

    if (arena_copy(reading->arena, ts, &result->handle) ||
        arena_copy(reading->arena, place, &result->place)) {
        result->handle = result->place = (struct slice){ 0 };
        conclude(reading, CHANNEL_LOST, "out of memory", (struct slice){ 0 }, "");
    }
}

/* The card that we gave up, when it is posted anew, is not the one that is looked for. */
static void read_found(const struct reading *reading, const struct json *root)
{
    const struct channel_call *call = reading->call;
    char text[ULID_TEXT_BYTES];
    struct slice proposal;

    reading->result->outcome = CHANNEL_NOT_FOUND;
    if (arena_format(reading->arena, &proposal, "prp_%s",
                     ulid_format(call->message->proposal, text))) {
        conclude(reading, CHANNEL_RETRY, "out of memory", (struct slice){ 0 }, "");
        return;
    }
    for (const struct json *message = json_first(json_get_text(root, "messages")); message;
         message = json_next(message)) {
        struct slice ts = text_at(message, "ts");

        if (!slack_is_ts(ts) || slice_eq(ts, call->message->handle) ||
            !is_ours(call, proposal, message))
            continue;
        reading->result->outcome = CHANNEL_FOUND;
        if (call->part == MESSAGE_CARD)
            take_handle(reading, ts, slack_place(call));
        return;
    }
}

static void read_success(const struct reading *reading, const struct json *root)
{
    const struct channel_call *call = reading->call;
    struct slice ts = text_at(root, "ts");
    struct slice place = text_at(root, "channel");

    if (call->is_search) {
        read_found(reading, root);
        return;
    }
    if (call->part == MESSAGE_CARD && !slack_is_ts(ts)) {
        read_no_answer(reading, "an ok without the message's `ts`");
        return;
    }
    reading->result->outcome = CHANNEL_SENT;
    if (call->part == MESSAGE_CARD)
        take_handle(reading, ts, slack_is_id(place, "CGD") ? place : slack_place(call));
}

/* -- the whole -- */

static void read_root(const struct reading *reading, const struct json *root)
{
    enum json_type ok = json_type_of(json_get_text(root, "ok"));

    if (ok == JSON_TRUE && reading->answer->status == 200)
        read_success(reading, root);
    else if (ok == JSON_FALSE && text_at(root, "error").len)
        read_refusal(reading, root);
    else
        read_no_answer(reading, "not an answer of Slack's");
}

/* A search's answer holds what others wrote. Where it is too large, or JSON that is not quite JSON, it will be so the next time: as good as no right to look. */
static bool is_unreadable_for_good(const struct reading *reading)
{
    const struct http_answer *answer = reading->answer;

    if (!reading->call->is_search || answer->status != 200)
        return false;
    if (answer->truncated)
        return answer->body.len >= (size_t)SLACK_SEARCH_LIMIT_BYTES;
    return slice_starts(answer->content_type, SLICE("application/json"));
}

static void read_body(const struct reading *reading)
{
    const struct http_answer *answer = reading->answer;
    struct json *root = NULL;
    struct json_fault fault;
    bool is_whole =
        !answer->truncated && !json_parse(answer->body, JSON_LIMITS_DEFAULT, &root, &fault);

    if (is_whole)
        read_root(reading, root);
    else if (is_unreadable_for_good(reading))
        conclude(reading, CHANNEL_NOT_FOUND, "the conversation's history cannot be read",
                 (struct slice){ 0 }, "");
    else
        read_no_answer(reading, answer->truncated ? "an answer that breaks off"
                                                  : "not an answer of Slack's");
    json_free(root);
}

/* The same answer means something else to what may be repeated, and nothing may go round in circles. */
static enum channel_outcome fit_to_call(const struct channel_call *call,
                                        enum channel_outcome outcome)
{
    bool may_repeat = call->is_search || call->part == MESSAGE_EDIT;

    switch (outcome) {
    case CHANNEL_LOST:
        return may_repeat ? CHANNEL_RETRY : CHANNEL_LOST;
    case CHANNEL_ANEW:
        if (call->is_search)
            return CHANNEL_NOT_FOUND;
        return call->part == MESSAGE_CARD ? CHANNEL_DEAD : CHANNEL_ANEW;
    case CHANNEL_PLAINER:
        return call->message->is_plain ? CHANNEL_DEAD : CHANNEL_PLAINER;
    case CHANNEL_UNTHREADED:
        return slack_is_in_thread(call) ? CHANNEL_UNTHREADED : CHANNEL_DEAD;
    case CHANNEL_CLOSED:
    case CHANNEL_DEAD: /* of a search: what is sent again will be told the same, or is taken */
        return call->is_search ? CHANNEL_NOT_FOUND : outcome;
    case CHANNEL_SENT:
    case CHANNEL_FOUND:
    case CHANNEL_NOT_FOUND:
    case CHANNEL_WAIT:
    case CHANNEL_RETRY:
    case CHANNEL_STOPPED:
        return outcome;
    }
    return outcome;
}

void slack_read(const struct channel_call *call, enum rc rc, const struct http_answer *answer,
                struct arena *arena, struct channel_result *result)
{
    const struct reading reading = {
        .call = call, .answer = answer, .arena = arena, .result = result
    };

    *result = (struct channel_result){ 0 };
    if (rc)
        read_failure(&reading, rc);
    else if (answer->status == 429)
        read_wait(&reading);
    else
        read_body(&reading);
    result->outcome = fit_to_call(call, result->outcome);
}
