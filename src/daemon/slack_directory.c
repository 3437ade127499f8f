#include "src/daemon/slack_directory.h"

#include "actions/channels/slack.h"
#include "src/daemon/posting_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUESTIONS_MOST 64 /* ourselves, and groups */
#define ID_BYTES 32       /* of a user group; Slack's have 11 */
#define SELF_EVERY_MS DAY_MS
#define GROUP_EVERY_MS (5 * MINUTE_MS)
#define CALL_ARENA_BYTES ((size_t)4 << 20)

/* One thing that is asked again and again. */
struct question {
    struct slack_directory *directory;
    char group[ID_BYTES]; /* "": who are we? */
    bool is_wanted; /* by the configuration in force; else its place is free once it is answered */
    bool is_asked;
    bool is_outdated; /* asked under a configuration that is gone: the answer is dropped */
    int64_t due_ms;
    unsigned n_failures;
    int64_t failing_since_ms; /* real; 0: well */
    char error[POSTING_ERROR_BYTES];
};

struct slack_directory {
    struct posting *posting;
    char *channel; /* its name; NULL: there is no Slack channel */
    struct question questions[QUESTIONS_MOST];
    bool must_follow; /* the configuration is another one */
};

/* --- what is to be asked --- */

static struct question *place_for(struct slack_directory *directory, struct slice group)
{
    struct question *unused = NULL;

    for (size_t i = 0; i < QUESTIONS_MOST; i++) {
        struct question *question = &directory->questions[i];

        if (question->directory && slice_eq(slice_of(question->group), group))
            return question;
        if (!unused && !question->is_wanted && !question->is_asked)
            unused = question;
    }
    return unused;
}

static void want(struct slack_directory *directory, struct slice group)
{
    struct question *question = group.len < ID_BYTES ? place_for(directory, group) : NULL;

    if (!question) {
        log_error("user group is not followed: too many, or its id is too long group=%.*s",
                  SLICE_ARG(group));
        return;
    }
    if (!question->is_asked)
        *question = (struct question){ .directory = directory,
                                       .failing_since_ms = question->failing_since_ms };
    snprintf(question->group, sizeof question->group, "%.*s", SLICE_ARG(group));
    question->is_wanted = true;
    question->due_ms = 0;
}

static void follow(struct slack_directory *directory, const struct config *config)
{
    const struct channel *slack = channels_slack(config->channels);

    for (size_t i = 0; i < QUESTIONS_MOST; i++) {
        directory->questions[i].is_wanted = false;
        directory->questions[i].is_outdated = true;
    }
    free(directory->channel);
    directory->channel = slack ? strndup(slack->name.ptr, slack->name.len) : NULL;
    directory->must_follow = slack && !directory->channel; /* no memory: the next time */
    if (!directory->channel)
        return;
    want(directory, SLICE(""));
    for (size_t i = 0; i < config->n_groups; i++)
        if (!slice_is_absent(config->groups[i].slack))
            want(directory, config->groups[i].slack);
}

/* --- how it went --- */

static void ask_again(struct question *question)
{
    question->n_failures++;
    question->due_ms = clock_mono_ms() + backoff_ms(question->n_failures, posting_random());
    if (!question->failing_since_ms)
        question->failing_since_ms = clock_wall_ms();
    question->directory->posting->must_show = true;
}

static void fail(struct question *question, const char *what, struct slice detail)
{
    bool is_news = !question->error[0];

    posting_keep_error(question->error, slice_of(what), detail);
    ask_again(question);
    if (is_news)
        log_warn("Slack does not say what we must know: %s channel=%s", question->error,
                 question->directory->channel);
}

static void succeed(struct question *question)
{
    question->n_failures = 0;
    question->failing_since_ms = 0;
    question->error[0] = '\0';
    question->due_ms = clock_mono_ms() + (question->group[0] ? GROUP_EVERY_MS : SELF_EVERY_MS);
    question->directory->posting->must_show = true;
}

/* --- an answer, stored --- */

static enum rc store_self(struct slack_directory *directory, const struct json *answer)
{
    const struct channel_facts facts = { .channel = slice_of(directory->channel),
                                         .team = json_string(json_get_text(answer, "team_id")),
                                         .bot_user = json_string(json_get_text(answer, "user_id")),
                                         .bot = json_string(json_get_text(answer, "bot_id")),
                                         .app = json_string(json_get_text(answer, "app_id")),
                                         .checked_ms = clock_wall_ms() };

    return posting_turn_note_channel(directory->posting, &facts);
}

static enum rc store_members(struct slack_directory *directory, const char *group,
                             const struct json *answer, struct arena *arena)
{
    const struct json *users = json_get_text(answer, "users");
    struct group_members members = { .channel = slice_of(directory->channel),
                                     .group = slice_of(group),
                                     .at_ms = clock_wall_ms() };

    if (json_type_of(users) != JSON_ARRAY)
        return RC_INVALID;
    members.users.items = arena_alloc(arena, json_count(users) + 1, sizeof(struct slice));
    if (!members.users.items)
        return RC_NO_MEMORY;
    for (const struct json *user = json_first(users); user; user = json_next(user))
        if (json_string(user).len)
            members.users.items[members.users.n_items++] = json_string(user);
    return posting_turn_note_group(directory->posting, &members);
}

static void store(struct question *question, const struct json *answer)
{
    struct slack_directory *directory = question->directory;
    struct arena *arena = NULL;
    enum rc rc = arena_new(CALL_ARENA_BYTES, &arena);

    if (!rc && question->group[0])
        rc = store_members(directory, question->group, answer, arena);
    else if (!rc)
        rc = store_self(directory, answer);
    arena_free(arena);
    if (rc)
        fail(question, "what Slack said could not be stored", slice_of(rc_text(rc)));
    else
        succeed(question);
}

/* What a person has to do, by Slack's code. */
static void fail_by_code(struct question *question, struct slice code)
{
    char what[128];

    if (!question->group[0])
        snprintf(what, sizeof what,
                 "Slack does not take the token (auth.test); replace it and "
                 "reload");
    else
        snprintf(what, sizeof what,
                 "members of the user group %s are not known; usergroups:read is needed",
                 question->group);
    fail(question, what, code.len ? code : SLICE("not an answer of Slack"));
}

static void take_json(struct question *question, struct slice body)
{
    struct json *answer = NULL;
    struct json_fault fault;
    enum rc rc = json_parse(body, JSON_LIMITS_DEFAULT, &answer, &fault);

    if (!rc && json_type_of(json_get_text(answer, "ok")) == JSON_TRUE)
        store(question, answer);
    else
        fail_by_code(question, json_string(json_get_text(answer, "error")));
    json_free(answer);
}

static void take_answer(void *context, enum rc rc, const struct http_answer *answer)
{
    struct question *question = context;
    int64_t wait_ms = posting_retry_after_ms(answer);

    question->is_asked = false;
    if (question->is_outdated || !question->is_wanted || rc == RC_BUSY)
        return;
    if (rc)
        fail(question, "Slack cannot be asked", slice_of(answer->error));
    else if (answer->status != 200)
        fail(question, "Slack cannot be asked",
             answer->status == 429 ? SLICE("too many requests")
                                   : SLICE("it answers with an error"));
    else
        take_json(question, answer->body);
    if (!rc && wait_ms)
        question->due_ms = clock_mono_ms() + wait_ms;
}

/* --- asking --- */

static enum rc make_request(const struct question *question, const struct channel *slack,
                            struct arena *arena, struct http_request *request)
{
    struct slice form = SLICE("");
    enum rc rc = RC_OK;

    if (!question->group[0])
        return slack_post_form(slack, "auth.test", form, arena, request);
    rc = arena_format(arena, &form, "usergroup=%s", question->group);
    return rc ? rc : slack_post_form(slack, "usergroups.users.list", form, arena, request);
}

static void ask(struct question *question, const struct channel *slack)
{
    struct posting_aside aside = { .done = take_answer, .context = question };
    struct arena *arena = NULL;
    enum rc rc = arena_new(CALL_ARENA_BYTES, &arena);

    if (!rc)
        rc = make_request(question, slack, arena, &aside.request);
    if (!rc)
        rc = posting_aside(question->directory->posting, &aside);
    arena_free(arena);
    question->is_asked = !rc;
    question->is_outdated = false;
    if (rc)
        ask_again(question);
}

static bool is_due(const struct question *question)
{
    return question->is_wanted && !question->is_asked && clock_mono_ms() >= question->due_ms;
}

static void ask_all(struct slack_directory *directory, const struct config *config, int64_t *due_ms)
{
    const struct channel *slack = channels_slack(config->channels);

    for (size_t i = 0; slack && i < QUESTIONS_MOST; i++) {
        struct question *question = &directory->questions[i];

        if (is_due(question))
            ask(question, slack);
        if (question->is_wanted && !question->is_asked)
            posting_due(due_ms, question->due_ms);
    }
}

void slack_directory_step(struct slack_directory *directory, int64_t *due_ms)
{
    const struct config *config = service_hold_config(directory->posting->service);

    if (directory->must_follow)
        follow(directory, config);
    ask_all(directory, config, due_ms);
    service_release_config(directory->posting->service, config);
    if (directory->must_follow)
        posting_due(due_ms, clock_mono_ms() + POSTING_TRY_AGAIN_MS);
}

void slack_directory_refresh(struct slack_directory *directory)
{
    directory->must_follow = true;
}

const char *slack_directory_error(const struct slack_directory *directory, struct slice name,
                                  int64_t *since_ms)
{
    if (!directory->channel || !slice_eq(slice_of(directory->channel), name))
        return NULL;
    for (size_t i = 0; i < QUESTIONS_MOST; i++) {
        const struct question *question = &directory->questions[i];

        if (!question->is_wanted || !question->failing_since_ms || !question->error[0])
            continue;
        *since_ms = question->failing_since_ms;
        return question->error;
    }
    return NULL;
}

/* --- life --- */

enum rc slack_directory_new(struct posting *posting, struct slack_directory **directory)
{
    struct slack_directory *made = calloc(1, sizeof *made);

    if (!made)
        return RC_NO_MEMORY;
    made->posting = posting;
    made->must_follow = true;
    *directory = made;
    return RC_OK;
}

void slack_directory_free(struct slack_directory *directory)
{
    if (!directory)
        return;
    free(directory->channel);
    free(directory);
}
