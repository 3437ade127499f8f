/* /vedette: what one may ask, and the one thing that it changes, silences. It never decides: that takes the card, which shows the plan. */
#include "src/daemon/slack_command.h"

#include "src/base/log.h"

static enum rc say_help(struct slack_asking *asking);

/* clang-format off */
static const struct question {
    const char *name;
    const char *usage;
    const char *help;
    enum rc (*say)(struct slack_asking *asking);
} questions[] = {
    { "help",    "help",    "this", say_help },
    { "list",    "list",    "the proposals that wait for a decision", slack_say_list },
    { "show",    "show ID", "one proposal, with its plan", slack_say_show },
    { "oncall",  "oncall",  "what a shift should know: what waits, what is held, what fails", slack_say_oncall },
    { "status",  "status",  "how Vedette is", slack_say_status },
    { "silence", "silence list | add FIELD=VALUE… for 2h REASON | remove ID", "hold what would be asked", NULL },
};
/* clang-format on */
#define N_QUESTIONS (sizeof questions / sizeof *questions)

void slack_answer_text(struct slack_request *slack, struct slice text)
{
    struct buffer json;
    enum rc rc;

    buffer_init(&json, 0);
    rc = slack_write_ephemeral(text, slack->arena, &json);
    if (!rc) {
        slack_answer_json(slack, &json);
        return;
    }
    buffer_free(&json);
    slack_fail(slack, rc);
}

struct slice slack_cut_word(struct slice *rest)
{
    struct slice word;

    *rest = slice_trim(*rest);
    word = slice_cut(rest, ' ');
    *rest = slice_trim(*rest);
    return slice_trim(word);
}

static enum rc say_help(struct slack_asking *asking)
{
    buffer_add_text(&asking->text, "What you may ask:\n");
    for (size_t i = 0; i < N_QUESTIONS; i++)
        buffer_format(&asking->text, "/vedette %s: %s\n", questions[i].usage, questions[i].help);
    return RC_OK;
}

static enum rc ask(struct slack_asking *asking, enum rc (*say)(struct slack_asking *asking))
{
    enum rc rc = store_begin_read(service_store(asking->slack->service), &asking->txn);

    if (!rc)
        rc = say(asking);
    store_abort(&asking->txn);
    /* A text that was cut at its limit is an answer, too. */
    return rc || !asking->text.out_of_memory ? rc : RC_NO_MEMORY;
}

static void answer(struct slack_request *slack, struct slice rest,
                   enum rc (*say)(struct slack_asking *asking))
{
    struct slack_asking asking = { .slack = slack, .rest = rest };
    enum rc rc;

    buffer_init(&asking.text, COMMAND_TEXT_BYTES);
    rc = ask(&asking, say);
    if (rc)
        slack_fail(slack, rc);
    else
        slack_answer_text(slack, buffer_slice(&asking.text));
    buffer_free(&asking.text);
}

static const struct question *find_question(struct slice name)
{
    for (size_t i = 0; i < N_QUESTIONS; i++)
        if (slice_eq_nocase(name, slice_of(questions[i].name)))
            return &questions[i];
    return &questions[0];
}

void slack_take_command(struct slack_request *slack, const struct slack_command *command)
{
    struct slice rest = command->text;
    const struct question *question = find_question(slack_cut_word(&rest));

    if (slack_identify(slack, &command->origin))
        return;
    if (slack->turned.len)
        slack_answer_text(slack, slack->turned);
    else if (question->say)
        answer(slack, rest, question->say);
    else
        slack_command_silence(slack, rest);
}
