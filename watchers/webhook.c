#include "watchers/webhook.h"

#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/base/form.h"
#include "src/store/headers.h"
#include "watchers/senders/payload.h"
#include "watchers/webhook_config.h"

#include <inttypes.h>

/* How long a sender's own id is remembered: longer than any of them tries again. */
#define DELIVERY_ID_MS (7 * DAY_MS)
#define DELIVERY_ID_MAX_BYTES 256
#define SIGNED_MAX_HEADERS (SIGNATURE_MAX_HEADERS + 3)

/* One request on its way through the gates. */
struct reception {
    const struct webhook *hook;
    const struct webhook_request *request;
    struct arena *arena;
    struct webhook_answer *answer;
    struct slice json; /* what the body says, out of its form */
    struct json *tree; /* of it, only where something has to be looked up */
};

struct slice webhook_name(const struct webhook *hook)
{
    return hook->name;
}

struct slice webhook_sender(const struct webhook *hook)
{
    return slice_of(hook->sender->name);
}

bool webhook_is_subscribed(const struct webhook *hook)
{
    return hook->sender->is_subscribed;
}

bool webhook_has_door(const struct webhook *hook)
{
    return hook->scheme != NULL;
}

enum rc webhook_path(const struct webhook *hook, struct arena *arena, struct slice *path)
{
    if (hook->sender->door)
        return arena_copy(arena, slice_of(hook->sender->door), path);
    return arena_format(arena, path, "/hooks/%.*s", SLICE_ARG(hook->name));
}

int64_t webhook_max_body_bytes(const struct webhook *hook)
{
    return hook->max_body_bytes;
}

struct webhook_rate webhook_rate_of(const struct webhook *hook)
{
    return hook->rate;
}

const struct catch_up *webhook_catch_up(const struct webhook *hook)
{
    return hook->catch_up;
}

size_t webhook_count_events(const struct webhook *hook, const struct json *payload)
{
    const struct sender *sender = hook->sender;

    if (sender->count_of)
        return sender->count_of(hook->options, payload);
    return sender->count ? sender->count(payload) : 1;
}

/* A gate lets through with RC_OK and no status. */
static enum rc refuse(struct reception *reception, int status, const char *reason,
                      const char *title)
{
    reception->answer->status = status;
    reception->answer->reason = reason;
    reception->answer->title = title;
    return RC_OK;
}

/* -- the gates, in order -- */

static struct slice media_type(struct slice content_type)
{
    return slice_trim(slice_cut(&content_type, ';'));
}

static bool is_form(struct slice content_type)
{
    return slice_eq_nocase(media_type(content_type), SLICE("application/x-www-form-urlencoded"));
}

static bool is_json(struct slice content_type)
{
    const struct slice type = media_type(content_type), application = SLICE("application/");
    const struct slice suffix = SLICE("+json");

    if (slice_eq_nocase(type, SLICE("application/json")))
        return true;
    if (type.len <= application.len + suffix.len)
        return false;
    return slice_eq_nocase((struct slice){ type.ptr, application.len }, application) &&
           slice_eq_nocase((struct slice){ type.ptr + type.len - suffix.len, suffix.len }, suffix);
}

bool webhook_accepts_type(const struct webhook *hook, struct slice content_type)
{
    const struct sender *sender = hook->sender;

    if (sender->accepts_type)
        return sender->accepts_type(media_type(content_type));
    return is_json(content_type) || (sender->takes_form && is_form(content_type)) ||
           (sender->takes_plain && slice_eq_nocase(media_type(content_type), SLICE("text/plain")));
}

const char *webhook_refused_type(const struct webhook *hook)
{
    const char *own = hook->sender->refused_type;

    return own ? own : "This hook takes application/json";
}

bool webhook_consents(const struct webhook *hook, struct slice origin)
{
    const struct sender *sender = hook->sender;

    return origin.len && sender->consents && sender->consents(hook->options, origin);
}

static enum rc check_type(struct reception *reception)
{
    if (webhook_accepts_type(reception->hook, reception->request->content_type))
        return RC_OK;
    return refuse(reception, 415, "content_type", webhook_refused_type(reception->hook));
}

static enum rc check_size(struct reception *reception)
{
    if (reception->request->body.len <= (uint64_t)reception->hook->max_body_bytes)
        return RC_OK;
    return refuse(reception, 413, "size", "The body is larger than this hook takes");
}

/* Whose request is signed, but not now, is told by the same answer. */
static enum rc refuse_proof(struct reception *reception, enum rc rc)
{
    if (rc == RC_TIMEOUT)
        return refuse(reception, 401, "timestamp", "Not authorised");
    return refuse(reception, 401, "signature", "Not authorised");
}

/* As if it had come in the header: whoever sends both has sent it twice, which is refused. */
static enum rc add_query_token(const struct reception *reception, struct signature_input *input)
{
    const struct slice token = reception->request->access_token;
    struct header *headers;
    enum rc rc;

    if (!token.len || !reception->hook->sender->takes_query_token)
        return RC_OK;
    headers = arena_alloc(reception->arena, input->n_headers + 1, sizeof *headers);
    if (!headers)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < input->n_headers; i++)
        headers[i] = input->headers[i];
    headers[input->n_headers].name = SLICE("Authorization");
    rc = arena_format(reception->arena, &headers[input->n_headers].value, "Bearer %.*s",
                      SLICE_ARG(token));
    input->headers = headers;
    input->n_headers++;
    return rc;
}

static enum rc check_proof(struct reception *reception, struct slice signed_bytes)
{
    const struct webhook_request *request = reception->request;
    const struct webhook *hook = reception->hook;
    struct signature_input input = { .headers = request->headers,
                                     .n_headers = request->n_headers,
                                     .body = signed_bytes,
                                     .now_ms = request->real_ms,
                                     .arena = reception->arena };
    enum rc rc = add_query_token(reception, &input);

    if (!rc)
        rc = hook->scheme ? signature_check(hook->scheme, hook->keys, &input) : RC_DENIED;
    return rc == RC_DENIED || rc == RC_TIMEOUT ? refuse_proof(reception, rc) : rc;
}

static bool is_payload_signed(const struct reception *reception)
{
    return reception->hook->scheme && reception->hook->scheme->is_over_payload;
}

static bool is_signed_in_body(const struct reception *reception)
{
    return reception->hook->scheme && reception->hook->scheme->kind == SIGNATURE_IN_BODY;
}

static enum rc check_signature(struct reception *reception)
{
    if (is_payload_signed(reception) || is_signed_in_body(reception))
        return RC_OK;
    return check_proof(reception, reception->request->body);
}

/* Of those who sign what stands in their form. */
static enum rc check_payload_signature(struct reception *reception)
{
    if (!is_payload_signed(reception))
        return RC_OK;
    return check_proof(reception, reception->json);
}

static enum rc take_form(struct reception *reception)
{
    const struct webhook_request *request = reception->request;
    enum rc rc;

    reception->json = request->body;
    if (!is_form(request->content_type))
        return RC_OK;
    rc = form_field(request->body, SLICE("payload"), reception->arena, &reception->json);
    if (rc != RC_NOT_FOUND && rc != RC_INVALID)
        return rc;
    reception->answer->detail = SLICE("a form must hold exactly one field `payload`");
    return refuse(reception, 400, "form", "Not a form with a payload");
}

/* The answer comes from a scan; a tree costs ten times as much, so it is built only where the delivery id stands in the body, or where there
 * may be more events in it than one delivery can hold. */
static bool needs_tree(const struct reception *reception)
{
    const struct webhook *hook = reception->hook;

    if (hook->sender->id_path && hook->sender->id_path(hook->options))
        return true;
    if (hook->sender->identify || hook->sender->verify)
        return true;
    if (hook->sender->id_paths || (hook->scheme && hook->scheme->time_path))
        return true;
    return (hook->sender->count || hook->sender->count_of) &&
           reception->json.len > (size_t)2 * SENDER_MAX_EVENTS;
}

static struct sender_request proven_request(const struct reception *reception)
{
    const struct webhook_request *request = reception->request;

    return (struct sender_request){ .headers = request->headers,
                                    .n_headers = request->n_headers,
                                    .content_type = media_type(request->content_type),
                                    .json = reception->json,
                                    .payload = reception->tree,
                                    .options = reception->hook->options,
                                    .keys = reception->hook->keys,
                                    .certificates = request->certificates,
                                    .now_ms = request->real_ms,
                                    .arena = reception->arena };
}

static enum rc rewrap(struct reception *reception)
{
    const struct sender_request request = proven_request(reception);
    const struct sender *sender = reception->hook->sender;
    enum rc rc;

    if (!sender->rewrap)
        return RC_OK;
    rc = sender->rewrap(&request, &reception->json, &reception->answer->detail);
    return rc == RC_INVALID ? refuse(reception, 400, "envelope", "Not what this sender sends") : rc;
}

static enum rc check_json(struct reception *reception)
{
    struct json_fault fault = { 0 };
    enum rc rc;

    if (needs_tree(reception))
        rc = json_parse(reception->json, JSON_LIMITS_DEFAULT, &reception->tree, &fault);
    else
        rc = json_scan(reception->json, JSON_LIMITS_DEFAULT, &fault);
    if (rc != RC_INVALID && rc != RC_LIMIT)
        return rc;
    rc = arena_format(reception->arena, &reception->answer->detail, "%s at byte %zu", fault.text,
                      fault.offset);
    return rc ? rc : refuse(reception, 400, "json", "The body is not JSON");
}

/* Slices of a verdict live in the tree, which goes. */
static enum rc take_verdict(struct reception *reception, const struct sender_verdict *verdict)
{
    struct webhook_answer *answer = reception->answer;
    enum rc rc = arena_copy(reception->arena, verdict->certificate, &answer->certificate);

    if (!rc)
        rc = arena_copy(reception->arena, verdict->confirmation, &answer->confirmation);
    answer->detail = verdict->problem;
    return rc;
}

/* Where the signature stands in the body. */
static enum rc check_body_signature(struct reception *reception)
{
    const struct sender_request request = proven_request(reception);
    struct sender_verdict verdict = { .reason = "signature" };
    enum rc rc, verdict_rc;

    if (!is_signed_in_body(reception))
        return RC_OK;
    verdict_rc = reception->hook->sender->verify(&request, &verdict);
    rc = take_verdict(reception, &verdict);
    if (rc)
        return rc;
    if (verdict_rc == RC_DENIED)
        return refuse(reception, 401, verdict.reason, "Not authorised");
    if (verdict_rc == RC_INVALID)
        return refuse(reception, 400, "envelope", "Not what this sender sends");
    if (verdict_rc == RC_BUSY)
        return refuse(reception, 503, "certificate",
                      "The certificate of the signature is not here yet");
    return verdict_rc;
}

/* Where the time that is signed stands in the body. */
static enum rc check_signed_time(struct reception *reception)
{
    const struct signature_scheme *scheme = reception->hook->scheme;

    if (!scheme->time_path)
        return RC_OK;
    if (signature_time_is_near(scheme, payload_text(reception->tree, scheme->time_path), 1,
                               reception->request->real_ms))
        return RC_OK;
    return refuse_proof(reception, RC_TIMEOUT);
}

static enum rc check_shape(struct reception *reception)
{
    const struct sender *sender = reception->hook->sender;
    char first = slice_trim(reception->json).ptr[0];

    if (first == '{' || (first == '[' && sender->takes_array))
        return RC_OK;
    reception->answer->detail = sender->takes_array
                                    ? SLICE("the body must be an object or an array of them")
                                    : SLICE("the body must be an object");
    return refuse(reception, 400, "shape", "The body is not an object");
}

static enum rc check_count(struct reception *reception)
{
    if (!reception->tree ||
        webhook_count_events(reception->hook, reception->tree) <= SENDER_MAX_EVENTS)
        return RC_OK;
    return refuse(reception, 413, "events", "More events than one delivery may hold");
}

static enum rc find_configured_header(const struct reception *reception, struct slice *id)
{
    const struct webhook_request *request = reception->request;
    const struct sender *sender = reception->hook->sender;
    const char *name = sender->id_header ? sender->id_header(reception->hook->options) : NULL;

    return name ? header_get(request->headers, request->n_headers, name, id) : RC_NOT_FOUND;
}

/* By the configured path, else by the configured header, else by the first of the sender's headers that is there; absent: none. RC_INVALID: a header came twice. */
static enum rc find_delivery_id(const struct reception *reception, struct slice *id)
{
    const struct webhook_request *request = reception->request;
    const struct sender *sender = reception->hook->sender;

    *id = (struct slice){ 0 };
    if (reception->tree && sender->id_path && sender->id_path(reception->hook->options))
        *id = json_text(json_path_get(sender->id_path(reception->hook->options), reception->tree));
    if (reception->tree && !id->len)
        *id = payload_text(reception->tree, sender->id_paths);
    if (!id->len && find_configured_header(reception, id) == RC_INVALID)
        return RC_INVALID;
    for (const char *const *name = sender->delivery_headers; *name && !id->len; name++) {
        if (header_get(request->headers, request->n_headers, *name, id) == RC_INVALID)
            return RC_INVALID;
    }
    return RC_OK;
}

/* Without an id of the sender's, the same body is the same delivery for a while. An id made by us would never be seen again. */
static enum rc name_by_digest(struct reception *reception)
{
    struct sha256 digest;
    char hex[SHA256_HEX_BYTES];
    enum rc rc;

    rc = sha256_of(reception->request->body, &digest);
    if (rc)
        return rc;
    reception->answer->dedup_ms = reception->hook->dedup_ms;
    return arena_format(reception->arena, &reception->answer->entry.delivery_id, "sha256:%s",
                        hex_format(digest.bytes, sizeof digest.bytes, hex));
}

/* What the sender makes of the whole. */
static enum rc identify(struct reception *reception, struct slice *id)
{
    const struct sender_request request = proven_request(reception);
    const struct sender *sender = reception->hook->sender;
    enum rc rc;

    if (!sender->identify)
        return RC_OK;
    rc = sender->identify(&request, id, &reception->answer->detail);
    return rc == RC_INVALID ? refuse(reception, 400, "envelope", "Not what this sender sends") : rc;
}

static enum rc take_delivery_id(struct reception *reception)
{
    struct slice id = { 0 };
    enum rc rc = identify(reception, &id);

    if (rc || reception->answer->status)
        return rc;
    if (!id.len)
        rc = find_delivery_id(reception, &id);
    if (rc || slice_has_control(id) || id.len > DELIVERY_ID_MAX_BYTES) {
        reception->answer->detail =
            SLICE("the delivery id comes twice, is longer than 256 bytes or "
                  "holds control characters");
        return refuse(reception, 400, "delivery_id", "The delivery id cannot be used");
    }
    if (!id.len)
        return name_by_digest(reception);
    reception->answer->dedup_ms = DELIVERY_ID_MS;
    /* Copied: an id out of the body lives in a tree that goes. */
    return arena_copy(reception->arena, id, &reception->answer->entry.delivery_id);
}

static enum rc fill_entry(struct reception *reception)
{
    const struct webhook_request *request = reception->request;
    const struct sender *sender = reception->hook->sender;
    struct journal_entry *entry = &reception->answer->entry;
    struct header *kept;
    size_t n_names = 0;

    while (sender->kept_headers[n_names])
        n_names++;
    kept = arena_alloc(reception->arena, n_names + 1, sizeof *kept);
    if (!kept)
        return RC_NO_MEMORY;
    entry->door = DOOR_DATA;
    entry->watcher = reception->hook->name;
    entry->received_ms = request->received_ms;
    entry->body = reception->json;
    entry->headers.items = kept;
    for (size_t i = 0; i < n_names; i++) {
        struct header *header = &kept[entry->headers.n_items];

        if (header_get(request->headers, request->n_headers, sender->kept_headers[i],
                       &header->value) != RC_OK)
            continue;
        header->name = slice_of(sender->kept_headers[i]);
        entry->headers.n_items++;
    }
    return RC_OK;
}

static enum rc notice_event_type(struct reception *reception)
{
    const struct webhook_request *request = reception->request;
    const struct sender *sender = reception->hook->sender;
    struct webhook_answer *answer = reception->answer;
    struct slice type;

    if (!sender->event_header ||
        header_get(request->headers, request->n_headers, sender->event_header, &type) != RC_OK)
        return RC_OK;
    answer->entry.event_type = type;
    answer->is_handshake = sender->handshake && slice_eq(type, slice_of(sender->handshake));
    return RC_OK;
}

static enum rc pass(const struct webhook *hook, const struct webhook_request *request,
                    enum rc (*const *gates)(struct reception *reception), struct arena *arena,
                    struct webhook_answer *answer)
{
    struct reception reception = {
        .hook = hook, .request = request, .arena = arena, .answer = answer
    };
    enum rc rc = RC_OK;

    *answer = (struct webhook_answer){ 0 };
    for (; *gates && !rc && !answer->status; gates++)
        rc = (*gates)(&reception);
    json_free(reception.tree);
    return rc;
}

enum rc webhook_receive(const struct webhook *hook, const struct webhook_request *request,
                        struct arena *arena, struct webhook_answer *answer)
{
    /* Nothing of a body is looked at before its signature was checked, unless it stands in there. */
    static enum rc (*const gates[])(struct reception * reception) = {
        check_type,
        check_size,
        check_signature,
        take_form,
        check_payload_signature,
        rewrap,
        check_json,
        check_signed_time,
        check_shape,
        check_body_signature,
        check_count,
        take_delivery_id,
        fill_entry,
        notice_event_type,
        NULL,
    };

    return pass(hook, request, gates, arena, answer);
}

enum rc webhook_receive_recorded(const struct webhook *hook, const struct webhook_request *request,
                                 struct arena *arena, struct webhook_answer *answer)
{
    static enum rc (*const gates[])(struct reception * reception) = {
        take_form,        rewrap,     check_json,        check_shape, check_count,
        take_delivery_id, fill_entry, notice_event_type, NULL,
    };

    return pass(hook, request, gates, arena, answer);
}

static bool is_signed_id(const struct signature_scheme *scheme, const char *header)
{
    return scheme->id_header && slice_eq_nocase(slice_of(scheme->id_header), slice_of(header));
}

enum rc webhook_renew(const struct webhook *hook, struct slice body, int64_t now_ms,
                      struct arena *arena, struct slice *renewed)
{
    *renewed = body;
    return hook->scheme ? signature_renew(hook->scheme, body, now_ms, arena, renewed) : RC_OK;
}

enum rc webhook_sign(const struct webhook *hook, struct slice event_type, struct slice delivery_id,
                     struct slice body, int64_t now_ms, struct arena *arena,
                     struct header **headers, size_t *n_headers)
{
    const struct sender *sender = hook->sender;
    const char *id_header = sender->delivery_headers[0];
    struct header *made = arena_alloc(arena, SIGNED_MAX_HEADERS, sizeof *made);
    size_t n_made = 0;
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    if (!hook->scheme || !hook->keys.n_items)
        return RC_DENIED;
    rc = signature_make(hook->scheme, &hook->keys.items[0], delivery_id, body, now_ms, arena, made,
                        &n_made);
    if (rc)
        return rc;
    made[n_made++] =
        (struct header){ SLICE("Content-Type"),
                         slice_of(sender->sent_type ? sender->sent_type : "application/json") };
    if (sender->event_header && event_type.len)
        made[n_made++] = (struct header){ slice_of(sender->event_header), event_type };
    if (id_header && delivery_id.len && !is_signed_id(hook->scheme, id_header))
        made[n_made++] = (struct header){ slice_of(id_header), delivery_id };
    *headers = made;
    *n_headers = n_made;
    return RC_OK;
}
