/* Jenkins, by its Notification plugin. A build is told in phases; what it came to stands in COMPLETED and, once all that follows a build is done, again in FINALIZED. Either may be all that is sent, so both
 * count, and together they are one delivery. Source: the plugin's code (Phase.java, model/). */
#include "src/base/clock.h"
#include "src/base/digest.h"
#include "watchers/senders/rows.h"

static const struct word statuses[] = {
    { "FAILURE", "failing" }, { "FAILED", "failing" }, { "UNSTABLE", "failing" },
    { "SUCCESS", "ok" },      { "ABORTED", "info" },   { "NOT_BUILT", "info" },
    { NULL, NULL },
};

static bool is_over(const struct json *payload)
{
    struct slice phase = payload_text(payload, "build.phase");

    return slice_eq(phase, SLICE("COMPLETED")) || slice_eq(phase, SLICE("FINALIZED"));
}

static bool skip(struct slice *text, struct slice head)
{
    if (!slice_starts(*text, head))
        return false;
    *text = (struct slice){ text->ptr + head.len, text->len - head.len };
    return true;
}

/* The last segment is the name, which jobs of several folders share: "job/shop/job/main/" is shop/main. */
static enum rc name_job(const struct json *payload, struct arena *arena, struct slice *path)
{
    struct slice rest = payload_text(payload, "url");
    struct buffer text;
    enum rc rc;

    buffer_init(&text, 0);
    while (skip(&rest, SLICE("job/"))) {
        if (text.len)
            buffer_add_byte(&text, '/');
        buffer_add(&text, slice_cut(&rest, '/'));
    }
    rc = buffer_rc(&text);
    if (!rc && text.len)
        rc = arena_copy(arena, buffer_slice(&text), path);
    else
        *path = payload_text(payload, "name");
    buffer_free(&text);
    return rc;
}

/* As Git's plugin tells it: a branch of the remote. */
static struct slice local_branch(struct slice branch)
{
    (void)skip(&branch, SLICE("refs/remotes/"));
    (void)skip(&branch, SLICE("origin/"));
    return slice_eq(branch, SLICE("detached")) ? (struct slice){ 0 } : payload_branch(branch);
}

static enum rc take_duration(const struct json *payload, struct arena *arena, struct event *event)
{
    char text[TIME_TEXT_BYTES];
    int64_t took_ms;

    if (!is_over(payload) ||
        slice_to_int(payload_text(payload, "build.duration"), &took_ms) != RC_OK || took_ms <= 0)
        return RC_OK;
    return arena_copy(arena, slice_of(duration_format(took_ms, text)),
                      &event->fields[FIELD_DURATION]);
}

static enum rc finish(const struct json *payload, struct arena *arena, struct event *event)
{
    struct slice repo = payload_repo(payload_text(payload, "build.scm.url"));
    struct slice branch = payload_text(payload, "build.scm.branch");
    bool is_unstable = slice_eq(payload_text(payload, "build.status"), SLICE("UNSTABLE"));
    enum rc rc = name_job(payload, arena, &event->fields[FIELD_WORKFLOW]);

    if (repo.len)
        event->fields[FIELD_REPO] = repo;
    event->fields[FIELD_BRANCH] = local_branch(branch);
    if (is_unstable && slice_eq(event->fields[FIELD_STATE], SLICE("failing")))
        event->fields[FIELD_SEVERITY] = SLICE("low"); /* it was built; tests failed */
    return rc ? rc : take_duration(payload, arena, event);
}

static const struct event_row rows[] = {
    { .name = NULL,
      .kind = "ci.run",
      .level = "run",
      .state = "build.status",
      .states = statuses,
      .is_settled = is_over,
      .time = "build.timestamp",
      .fields = { { FIELD_COMMIT, "?build.scm.commit" },
                  { FIELD_SERVICE, "name" },
                  { FIELD_TITLE, "name" },
                  { FIELD_TEXT, "?build.notes" },
                  { FIELD_URL, "?build.full_url|build.url|url" },
                  { FIELD_RUN, "build.number" } },
      .subject = { { "job", FIELD_WORKFLOW, NULL }, { "branch", FIELD_BRANCH, NULL } },
      .finish = finish },
};

static const struct row_table table = { .sender = "jenkins", .rows = rows };

static enum rc normalise(const struct sender_delivery *delivery, struct sender_events *out)
{
    struct slice phase = payload_text(delivery->payload, "build.phase");

    return row_read(&table, row_word(phase), delivery->payload, delivery->arena, &out->items[0]);
}

/* One name for both ends of a build, unless what it came to has changed between them. A number is given anew where a job is made anew; its place in the queue is not. */
static enum rc identify(const struct sender_request *request, struct slice *id,
                        struct slice *problem)
{
    const struct slice parts[] = {
        payload_text(request->payload, "build.full_url|build.url"),
        payload_text(request->payload, "build.queue_id"),
        payload_text(request->payload, "build.status"),
    };
    char hex[SHA256_HEX_BYTES];
    struct sha256 digest;
    enum rc rc;

    (void)problem;
    if (!is_over(request->payload) || !parts[0].len || !parts[2].len)
        return RC_OK;
    rc = sha256_of_parts(parts, sizeof parts / sizeof *parts, &digest);
    if (rc)
        return rc;
    return arena_format(request->arena, id, "build:%s",
                        hex_format(digest.bytes, sizeof digest.bytes, hex));
}

/* -- the sender -- */

static const char *const no_headers[] = { NULL };
static const char *const kinds[] = { "ci.run", NULL };
static const char *const types[] = { "jenkins.COMPLETED",
                                     "jenkins.FINALIZED",
                                     "jenkins.NONE",
                                     "jenkins.QUEUED",
                                     "jenkins.STARTED",
                                     "jenkins.unknown",
                                     NULL };

/* It signs nothing; what stands before the host of its URL (https://user:password@…) it sends as Basic. */
static const struct signature_scheme schemes[] = {
    { .name = "basic",
      .kind = SIGNATURE_TOKEN,
      .key_form = KEY_BASIC,
      .header = "Authorization",
      .prefix = "Basic " },
    { .name = "token", .kind = SIGNATURE_TOKEN, .header = "Authorization", .prefix = "Bearer " },
    { .name = NULL },
};

const struct sender sender_jenkins = {
    .name = "jenkins",
    .title = "Jenkins",
    .delivery_headers = no_headers,
    .kept_headers = no_headers,
    .schemes = schemes,
    .max_body_bytes =
        (int64_t)5 * 1024 * 1024, /* it may hold as many lines of the log as were asked for */
    .takes_any_token_header = true,
    .events_to_tick = "All Events, Job Finalized or Job Completed",
    .kinds = kinds,
    .types = types,
    .identify = identify,
    .normalise = normalise,
};
