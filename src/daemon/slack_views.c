/* A click that opens a modal. It decides nothing, and anybody of the workspace may look: what is sent from it is judged when it comes. */
#include "src/daemon/slack_answers.h"

#include "actions/channels/slack_card.h"
#include "actions/channels/slack_ref.h"
#include "src/base/clock.h"
#include "src/daemon/card_read.h"

static const struct view {
    const char *name;
    enum rc (*write)(const struct card *card, struct slice metadata, struct arena *arena,
                     struct slice *view);
} views[] = {
    { "details", slack_view_details },
    { "edit", slack_view_edit },
    { "mute", slack_view_mute },
};

/* What the modal says about itself: the plan that is shown in it, not the one of the card it was opened from. */
static enum rc name_shown(const struct proposal *proposal, const struct slack_ref *clicked,
                          struct arena *arena, struct slice *metadata)
{
    const struct slack_ref shown = { .proposal = clicked->proposal,
                                     .revision = proposal->revision,
                                     .plan_digest = proposal->plan_digest,
                                     .wanted = clicked->wanted };

    return slack_ref_format(&shown, 0, arena, metadata);
}

static enum rc write_view(const struct slack_request *slack, const char *name,
                          const struct slack_ref *clicked, const struct card *card,
                          struct slice *json)
{
    struct slice metadata;
    enum rc rc = name_shown(card->proposal, clicked, slack->arena, &metadata);

    for (size_t i = 0; i < sizeof views / sizeof *views && !rc; i++)
        if (slice_eq(slice_of(name), slice_of(views[i].name)))
            rc = views[i].write(card, metadata, slack->arena, json);
    return rc;
}

static enum rc read_card(const struct slack_request *slack, const struct slack_ref *clicked,
                         struct card_parts *parts)
{
    struct store_txn *txn = NULL;
    struct ulid id;
    enum rc rc = ulid_parse(clicked->proposal, "prp_", &id);

    if (rc)
        return RC_NOT_FOUND;
    rc = store_begin_read(service_store(slack->service), &txn);
    if (!rc)
        rc = card_read(txn, slack->config, id, clock_wall_ms(), slack->arena, parts);
    store_abort(&txn);
    return rc;
}

/* For who clicked too late for a modal. */
static enum rc say_otherwise(const struct slack_request *slack, const struct card *card,
                             struct slice *sentence)
{
    const struct slice short_id = card->proposal->short_id;

    if (card->page_url.len)
        return arena_format(slack->arena, sentence, "Slack would not open it; it is here: %.*s",
                            SLICE_ARG(card->page_url));
    return arena_format(slack->arena, sentence,
                        "Slack would not open it; `vedette show %.*s` shows it",
                        SLICE_ARG(short_id));
}

static enum rc show(struct slack_request *slack, const char *name, const struct slack_click *click)
{
    struct card_parts *parts = arena_alloc(slack->arena, 1, sizeof *parts);
    struct slice json = { 0 }, otherwise = { 0 };
    struct slack_ref clicked;
    enum rc rc;

    if (!parts)
        return RC_NO_MEMORY;
    if (slack_ref_parse(click->block_id, &clicked))
        return RC_NOT_FOUND;
    rc = read_card(slack, &clicked, parts);
    if (!rc)
        rc = write_view(slack, name, &clicked, &parts->card, &json);
    if (!rc)
        rc = say_otherwise(slack, &parts->card, &otherwise);
    if (!rc)
        slack_show_view(slack, json, otherwise);
    return rc;
}

void slack_open_view(struct slack_request *slack, const char *view, const struct slack_click *click)
{
    enum rc rc = show(slack, view, click);

    if (rc && rc != RC_NOT_FOUND) {
        slack_fail(slack, rc);
        return;
    }
    if (rc)
        slack_tell(slack, SLICE("this proposal is not kept any more"));
    slack_acknowledge(slack);
}
