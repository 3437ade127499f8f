#include "src/base/settings.h"
/* Alarms of Amazon CloudWatch, which Amazon SNS delivers; and whatever else comes from the same topics.
 *
 * A message is JSON text inside the JSON of SNS. `data` of an alarm is the alarm, with what SNS says around it in `sns`; of every other message it is what SNS sent.
 * A Timestamp as old as one likes is taken: SNS tries again for an hour, and what comes twice is known by its MessageId for seven days. */
#include "src/store/headers.h"
#include "watchers/certificates.h"
#include "watchers/senders/rows.h"
#include "watchers/senders/sns.h"

struct cloudwatch_options {
    struct slice_list topics;
};

/* clang-format off */
static const struct word alarm_states[] = {
    { "ALARM", "failing" }, { "OK", "ok" }, { "INSUFFICIENT_DATA", "info" },
    { NULL, NULL },
};
/* clang-format on */

/* -- configuration -- */

static enum rc refuse_topics(const struct node *at, struct problems *problems)
{
    node_problem(problems, at,
                 "`topics` must list the ARNs of the topics whose messages are taken, as "
                 "[arn:aws:sns:eu-west-1:123456789012:alarms]: anybody may sign by SNS");
    return RC_INVALID;
}

static bool is_topic(const struct node *node)
{
    return node->type == NODE_SCALAR && !node->is_null && sns_is_topic(node->text);
}

static enum rc read_topics(const struct node *map, struct arena *arena, struct problems *problems,
                           struct slice_list *topics)
{
    const struct node *list = node_find(map, "topics");

    if (!list)
        return refuse_topics(map, problems);
    if (list->type != NODE_LIST || !list->n_items)
        return refuse_topics(list, problems);
    topics->items = arena_alloc(arena, list->n_items, sizeof *topics->items);
    if (!topics->items)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < list->n_items; i++) {
        if (!is_topic(list->items[i]))
            return refuse_topics(list->items[i], problems);
        topics->items[topics->n_items++] = list->items[i]->text;
    }
    return RC_OK;
}

static enum rc parse(const struct node *map, struct arena *arena, struct problems *problems,
                     void **out)
{
    struct cloudwatch_options *options = arena_alloc(arena, 1, sizeof *options);

    if (!options)
        return RC_NO_MEMORY;
    *out = options;
    return read_topics(map, arena, problems, &options->topics);
}

/* -- is it theirs? -- */

static bool is_our_topic(const struct cloudwatch_options *options, struct slice topic)
{
    for (size_t i = 0; options && i < options->topics.n_items; i++) {
        if (slice_eq(options->topics.items[i], topic))
            return true;
    }
    return false;
}

/* Under the certificates that were configured. */
static enum rc check_pinned(const struct sender_request *request)
{
    enum rc rc = RC_DENIED;

    for (size_t i = 0; i < request->keys.n_items && rc == RC_DENIED; i++)
        rc = sns_check(request->payload, request->keys.items[i].public_key, request->arena);
    return rc;
}

/* RC_NOT_FOUND where there is none that is valid now. */
static enum rc find_key(const struct sender_request *request, struct slice url,
                        struct public_key **key)
{
    struct slice pem;
    enum rc rc;

    if (!request->certificates)
        return RC_NOT_FOUND;
    rc = certificates_find(request->certificates, url, request->now_ms, request->arena, &pem);
    if (!rc)
        rc = public_key_of_certificate(pem, request->now_ms, key);
    if (rc != RC_TIMEOUT)
        return rc;
    certificates_drop(request->certificates, url);
    return RC_NOT_FOUND;
}

/* Under the one that stands at `url`; a message that is theirs has one that is old fetched anew. */
static enum rc check_fetched(const struct sender_request *request, struct slice url,
                             struct sender_verdict *verdict)
{
    struct public_key *key = NULL;
    enum rc rc = find_key(request, url, &key);

    if (rc == RC_INVALID) {
        verdict->reason = "certificate";
        return RC_DENIED;
    }
    if (!rc)
        rc = sns_check(request->payload, key, request->arena);
    public_key_free(key);
    if (!rc || rc == RC_NOT_FOUND)
        verdict->certificate = url;
    return rc == RC_NOT_FOUND ? RC_BUSY : rc;
}

static bool is_raw(const struct sender_request *request)
{
    struct slice said;

    return header_get(request->headers, request->n_headers, "x-amz-sns-rawdelivery", &said) !=
           RC_NOT_FOUND;
}

/* Message and URL are judged before anything is fetched, and also where a certificate is configured. Nobody has one fetched who does not know a topic of ours. */
static enum rc check_sender(const struct sender_request *request, struct sender_verdict *verdict)
{
    const struct slice url = json_string(json_get_text(request->payload, "SigningCertURL")),
                       topic = json_string(json_get_text(request->payload, "TopicArn"));

    if (is_raw(request)) {
        verdict->problem = SLICE("raw message delivery carries no signature: switch it off in the "
                                 "subscription");
        return RC_INVALID;
    }
    if (!is_our_topic(request->options, topic)) {
        verdict->reason = "topic";
        return RC_DENIED;
    }
    if (!sns_is_message(request->payload) || !sns_is_certificate_url_of(topic, url) ||
        url.len > CERTIFICATE_URL_MAX_BYTES)
        return RC_DENIED;
    return request->keys.n_items ? check_pinned(request) : check_fetched(request, url, verdict);
}

static enum rc verify(const struct sender_request *request, struct sender_verdict *verdict)
{
    const struct slice type = json_string(json_get_text(request->payload, "Type")),
                       topic = json_string(json_get_text(request->payload, "TopicArn")),
                       url = json_string(json_get_text(request->payload, "SubscribeURL"));
    enum rc rc = check_sender(request, verdict);

    if (rc || !slice_eq(type, SLICE("SubscriptionConfirmation")))
        return rc;
    if (!sns_is_url_of(topic, url))
        return RC_DENIED;
    verdict->confirmation = url;
    return RC_OK;
}

/* -- what SNS says -- */

static const struct row_subject subject_of_topic[] = {
    { .name = "topic", .paths = "TopicArn" },
    { 0 },
};

static const struct event_row message_rows[] = {
    { .name = "Notification",
      .time = "Timestamp",
      .fields = { { FIELD_TITLE, "?Subject|Message" }, { FIELD_TEXT, "Message" } } },
    { .name = "SubscriptionConfirmation",
      .time = "Timestamp",
      .fields = { { FIELD_TITLE, "Message" }, { FIELD_URL, "SubscribeURL" } } },
    { .name = "UnsubscribeConfirmation",
      .time = "Timestamp",
      .fields = { { FIELD_TITLE, "Message" }, { FIELD_URL, "SubscribeURL" } } },
    { .time = "Timestamp", .fields = { { FIELD_TITLE, "?Subject|Message" } } },
};

static const struct row_table messages = { .sender = "cloudwatch",
                                           .common_subject = subject_of_topic,
                                           .rows = message_rows };

/* -- alarms: as CloudWatch sends them to SNS, or as EventBridge does ("CloudWatch Alarm State Change") -- */

/* Dimensions that name a machine. */
static bool is_host_dimension(struct slice name)
{
    static const char *const names[] = { "InstanceId", "Host", "HostName", "InstanceName", NULL };

    for (size_t i = 0; names[i]; i++) {
        if (slice_eq_nocase(name, slice_of(names[i])))
            return true;
    }
    return false;
}

static enum rc read_host(const struct json *alarm, struct arena *arena, struct event *event)
{
    const struct json *dimension = json_first(payload_at(alarm, SLICE("Trigger.Dimensions")));

    (void)arena;
    for (; dimension; dimension = json_next(dimension)) {
        if (is_host_dimension(payload_text(dimension, "name")))
            event->fields[FIELD_HOST] = payload_text(dimension, "value");
    }
    return RC_OK;
}

static const struct event_row alarm_rows[] = {
    { .kind = "alert",
      .state = "NewStateValue|detail.state.value",
      .states = alarm_states,
      .time = "StateChangeTime|detail.state.timestamp|time|sns.Timestamp",
      .fields = { { FIELD_TITLE, "AlarmName|detail.alarmName" },
                  { FIELD_SERVICE, "AlarmName|detail.alarmName" },
                  { FIELD_TEXT, "?NewStateReason|detail.state.reason" } },
      .subject = { { .name = "account", .paths = "AWSAccountId|account" },
                   { .name = "region", .paths = "Region|region" },
                   { .name = "alarm", .paths = "AlarmName|detail.alarmName" } },
      .finish = read_host },
};

static const struct row_table alarms = { .sender = "cloudwatch", .rows = alarm_rows };

static bool is_alarm(const struct json *message)
{
    return payload_text(message, "AlarmName|detail.alarmName").len &&
           payload_text(message, "NewStateValue|detail.state.value").len;
}

/* The alarm, and what SNS said around it. */
static void write_alarm(const struct json *alarm, const struct json *envelope,
                        struct json_writer *writer)
{
    static const char *const around[] = { "MessageId", "TopicArn", "Subject", "Timestamp", NULL };

    json_object_begin(writer);
    for (const struct json *member = json_first(alarm); member; member = json_next(member)) {
        if (slice_eq(json_name(member), SLICE("sns")))
            continue;
        json_key_slice(writer, json_name(member));
        json_write_node(writer, member);
    }
    json_key(writer, "sns");
    json_object_begin(writer);
    for (size_t i = 0; around[i]; i++)
        json_member_text(writer, around[i], json_string(json_get_text(envelope, around[i])));
    json_object_end(writer);
    json_object_end(writer);
}

static enum rc make_data(const struct json *alarm, const struct json *envelope, struct json **data)
{
    struct json_fault fault;
    struct json_writer writer;
    struct buffer text;
    enum rc rc;

    buffer_init(&text, 0);
    writer = json_writer_to(&text);
    write_alarm(alarm, envelope, &writer);
    rc = buffer_rc(&text);
    if (!rc)
        rc = json_parse(buffer_slice(&text), JSON_LIMITS_DEFAULT, data, &fault);
    buffer_free(&text);
    return rc;
}

/* RC_NOT_FOUND where the message is no alarm, or one too large for what stands around it. */
static enum rc find_alarm(const struct json *envelope, struct json **data)
{
    const struct slice text = json_string(json_get_text(envelope, "Message"));
    struct json *message = NULL;
    struct json_fault fault;
    enum rc rc = json_parse(text, JSON_LIMITS_DEFAULT, &message, &fault);

    if (rc == RC_INVALID || rc == RC_LIMIT)
        return RC_NOT_FOUND;
    if (rc)
        return rc;
    rc = is_alarm(message) ? make_data(message, envelope, data) : RC_NOT_FOUND;
    json_free(message);
    return rc == RC_LIMIT ? RC_NOT_FOUND : rc;
}

static enum rc normalise(const struct sender_delivery *delivery, struct sender_events *out)
{
    const struct slice type = payload_text(delivery->payload, "Type");
    struct event *event = &out->items[0];
    struct json *alarm = NULL;
    enum rc rc = find_alarm(delivery->payload, &alarm);

    if (rc == RC_NOT_FOUND)
        return row_read(&messages, row_word(type), delivery->payload, delivery->arena, event);
    if (rc)
        return rc;
    out->owned[out->n_owned++] = alarm;
    event->data = alarm;
    return row_read(&alarms, SLICE("alarm"), alarm, delivery->arena, event);
}

/* -- the sender -- */

static const char *const no_headers[] = { NULL };
static const struct shape shape_topics = { .kind = SHAPE_LIST, .item = &shape_text };
static const struct setting members[] = {
    { .name = "topics",
      .type = SETTING_NODE,
      .required = true,
      .shape = &shape_topics,
      .help = "the ARNs of the topics that may send" },
    { .name = NULL },
};
static const char *const kinds[] = { "alert", NULL };
static const char *const types[] = { "cloudwatch.alarm", "cloudwatch.Notification",
                                     "cloudwatch.SubscriptionConfirmation",
                                     "cloudwatch.UnsubscribeConfirmation", NULL };

static const struct signature_scheme schemes[] = {
    { .name = "certificate", .kind = SIGNATURE_IN_BODY, .key_form = KEY_CERTIFICATE },
    { .name = NULL },
};

const struct sender sender_cloudwatch = {
    .name = "cloudwatch",
    .title = "Amazon CloudWatch (SNS)",
    .event_header = "x-amz-sns-message-type",
    .handshake = "SubscriptionConfirmation",
    .delivery_headers = no_headers,
    .kept_headers = no_headers,
    .schemes = schemes,
    .max_body_bytes = (int64_t)1024 * 1024,
    .takes_plain = true,
    .events_to_tick = "an HTTPS subscription of the topic, without raw message delivery",
    .kinds = kinds,
    .types = types,
    .parse = parse,
    .members = members,
    .id_paths = "MessageId",
    .is_subscribed = true,
    .fetches_keys = true,
    .verify = verify,
    .normalise = normalise,
};
