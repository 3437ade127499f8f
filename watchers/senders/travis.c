/* Travis CI: one form for each change of a build. Source: Travis CI's documentation, "Configuring Build Notifications". */
#include "watchers/senders/rows.h"

/* `state`, and what older ones say in `status_message`. */
/* clang-format off */
static const struct word states[] = {
    { "failed", "failing" }, { "errored", "failing" }, { "broken", "failing" }, { "still failing", "failing" },
    { "passed", "ok" }, { "fixed", "ok" },
    { "created", "info" }, { "received", "info" }, { "queued", "info" }, { "started", "info" }, { "pending", "info" },
    { "canceled", "info" },
    { NULL, NULL },
};
/* clang-format on */

static bool is_over(const struct json *payload)
{
    struct slice state = payload_text(payload, "state|status_message|result_message");

    return !slice_eq(word_means(states, state), SLICE("info"));
}

/* The branch of a pull request's build is the one it is to be merged into: it was not that one that failed. */
static enum rc finish(const struct json *payload, struct arena *arena, struct event *event)
{
    struct slice owner = payload_text(payload, "repository.owner_name");
    struct slice name = payload_text(payload, "repository.name");

    if (slice_eq(payload_text(payload, "type"), SLICE("pull_request")))
        event->fields[FIELD_BRANCH] = (struct slice){ 0 };
    if (!owner.len || !name.len)
        return RC_OK;
    return arena_format(arena, &event->fields[FIELD_REPO], "%.*s/%.*s", SLICE_ARG(owner),
                        SLICE_ARG(name));
}

static const struct event_row rows[] = {
    { .name = NULL,
      .kind = "ci.run",
      .level = "run",
      .state = "state|status_message|result_message",
      .states = states,
      .is_settled = is_over,
      .time = "finished_at|started_at",
      .started = "started_at",
      .fields = { { FIELD_BRANCH, "branch" },
                  { FIELD_COMMIT, "commit" },
                  { FIELD_ACTOR, "?author_name|committer_name" },
                  { FIELD_TITLE, "?message|pull_request_title" },
                  { FIELD_TEXT, "?message" },
                  { FIELD_URL, "?build_url|compare_url" },
                  { FIELD_RUN, "id" } },
      .subject = { { "pull_request", FIELD_TITLE, "pull_request_number" },
                   { "branch", FIELD_BRANCH, NULL } },
      .finish = finish },
};

static const struct row_subject common_subject[] = { { "repo", FIELD_REPO, NULL },
                                                     { .name = NULL } };

static const struct row_table table = {
    .sender = "travis",
    .common_subject = common_subject,
    .rows = rows,
};

static enum rc normalise(const struct sender_delivery *delivery, struct sender_events *out)
{
    return row_read(&table, SLICE("build"), delivery->payload, delivery->arena, &out->items[0]);
}

/* -- the sender -- */

static const char *const no_headers[] = { NULL };
static const char *const kinds[] = { "ci.run", NULL };
static const char *const types[] = { "travis.build", NULL };

/* Their key is public: https://api.travis-ci.com/config, config.notifications.webhook.public_key. */
static const struct signature_scheme schemes[] = {
    { .name = "public_key",
      .kind = SIGNATURE_RSA_SHA1,
      .key_form = KEY_PEM,
      .header = "Signature",
      .is_base64 = true,
      .is_over_payload = true },
    { .name = NULL },
};

const struct sender sender_travis = {
    .name = "travis",
    .title = "Travis CI",
    .delivery_headers = no_headers, /* a build's id comes with each of its states */
    .kept_headers = no_headers,
    .schemes = schemes,
    .max_body_bytes = (int64_t)5 * 1024 * 1024,
    .takes_form = true,
    .events_to_tick =
        "notifications.webhooks in .travis.yml, with on_success and on_failure: always",
    .kinds = kinds,
    .types = types,
    .normalise = normalise,
};
