#include "src/daemon/slack_silence.h"

#include "actions/wording.h"

/* A misspelt field would hold nothing, and nobody would hear of it. */
static enum rc find_fault(struct slack_silencing *silencing, const struct engine *engine,
                          int64_t now_ms)
{
    struct slice unknown = engine_unknown_field(engine, &silencing->silence);

    silencing->fault = slice_of(silence_fault(&silencing->silence, now_ms));
    if (!slice_is_absent(silencing->fault) || slice_is_absent(unknown))
        return RC_OK;
    return arena_format(silencing->work.slack->arena, &silencing->fault,
                        "no signal of the rules in force has a field `%.*s`", SLICE_ARG(unknown));
}

static enum rc run(struct slack_work *work, struct engine *engine, int64_t now_ms)
{
    struct slack_silencing *silencing = (struct slack_silencing *)work;
    enum rc rc;

    silencing->silence.until_ms = now_ms + silencing->for_ms;
    rc = find_fault(silencing, engine, now_ms);
    if (rc || !slice_is_absent(silencing->fault))
        return rc;
    return engine_add_silence(engine, &silencing->silence, now_ms);
}

static enum rc say(struct slack_silencing *silencing, struct slice *sentence)
{
    char id[ULID_TEXT_BYTES], when[WHEN_BYTES];

    return arena_format(silencing->work.slack->arena, sentence,
                        "silent until %s; `/vedette silence remove sil_%s` ends it before",
                        when_format(silencing->silence.until_ms, when),
                        ulid_format(silencing->silence.id, id));
}

static void end(struct slack_work *work, enum rc rc)
{
    struct slack_silencing *silencing = (struct slack_silencing *)work;
    struct slice sentence;

    if (rc == RC_LIMIT) {
        silencing->fault = SLICE("there are too many silences already: remove some");
        rc = RC_OK;
    }
    sentence = silencing->fault;
    if (!rc && slice_is_absent(silencing->fault))
        rc = say(silencing, &sentence);
    if (rc)
        slack_fail(work->slack, rc);
    else
        silencing->answer(silencing, sentence);
}

void slack_add_silence(struct slack_request *slack, struct slack_silencing *silencing)
{
    silencing->work.slack = slack;
    silencing->work.run = run;
    silencing->work.done = end;
    silencing->silence.by = slack->who;
    silencing->silence.via = SLICE("slack");
    if (slack->is_person) {
        slack_run(slack, &silencing->work);
        return;
    }
    silencing->fault =
        slack->turned.len ? slack->turned : SLICE("only people of the configuration may do this");
    silencing->answer(silencing, silencing->fault);
}
