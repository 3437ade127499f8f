/* /vedette silence: list, add FIELD=VALUE… for 2h REASON, remove ID. */
#include "src/daemon/slack_command.h"

#include "actions/wording.h"
#include "src/base/clock.h"
#include "src/daemon/slack_silence.h"

#define USAGE                                                                                      \
    "/vedette silence list\n"                                                                      \
    "/vedette silence add FIELD=VALUE… for 2h REASON\n"                                          \
    "/vedette silence remove ID\n"                                                                 \
    "For example: /vedette silence add service=shop environment=staging for 2h load test"

/* --- list --- */

static void add_silence(const struct silence *silence, struct buffer *text)
{
    const struct silence_clause *clauses = silence->where.items;
    char id[ULID_TEXT_BYTES], when[WHEN_BYTES];

    buffer_format(text, "sil_%s", ulid_format(silence->id, id));
    for (size_t i = 0; i < silence->where.n_items; i++) {
        buffer_add_text(text, " ");
        buffer_add_shown(text, clauses[i].field);
        buffer_add_text(text, "=");
        buffer_add_shown(text, clauses[i].value);
    }
    buffer_format(text, " until %s by ", when_format(silence->until_ms, when));
    buffer_add_shown(text, silence->by);
    buffer_add_text(text, silence->reason.len ? ": " : "");
    buffer_add_shown(text, silence->reason);
    buffer_add_text(text, "\n");
}

enum rc slack_say_silences(struct slack_asking *asking)
{
    struct silence_list list = { 0 };
    enum rc rc = silence_list_active(asking->txn, clock_wall_ms(), asking->slack->arena, &list);

    if (rc)
        return rc;
    buffer_format(&asking->text, "Silences:%s\n", list.n_items ? "" : " none");
    for (size_t i = 0; i < list.n_items; i++)
        add_silence(&list.items[i], &asking->text);
    return RC_OK;
}

static void list(struct slack_request *slack)
{
    struct slack_asking asking = { .slack = slack };
    enum rc rc = store_begin_read(service_store(slack->service), &asking.txn);

    buffer_init(&asking.text, COMMAND_TEXT_BYTES);
    if (!rc)
        rc = slack_say_silences(&asking);
    store_abort(&asking.txn);
    if (rc)
        slack_fail(slack, rc);
    else
        slack_answer_text(slack, buffer_slice(&asking.text));
    buffer_free(&asking.text);
}

/* --- add --- */

/* What stands before the word `for`: one FIELD=VALUE or more. */
static enum rc read_clauses(struct slice *rest, struct arena *arena, struct silence *silence)
{
    struct silence_clause *clauses = arena_alloc(arena, SILENCE_MAX_CLAUSES, sizeof *clauses);
    size_t n = 0;

    if (!clauses)
        return RC_NO_MEMORY;
    for (;;) {
        struct slice value = slack_cut_word(rest);
        struct slice field;

        if (slice_eq_nocase(value, SLICE("for")))
            break;
        field = slice_cut(&value, '=');
        if (!field.len || !value.len || n == SILENCE_MAX_CLAUSES)
            return RC_INVALID;
        clauses[n++] = (struct silence_clause){ field, value };
    }
    silence->where = (struct record_list){ .items = clauses, .n_items = n };
    return n ? RC_OK : RC_INVALID;
}

static enum rc read_silence(struct slice rest, struct arena *arena,
                            struct slack_silencing *silencing)
{
    enum rc rc = read_clauses(&rest, arena, &silencing->silence);

    if (!rc)
        rc = duration_parse(slack_cut_word(&rest), &silencing->for_ms);
    silencing->silence.reason = rest;
    return rc;
}

static void answer_silencing(struct slack_silencing *silencing, struct slice sentence)
{
    slack_answer_text(silencing->work.slack, sentence);
}

static void add(struct slack_request *slack, struct slice rest)
{
    struct slack_silencing *silencing = arena_alloc(slack->arena, 1, sizeof *silencing);
    enum rc rc = silencing ? read_silence(rest, slack->arena, silencing) : RC_NO_MEMORY;

    if (rc == RC_INVALID) {
        slack_answer_text(slack, SLICE(USAGE));
    } else if (rc) {
        slack_fail(slack, rc);
    } else {
        silencing->answer = answer_silencing;
        slack_add_silence(slack, silencing);
    }
}

/* --- remove --- */

struct removing {
    struct slack_work work;
    struct ulid id;
};

static enum rc run_remove(struct slack_work *work, struct engine *engine, int64_t now_ms)
{
    return engine_remove_silence(engine, ((struct removing *)work)->id, work->slack->who,
                                 SLICE("slack"), now_ms);
}

static void end_remove(struct slack_work *work, enum rc rc)
{
    if (rc == RC_NOT_FOUND)
        slack_answer_text(work->slack, SLICE("there is no such silence"));
    else if (rc == RC_CONFLICT)
        slack_answer_text(work->slack, SLICE("this silence is over already"));
    else if (rc)
        slack_fail(work->slack, rc);
    else
        slack_answer_text(work->slack, SLICE("removed: what still fires asks now"));
}

static void remove_silence(struct slack_request *slack, struct slice rest)
{
    struct removing *removing = arena_alloc(slack->arena, 1, sizeof *removing);

    if (!removing) {
        slack_fail(slack, RC_NO_MEMORY);
        return;
    }
    removing->work = (struct slack_work){ .run = run_remove, .done = end_remove };
    if (ulid_parse(slack_cut_word(&rest), "sil_", &removing->id))
        slack_answer_text(slack, SLICE("`/vedette silence list` has their ids: sil_…"));
    else if (!slack->is_person)
        slack_answer_text(slack, SLICE("only people of the configuration may do this"));
    else
        slack_run(slack, &removing->work);
}

void slack_command_silence(struct slack_request *slack, struct slice rest)
{
    struct slice what = slack_cut_word(&rest);

    if (slice_eq_nocase(what, SLICE("list")))
        list(slack);
    else if (slice_eq_nocase(what, SLICE("add")))
        add(slack, rest);
    else if (slice_eq_nocase(what, SLICE("remove")))
        remove_silence(slack, rest);
    else
        slack_answer_text(slack, SLICE(USAGE));
}
