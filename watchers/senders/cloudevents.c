/* CloudEvents 1.0.2 over HTTP, of any producer: binary, structured and batched. In every mode `data.` in rules is the event as structured JSON: its attributes, and `data.data`.
 *
 * Sources: cloudevents/spec, bindings/http-protocol-binding.md and http-webhook.md. */
#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/base/settings.h"
#include "watchers/senders/cloudevents_binary.h"
#include "watchers/senders/mapping.h"
#include "watchers/senders/payload.h"

#define ID_MAX_BYTES 200

struct cloudevents_options {
    void *mapping;
    struct slice_list origins; /* whose handshake is consented to */
};

/* -- configuration -- */

static const struct setting handshake_settings[] = {
    { .name = "origins",
      .type = SETTING_TEXTS,
      .offset = offsetof(struct cloudevents_options, origins),
      .required = true,
      .help = "the WebHook-Request-Origin of those who may ask by OPTIONS whether they may send" },
};

static const struct shape shape_handshake = { .name = "handshake", SHAPE_OF(handshake_settings) };

static enum rc parse(const struct node *map, struct arena *arena, struct problems *problems,
                     void **out)
{
    struct cloudevents_options *options = arena_alloc(arena, 1, sizeof *options);
    const struct node *handshake = node_find(map, "handshake");
    enum rc rc, handshake_rc = RC_OK;

    if (!options)
        return RC_NO_MEMORY;
    *out = options;
    rc = mapping_parse(map, arena, problems, &options->mapping);
    if (handshake)
        handshake_rc = settings_read(handshake_settings,
                                     sizeof handshake_settings / sizeof *handshake_settings,
                                     handshake, arena, problems, options);
    return rc ? rc : handshake_rc;
}

static bool consents(const void *configured, struct slice origin)
{
    const struct cloudevents_options *options = configured;

    for (size_t i = 0; options && i < options->origins.n_items; i++) {
        if (slice_eq_nocase(options->origins.items[i], origin) ||
            slice_eq(options->origins.items[i], SLICE("*")))
            return true;
    }
    return false;
}

/* -- the request -- */

static bool ends_in(struct slice text, struct slice end)
{
    return text.len > end.len &&
           slice_eq_nocase((struct slice){ text.ptr + text.len - end.len, end.len }, end);
}

/* Of the event formats JSON alone; in binary mode JSON again, or no data and no type of it. */
static bool accepts_type(struct slice type)
{
    const struct slice format = SLICE("application/cloudevents");

    if (!type.len || slice_eq_nocase(type, SLICE("application/cloudevents+json")) ||
        slice_eq_nocase(type, SLICE("application/cloudevents-batch+json")))
        return true;
    if (type.len >= format.len && slice_eq_nocase((struct slice){ type.ptr, format.len }, format))
        return false;
    return slice_eq_nocase(type, SLICE("application/json")) || ends_in(type, SLICE("+json"));
}

static bool is_structured(struct slice type)
{
    const struct slice format = SLICE("application/cloudevents");

    return type.len > format.len && slice_eq_nocase((struct slice){ type.ptr, format.len }, format);
}

/* In structured mode headers may repeat what the body says; the body counts. */
static enum rc rewrap(const struct sender_request *request, struct slice *json,
                      struct slice *problem)
{
    if (is_structured(request->content_type) || !cloudevents_is_binary(request))
        return RC_OK;
    return cloudevents_from_binary(request, json, problem);
}

static bool is_batch(const struct json *payload)
{
    return json_type_of(payload) == JSON_ARRAY;
}

static const struct json *first_event(const struct json *payload)
{
    return is_batch(payload) ? json_first(payload) : payload;
}

static const struct json *next_event(const struct json *payload, const struct json *event)
{
    return is_batch(payload) ? json_next(event) : NULL;
}

static enum rc check_event(const struct json *event, struct arena *arena, struct slice *problem)
{
    static const char *const required[] = { "specversion", "id", "source", "type" };
    enum rc rc;

    for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
        if (json_string(json_get_text(event, required[i])).len)
            continue;
        rc = arena_format(arena, problem, "a CloudEvent without `%s`", required[i]);
        return rc ? rc : RC_INVALID;
    }
    if (slice_eq(json_string(json_get_text(event, "specversion")), SLICE("1.0")))
        return RC_OK;
    *problem = SLICE("of CloudEvents `specversion` 1.0 is understood");
    return RC_INVALID;
}

/* An event is its source and its id; a source holds no blank, so that one between them is told from theirs. A batch is all of its events. */
static enum rc add_name(const struct json *event, struct buffer *name)
{
    buffer_add(name, json_string(json_get_text(event, "source")));
    buffer_add_byte(name, ' ');
    buffer_add(name, json_string(json_get_text(event, "id")));
    return buffer_rc(name);
}

static enum rc short_name(struct slice name, bool is_single, struct arena *arena, struct slice *id)
{
    char hex[SHA256_HEX_BYTES];
    struct sha256 digest;
    enum rc rc;

    if (is_single && name.len <= ID_MAX_BYTES)
        return arena_copy(arena, name, id);
    rc = sha256_of(name, &digest);
    if (rc)
        return rc;
    return arena_format(arena, id, "events:%s", hex_format(digest.bytes, sizeof digest.bytes, hex));
}

static enum rc name_events(const struct sender_request *request, struct buffer *name,
                           struct slice *id, struct slice *problem)
{
    const struct json *payload = request->payload;

    for (const struct json *event = first_event(payload); event;
         event = next_event(payload, event)) {
        enum rc rc = check_event(event, request->arena, problem);

        if (!rc && event != first_event(payload))
            buffer_add_byte(name, '\n');
        if (!rc)
            rc = add_name(event, name);
        if (rc)
            return rc;
    }
    if (!buffer_slice(name).len)
        return RC_OK; /* an empty batch has no name */
    return short_name(buffer_slice(name), !is_batch(payload), request->arena, id);
}

static enum rc identify(const struct sender_request *request, struct slice *id,
                        struct slice *problem)
{
    struct buffer name;
    enum rc rc;

    buffer_init(&name, 0);
    rc = name_events(request, &name, id, problem);
    buffer_free(&name);
    return rc;
}

/* -- from payload to events -- */

static size_t count_events(const struct json *payload)
{
    size_t n_events = is_batch(payload) ? json_count(payload) : 1;

    return n_events ? n_events : 1; /* an empty batch is one event about nothing */
}

static enum rc read_event(const struct sender_delivery *delivery, struct event *event)
{
    const struct cloudevents_options *options = delivery->options;
    const struct slice type = payload_text(event->data, "type");
    const struct subject_part parts[] = {
        { .name = SLICE("source"), .value = payload_text(event->data, "source") },
        { .name = SLICE("subject"), .value = payload_text(event->data, "subject") },
    };
    int64_t at_ms;
    enum rc rc = arena_format(delivery->arena, &event->fields[FIELD_TYPE], "cloudevents.%.*s",
                              SLICE_ARG(type.len ? type : SLICE("unknown")));

    event->fields[FIELD_SOURCE] = SLICE("cloudevents");
    event->fields[FIELD_STATE] = SLICE("info");
    if (payload_time(event->data, "time", &at_ms) == RC_OK)
        event->time_ms = at_ms;
    if (rc)
        return rc;
    return mapping_read(options ? options->mapping : NULL, parts, sizeof parts / sizeof *parts,
                        delivery->arena, event);
}

static enum rc normalise(const struct sender_delivery *delivery, struct sender_events *out)
{
    const struct json *event = first_event(delivery->payload);
    enum rc rc = RC_OK;

    for (size_t i = 0; i < out->n_items && !rc; i++) {
        if (event)
            out->items[i].data = event;
        rc = read_event(delivery, &out->items[i]);
        event = event ? next_event(delivery->payload, event) : NULL;
    }
    return rc;
}

/* -- the sender -- */

static const char *const no_headers[] = { NULL };
static const struct setting members[] = {
    MAPPING_MEMBERS,
    { .name = "handshake",
      .type = SETTING_NODE,
      .shape = &shape_handshake,
      .help = "who may ask whether they may send" },
    { .name = NULL },
};

static const struct signature_scheme schemes[] = {
    { .name = "token", .kind = SIGNATURE_TOKEN, .header = "Authorization", .prefix = "Bearer " },
    { .name = "basic",
      .kind = SIGNATURE_TOKEN,
      .key_form = KEY_BASIC,
      .header = "Authorization",
      .prefix = "Basic " },
    { .name = NULL },
};

const struct sender sender_cloudevents = {
    .name = "cloudevents",
    .title = "CloudEvents",
    .delivery_headers = no_headers,
    .kept_headers = no_headers,
    .schemes = schemes,
    .max_body_bytes = (int64_t)5 * 1024 * 1024,
    .takes_array = true,
    .takes_any_token_header = true,
    .takes_query_token = true,
    .events_to_tick = "those that `map` and `states` tell about",
    .kinds = event_kinds,
    .parse = parse,
    .members = members,
    .accepts_type = accepts_type,
    .refused_type =
        "This hook takes application/cloudevents+json, application/cloudevents-batch+json, "
        "and application/json with ce-… headers",
    .sent_type = "application/cloudevents+json",
    .consents = consents,
    .rewrap = rewrap,
    .identify = identify,
    .count = count_events,
    .normalise = normalise,
};
