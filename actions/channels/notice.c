#include "actions/channels/notice.h"

#include "src/base/buffer.h"

#define HEADLINE_MAX_UNITS 300
#define TEXT_MAX_BYTES (256 * 1024)
#define N_FACTS 3
#define CARD_MIN_BYTES 300 /* a card that does not fit as so few is cut */
#define PLAN_ELSEWHERE "the plan does not fit here, and is not shown in part: read it on the page"

/* -- what a template may name -- */

static enum rc join(struct slice_list parts, const char *before, const char *between,
                    struct arena *arena, struct slice *text)
{
    struct buffer out;
    enum rc rc;

    buffer_init(&out, TEXT_MAX_BYTES);
    for (size_t i = 0; i < parts.n_items; i++) {
        buffer_add_text(&out, i ? between : "");
        buffer_add_text(&out, before);
        buffer_add(&out, parts.items[i]);
    }
    rc = buffer_rc(&out);
    if (!rc)
        rc = arena_copy(arena, buffer_slice(&out), text);
    buffer_free(&out);
    return rc;
}

static enum rc write_facts(const struct card *card, struct arena *arena, struct slice *text)
{
    struct slice_list facts = { 0 };
    enum rc rc = card_facts(card, N_FACTS, false, arena, &facts);

    return rc ? rc : join(facts, "- ", "\n", arena, text);
}

static enum rc write_plan(const struct card *card, struct arena *arena, struct slice *text)
{
    size_t n_steps = card->proposal->plan.n_items;
    struct slice_list steps = { .items = arena_alloc(arena, n_steps + 1, sizeof(*steps.items)) };

    if (!steps.items)
        return RC_NO_MEMORY;
    while (steps.n_items < n_steps) {
        enum rc rc = card_step(card, steps.n_items, arena, &steps.items[steps.n_items]);

        if (rc)
            return rc;
        steps.n_items++;
    }
    return join(steps, "", "\n\n", arena, text);
}

static enum rc write_url(const struct card *card, struct arena *arena, struct slice *text)
{
    (void)arena;
    *text = card->page_url;
    return RC_OK;
}

static enum rc write_short(const struct card *card, struct arena *arena, struct slice *text)
{
    (void)arena;
    *text = card->proposal->short_id;
    return RC_OK;
}

static const struct notice_value {
    const char *name;
    enum rc (*write)(const struct card *card, struct arena *arena, struct slice *text);
    bool is_ours; /* not from outside, and of use only as it is */
} values[] = {
    { .name = "headline", .write = card_headline },
    { .name = "state", .write = card_state },
    { .name = "when", .write = card_when },
    { .name = "conclusion", .write = card_conclusion },
    { .name = "facts", .write = write_facts },
    { .name = "plan", .write = write_plan },
    { .name = "expiry", .write = card_expiry },
    { .name = "deciders", .write = card_deciders },
    { .name = "url", .write = write_url, .is_ours = true },
    { .name = "short", .write = write_short, .is_ours = true },
};
#define N_VALUES (sizeof(values) / sizeof(values[0]))

static const struct notice_value *find_value(struct slice name)
{
    for (size_t i = 0; i < N_VALUES; i++) {
        if (slice_eq(name, slice_of(values[i].name)))
            return &values[i];
    }
    return NULL;
}

/* -- while it is loaded -- */

static void refuse_name(const struct node *node, struct slice name, struct problems *problems)
{
    const char *names[N_VALUES + 1] = { 0 };
    const char *meant;

    for (size_t i = 0; i < N_VALUES; i++)
        names[i] = values[i].name;
    meant = problem_did_you_mean(name, names);
    node_problem(problems, node,
                 "`template` names `%.*s`, which no card has%s%s%s: a card has headline state when "
                 "conclusion facts plan expiry deciders url short",
                 SLICE_ARG(name), meant ? "; did you mean `" : "", meant ? meant : "",
                 meant ? "`?" : "");
}

enum rc notice_load_template(const struct node *node, const struct channel_place *where,
                             struct template **template)
{
    struct json_fault fault = { 0 };
    struct slice name;
    enum rc rc, worst = RC_OK;

    if (!node || node->is_null)
        return RC_OK;
    rc = template_parse(node->text, where->arena, template, &fault);
    if (rc == RC_INVALID)
        node_problem(where->problems, node, "`template` at byte %zu: %s", fault.offset, fault.text);
    if (rc)
        return rc;
    for (size_t i = 0; !slice_is_absent(name = template_name(*template, i)); i++) {
        if (find_value(name))
            continue;
        refuse_name(node, name, where->problems);
        worst = RC_INVALID;
    }
    return worst;
}

static bool names_url(const struct template *template)
{
    struct slice name;

    for (size_t i = 0; !slice_is_absent(name = template_name(template, i)); i++) {
        if (slice_eq(name, SLICE("url")))
            return true;
    }
    return false;
}

/* -- the text -- */

struct rendering {
    const struct card *card;
    const struct literal_rules *rules;
    struct arena *arena;
    bool leaves_plan_out;
    enum rc rc;
};

static struct slice render_value(void *context, struct slice name)
{
    struct rendering *rendering = context;
    const struct notice_value *value = find_value(name);
    struct slice text = { 0 }, literal = { 0 };

    if (!value || rendering->rc)
        return (struct slice){ 0 };
    if (value->write == write_plan && rendering->leaves_plan_out)
        return SLICE(PLAN_ELSEWHERE);
    rendering->rc = value->write(rendering->card, rendering->arena, &text);
    if (rendering->rc || slice_is_absent(text) || value->is_ours)
        return text;
    rendering->rc = literal_make(rendering->rules, text, SIZE_MAX, rendering->arena, &literal);
    return literal;
}

static enum rc render(const struct notice_form *form, struct rendering *rendering, int64_t now_ms,
                      struct slice *text)
{
    struct template_values given = { .get = render_value, .context = rendering, .now_ms = now_ms };
    struct buffer out;
    enum rc rc;

    buffer_init(&out, TEXT_MAX_BYTES);
    template_render(form->template, &given, &out, NULL);
    rc = rendering->rc ? rendering->rc : buffer_rc(&out);
    if (!rc)
        rc = arena_copy(rendering->arena, slice_trim(buffer_slice(&out)), text);
    buffer_free(&out);
    return rc;
}

/* Its values are literal already: what is cut here is cut as it stands. */
static enum rc make_from_template(const struct channel_call *call, const struct notice_form *form,
                                  size_t max_units, struct arena *arena, struct slice *text)
{
    struct rendering rendering = { .card = call->card, .rules = form->rules, .arena = arena };
    struct slice whole = { 0 };
    enum rc rc = render(form, &rendering, call->now_ms, &whole);

    if (!rc && literal_units(whole) > max_units) {
        rendering.leaves_plan_out = true;
        rc = render(form, &rendering, call->now_ms, &whole);
    }
    return rc ? rc : literal_make(&literal_plain, whole, max_units, arena, text);
}

/* A card of fewer bytes is one that leaves out more, and says so; one that is cut would show a plan in part. */
static enum rc make_whole_card(const struct channel_call *call, const struct notice_form *form,
                               size_t max_units, struct arena *arena, struct slice *text)
{
    for (size_t max_bytes = max_units;; max_bytes /= 2) {
        struct slice whole = { 0 };
        enum rc rc = card_text(call->card, max_bytes, arena, &whole);

        if (!rc)
            rc = literal_make(form->rules, whole, SIZE_MAX, arena, text);
        if (rc || literal_units(*text) <= max_units)
            return rc;
        if (max_bytes < CARD_MIN_BYTES)
            return literal_make(form->rules, whole, max_units, arena, text);
    }
}

static enum rc make_card(const struct channel_call *call, const struct notice_form *form,
                         size_t max_units, struct arena *arena, struct slice *text)
{
    return (form->template ? make_from_template : make_whole_card)(call, form, max_units, arena,
                                                                   text);
}

enum rc notice_headline(const struct channel_call *call, const struct literal_rules *rules,
                        size_t max_units, struct arena *arena, struct slice *text)
{
    struct slice headline = { 0 };
    struct buffer line;
    enum rc rc;

    *text = (struct slice){ 0 };
    if (!call->card)
        return RC_OK;
    rc = card_headline(call->card, arena, &headline);
    if (rc)
        return rc;
    buffer_init(&line, 0);
    buffer_add_shown(&line, headline);
    rc = buffer_rc(&line);
    if (!rc)
        rc = literal_make(rules, buffer_slice(&line), max_units, arena, text);
    buffer_free(&line);
    return rc;
}

static enum rc make_note(const struct channel_call *call, const struct notice_form *form,
                         size_t max_units, struct arena *arena, struct slice *text)
{
    struct slice about = { 0 }, said = { 0 };
    enum rc rc = RC_OK;

    if (form->stands_alone)
        rc = notice_headline(call, form->rules, HEADLINE_MAX_UNITS, arena, &about);
    if (rc)
        return rc;
    if (about.len)
        max_units -= literal_units(about) + 1;
    rc = literal_make(form->rules, call->note->text, max_units, arena, &said);
    if (rc || !about.len) {
        *text = said;
        return rc;
    }
    return arena_format(arena, text, "%.*s\n%.*s", SLICE_ARG(about), SLICE_ARG(said));
}

/* A note in a thread has the card's link above it. */
static bool wants_link(const struct channel_call *call, const struct notice_form *form)
{
    if (form->has_button || !call->card || !call->card->page_url.len)
        return false;
    return call->note ? form->stands_alone : !form->template || !names_url(form->template);
}

enum rc notice_make(const struct channel_call *call, const struct notice_form *form,
                    struct arena *arena, struct slice *text)
{
    struct slice url = call->card ? call->card->page_url : SLICE("");
    size_t link_units = literal_units(url) + 2;
    bool is_linked = wants_link(call, form) && link_units < form->max_units / 2;
    struct slice body = { 0 };
    enum rc rc;

    if (!is_linked)
        link_units = 0;
    rc = (call->note ? make_note : make_card)(call, form, form->max_units - link_units, arena,
                                              &body);
    if (rc || !is_linked) {
        *text = body;
        return rc;
    }
    return arena_format(arena, text, "%.*s\n\n%.*s", SLICE_ARG(body), SLICE_ARG(url));
}
