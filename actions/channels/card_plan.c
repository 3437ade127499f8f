/* What would be done, exactly: nothing is shortened, and nothing in it looks like something else. */
#include "actions/channels/card_words.h"
#include "actions/output_lines.h"

#include <inttypes.h>

#define ONE_LINE_BYTES 160 /* a command no longer than this is read at a glance */

const struct step *card_step_at(const struct card *card, size_t i)
{
    static const struct step none;
    const struct step *steps = card->proposal->plan.items;

    return i < card->proposal->plan.n_items ? &steps[i] : &none;
}

/* --- exactly --- */

static void add_words(struct buffer *words, const struct slice_list *argv)
{
    for (size_t i = 0; i < argv->n_items; i++) {
        buffer_add_text(words, i ? " " : "");
        shown_add_word(words, argv->items[i]);
    }
}

/* On one line, words with a blank in them are quoted, and on several none has a line end: no word can be taken for two, nor two for one. */
static bool fits_one_line(const struct slice_list *argv)
{
    struct buffer line;
    bool fits;

    if (argv->n_items == 1)
        return true;
    buffer_init(&line, ONE_LINE_BYTES);
    add_words(&line, argv);
    fits = !buffer_rc(&line);
    buffer_free(&line);
    return fits;
}

static void add_arguments(struct buffer *words, const struct slice_list *argv, const char *indent)
{
    if (fits_one_line(argv)) {
        buffer_format(words, "%s%s", words->len ? "\n" : "", indent);
        add_words(words, argv);
        return;
    }
    for (size_t i = 0; i < argv->n_items; i++) {
        buffer_format(words, "%s%s", words->len ? "\n" : "", indent);
        shown_add_argument(words, argv->items[i]);
    }
}

static void new_line(struct buffer *words, const char *indent, size_t depth)
{
    buffer_format(words, "\n%s%*s", indent, (int)(2 * depth), "");
}

/* A value of a body; json_parse has limited how deep it is. */
static void add_value(struct buffer *words, const struct json *value, const char *indent,
                      size_t depth)
{
    bool is_object = json_type_of(value) == JSON_OBJECT;

    if (json_type_of(value) == JSON_STRING)
        shown_add_quoted(words, json_string(value));
    else if (json_type_of(value) == JSON_NULL)
        buffer_add_text(words, "null");
    else if (!is_object && json_type_of(value) != JSON_ARRAY)
        shown_add_argument(words, json_text(value));
    else {
        buffer_add_text(words, is_object ? "{" : "[");
        for (const struct json *member = json_first(value); member; member = json_next(member)) {
            new_line(words, indent, depth + 1);
            if (is_object) {
                shown_add_quoted(words, json_name(member));
                buffer_add_text(words, ": ");
            }
            add_value(words, member, indent, depth + 1);
            buffer_add_text(words, json_next(member) ? "," : "");
        }
        if (json_first(value))
            new_line(words, indent, depth);
        buffer_add_text(words, is_object ? "}" : "]");
    }
}

static void add_request_members(struct buffer *words, const struct json *request,
                                const char *indent)
{
    const struct json *headers = json_get_text(request, "headers");
    const struct json *body = json_get_text(request, "json");

    buffer_format(words, "%s%s", words->len ? "\n" : "", indent);
    shown_add_word(words, json_string(json_get_text(request, "method")));
    buffer_add_text(words, " ");
    shown_add_word(words, json_string(json_get_text(request, "url")));
    for (const struct json *header = json_first(headers); header; header = json_next(header)) {
        new_line(words, indent, 0);
        shown_add_word(words, json_name(header));
        buffer_add_text(words, ": ");
        shown_add_argument(words, json_string(header));
    }
    if (body) {
        new_line(words, indent, 0);
        add_value(words, body, indent, 0);
    }
}

static void add_request(struct buffer *words, struct slice text, const char *indent)
{
    struct json *request = NULL;
    struct json_fault fault;

    if (json_parse(text, JSON_LIMITS_DEFAULT, &request, &fault)) {
        /* Stored by us and still unreadable: as it is, then. */
        buffer_format(words, "%s%s", words->len ? "\n" : "", indent);
        shown_add_argument(words, text);
        return;
    }
    add_request_members(words, request, indent);
    json_free(request);
}

static void add_step_exactly(struct buffer *words, const struct step *step, const char *indent)
{
    if (step->request.len)
        add_request(words, step->request, indent);
    else
        add_arguments(words, &step->argv, indent);
}

enum rc card_step(const struct card *card, size_t i, struct arena *arena, struct slice *text)
{
    struct buffer words;

    buffer_init(&words, 0);
    add_step_exactly(&words, card_step_at(card, i), "");
    return card_end(&words, arena, text);
}

static enum rc give_arguments(const struct slice_list *argv, struct arena *arena,
                              struct slice *text)
{
    struct buffer words;

    *text = (struct slice){ 0 };
    if (!argv->n_items)
        return RC_OK;
    buffer_init(&words, 0);
    add_arguments(&words, argv, "");
    return card_end(&words, arena, text);
}

enum rc card_step_check(const struct card *card, size_t i, struct arena *arena, struct slice *text)
{
    return give_arguments(&card_step_at(card, i)->check, arena, text);
}

/* Later, card_state says what it came to; and where a step failed, nothing is verified. */
static bool verification_is_ahead(const struct card *card)
{
    return card_phase(card) == CARD_OFFERED || card->proposal->state == PROPOSAL_RUNNING ||
           card->proposal->state == PROPOSAL_UNKNOWN;
}

enum rc card_verify_check(const struct card *card, struct arena *arena, struct slice *text)
{
    static const struct slice_list none;

    return give_arguments(verification_is_ahead(card) ? &card->proposal->verify_check : &none,
                          arena, text);
}

/* --- undo --- */

static const struct step *undo_of(const struct step *step)
{
    return step->state == STEP_DONE && step->undo_step.n_items ? step->undo_step.items : NULL;
}

enum rc card_undo(const struct card *card, struct arena *arena, struct slice *text)
{
    struct buffer words;

    *text = (struct slice){ 0 };
    if (!(card_offers(card) & CARD_UNDO))
        return RC_OK;
    buffer_init(&words, 0);
    for (size_t i = card->proposal->plan.n_items; i > 0; i--) {
        const struct step *undo = undo_of(card_step_at(card, i - 1));

        if (!undo)
            continue;
        buffer_format(&words, "%sundo of step %zu: ", words.len ? "\n" : "", i);
        shown_add_line(&words, undo->action);
        add_step_exactly(&words, undo, "  ");
    }
    return card_end(&words, arena, text);
}

/* --- in one line --- */

static void add_request_line(struct buffer *words, struct slice text)
{
    struct json *request = NULL;
    struct json_fault fault;

    if (json_parse(text, JSON_LIMITS_DEFAULT, &request, &fault)) {
        shown_add_word(words, text);
        return;
    }
    shown_add_word(words, json_string(json_get_text(request, "method")));
    buffer_add_text(words, " ");
    shown_add_word(words, json_string(json_get_text(request, "url")));
    if (json_first(json_get_text(request, "headers")) || json_get_text(request, "json"))
        buffer_add_text(words, " (headers and body as shown)");
    json_free(request);
}

static void add_step_line(struct buffer *words, const struct step *step, size_t number)
{
    buffer_format(words, "%s%zu. ", words->len ? "; " : "", number);
    if (step->request.len)
        add_request_line(words, step->request);
    else
        add_words(words, &step->argv);
}

enum rc card_plan_line(const struct card *card, struct arena *arena, struct slice *text)
{
    struct buffer words;

    buffer_init(&words, 0);
    for (size_t i = 0; i < card->proposal->plan.n_items; i++)
        add_step_line(&words, card_step_at(card, i), i + 1);
    return card_end(&words, arena, text);
}

enum rc card_undo_line(const struct card *card, struct arena *arena, struct slice *text)
{
    size_t number = 0;
    struct buffer words;

    buffer_init(&words, 0);
    for (size_t i = card->proposal->plan.n_items; i > 0; i--) {
        const struct step *undo = undo_of(card_step_at(card, i - 1));

        if (undo)
            add_step_line(&words, undo, ++number);
    }
    return card_end(&words, arena, text);
}

enum rc card_plan_heading(const struct card *card, struct arena *arena, struct slice *text)
{
    size_t n_steps = card->proposal->plan.n_items;
    const char *plural = n_steps == 1 ? "" : "s";

    if (card->proposal->state == PROPOSAL_OPEN)
        return arena_format(arena, text, "if approved, %zu step%s run%s", n_steps, plural,
                            n_steps == 1 ? "s" : "");
    return arena_format(arena, text, "what was approved: %zu step%s", n_steps, plural);
}

enum rc card_plan_names(const struct card *card, struct arena *arena, struct slice *text)
{
    size_t n_steps = card->proposal->plan.n_items;
    struct buffer words;

    buffer_init(&words, 0);
    buffer_format(&words, "%zu step%s", n_steps, n_steps == 1 ? "" : "s");
    for (size_t i = 0; i < n_steps; i++) {
        buffer_add_text(&words, i ? ", " : ": ");
        shown_add_line(&words, card_step_at(card, i)->action);
    }
    return card_end(&words, arena, text);
}

enum rc card_no_plan(const struct card *card, struct arena *arena, struct slice *text)
{
    struct buffer words;

    *text = (struct slice){ 0 };
    if (card->proposal->plan.n_items || card->proposal->state != PROPOSAL_OPEN)
        return RC_OK;
    buffer_init(&words, 0);
    if (card->proposal->refused.len) {
        buffer_add_text(&words, "no plan is offered, as it could not be made: ");
        card_add_sentence(&words, card->proposal->refused);
    } else {
        buffer_add_text(&words, "no plan is offered: this is for you to look at");
    }
    return card_end(&words, arena, text);
}

/* --- what is said of a step --- */

enum rc card_step_name(const struct card *card, size_t i, struct arena *arena, struct slice *text)
{
    const struct step *step = card_step_at(card, i);
    struct buffer words;

    buffer_init(&words, 0);
    shown_add_line(&words, step->action);
    if (step->why.len) {
        buffer_add_text(&words, ": ");
        card_add_sentence(&words, step->why);
    }
    return card_end(&words, arena, text);
}

static void add_undo(struct buffer *words, const struct step *step)
{
    if (step->effect == EFFECT_NONE)
        return;
    buffer_add_text(words, step->undo.len ? "; undo: " : "; cannot be undone");
    shown_add_line(words, step->undo);
}

enum rc card_step_effect(const struct card *card, size_t i, struct arena *arena, struct slice *text)
{
    static const char *const effects[] = {
        [EFFECT_NONE] = "changes nothing",
        [EFFECT_WRITE] = "changes things here",
        [EFFECT_EXTERNAL] = "changes things outside",
    };
    const struct step *step = card_step_at(card, i);
    char timeout[TIME_TEXT_BYTES];
    struct buffer words;

    buffer_init(&words, 0);
    buffer_add_text(&words, effects[step->effect]);
    add_undo(&words, step);
    if (step->argv.n_items && !fits_one_line(&step->argv))
        buffer_format(&words, "; a command of %zu words, one a line", step->argv.n_items);
    if (step->user.len) {
        buffer_add_text(&words, "; as user ");
        shown_add_line(&words, step->user);
    }
    for (size_t j = 0; j < step->env.n_items; j++) {
        buffer_add_text(&words, j ? ", " : "; sees ");
        shown_add_line(&words, step->env.items[j]);
    }
    if (step->timeout_ms)
        buffer_format(&words, "; at most %s", duration_format(step->timeout_ms, timeout));
    return card_end(&words, arena, text);
}

static void add_end(struct buffer *words, const struct step *step)
{
    char took[TIME_TEXT_BYTES];

    if (step->state != STEP_UNKNOWN && step->started_ms && step->finished_ms >= step->started_ms)
        buffer_format(words, " in %s",
                      duration_format_rough(step->finished_ms - step->started_ms, took));
    if (step->exited && step->exit_code && !step->error.len)
        buffer_format(words, ": exit code %" PRId64, step->exit_code);
    if (step->error.len) {
        buffer_add_text(words, ": ");
        card_add_sentence(words, step->error);
    }
}

enum rc card_step_state(const struct card *card, size_t i, struct arena *arena, struct slice *text)
{
    static const char *const states[] = {
        [STEP_PLANNED] = "not started yet",
        [STEP_CHECKING] = "its check runs",
        [STEP_RUNNING] = "runs",
        [STEP_DONE] = "done",
        [STEP_FAILED] = "failed",
        [STEP_UNKNOWN] = "nobody knows how it ended",
        [STEP_NOT_STARTED] = "not started",
    };
    const struct step *step = card_step_at(card, i);
    struct buffer words;

    *text = (struct slice){ 0 };
    if (card_phase(card) != CARD_ACTED)
        return RC_OK;
    buffer_init(&words, 0);
    buffer_add_text(&words, states[step->state]);
    if (step->state == STEP_RUNNING && step->started_ms) {
        buffer_add_text(&words, " since ");
        card_add_time(&words, card, step->started_ms);
    }
    if (step->state == STEP_DONE || step->state == STEP_FAILED || step->state == STEP_UNKNOWN)
        add_end(&words, step);
    if (step->undo_state != STEP_PLANNED)
        buffer_format(&words, "; its undo: %s", states[step->undo_state]);
    return card_end(&words, arena, text);
}

enum rc card_step_output(const struct card *card, size_t i, struct arena *arena, struct slice *text)
{
    struct slice lines[OUTPUT_MAX_LINES];
    size_t n_lines = output_lines(card_step_at(card, i)->output, lines);
    struct buffer words;

    *text = (struct slice){ 0 };
    if (!n_lines)
        return RC_OK;
    buffer_init(&words, 0);
    for (size_t j = 0; j < n_lines; j++) {
        buffer_add_text(&words, j ? "\n" : "");
        output_add_line(&words, lines[j]);
    }
    return card_end(&words, arena, text);
}

enum rc card_verification(const struct card *card, struct arena *arena, struct slice *text)
{
    const struct proposal *proposal = card->proposal;
    char window[TIME_TEXT_BYTES];

    duration_format(proposal->verify_ms, window);
    switch (verification_is_ahead(card) ? proposal->verify : VERIFY_NONE) {
    case VERIFY_QUIET:
        return arena_format(
            arena, text, "afterwards it is watched for %s: verified when it stays quiet", window);
    case VERIFY_OK:
        return arena_format(arena, text,
                            "afterwards it is watched for %s: verified when its source says that "
                            "it is well",
                            window);
    case VERIFY_CHECK:
        return arena_format(arena, text, "afterwards a check finds out whether it helped");
    case VERIFY_NONE:
        break;
    }
    *text = (struct slice){ 0 };
    return RC_OK;
}
