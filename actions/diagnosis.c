#include "actions/diagnosis.h"

#include "actions/output_lines.h"
#include "actions/wording.h"

#include <string.h>

#define MAX_CHANGES_TOLD 3
#define MAX_FACTS 64
#define MAX_GAPS 32

/* A diagnosis in the making. A sentence is put together in `text` and taken out of it by the function that ends it. */
struct draft {
    const struct task *task;
    const struct signal *signal;
    int64_t now_ms;
    struct arena *arena;
    struct diagnosis *diagnosis;
    struct buffer text;
    struct fact *facts;
    struct hypothesis *hypotheses;
    struct slice *gaps;
    size_t n_changes;     /* seen just before */
    struct slice change;  /* the newest of them: a line of evidence_changes */
    struct slice missing; /* an action or a log that gave no evidence */
    enum rc rc;           /* the first thing that went wrong: asked for once, at the end */
};

/* -- sentences -- */

static struct slice end_text(struct draft *draft)
{
    struct slice text = { 0 };

    if (!draft->rc)
        draft->rc = buffer_rc(&draft->text);
    if (!draft->rc)
        draft->rc = arena_copy(draft->arena, buffer_slice(&draft->text), &text);
    buffer_clear(&draft->text);
    return text;
}

static struct slice_list cite(struct draft *draft, const struct evidence *evidence)
{
    struct slice_list ids = { 0 };

    if (!evidence || draft->rc)
        return ids;
    ids.items = arena_alloc(draft->arena, 1, sizeof(*ids.items));
    if (!ids.items) {
        draft->rc = RC_NO_MEMORY;
        return ids;
    }
    draft->rc = arena_copy(draft->arena, evidence->id, &ids.items[0]);
    ids.n_items = 1;
    return ids;
}

static void end_fact(struct draft *draft, const struct evidence *evidence)
{
    struct slice text = end_text(draft);
    struct fact *fact = &draft->facts[draft->diagnosis->facts.n_items];

    if (draft->diagnosis->facts.n_items == MAX_FACTS)
        return;
    *fact = (struct fact){ .text = text, .evidence = cite(draft, evidence) };
    draft->diagnosis->facts.n_items++;
}

static void end_gap(struct draft *draft)
{
    struct slice text = end_text(draft);

    if (draft->diagnosis->proof_gaps.n_items < MAX_GAPS)
        draft->gaps[draft->diagnosis->proof_gaps.n_items++] = text;
}

static void say(struct draft *draft, const char *text)
{
    buffer_add_text(&draft->text, text);
}

static void say_shown(struct draft *draft, struct slice text)
{
    buffer_add_shown(&draft->text, text);
}

/* -- what, since when, how often -- */

static void tell_what(struct draft *draft)
{
    say_shown(draft, draft->signal->title);
    end_fact(draft, NULL);
}

static void tell_when(struct draft *draft)
{
    const struct signal *signal = draft->signal;
    char first[WHEN_BYTES], first_ago[TIME_TEXT_BYTES], last_ago[TIME_TEXT_BYTES];

    when_format(signal->first_seen_ms, first);
    duration_format_rough(draft->now_ms - signal->first_seen_ms, first_ago);
    duration_format_rough(draft->now_ms - signal->last_seen_ms, last_ago);
    if (signal->count <= 1)
        buffer_format(&draft->text, "Seen once, at %s (%s ago).", first, first_ago);
    else
        buffer_format(&draft->text, "Seen %lld times since %s (%s ago), last %s ago.",
                      (long long)signal->count, first, first_ago, last_ago);
    if (signal->episode > 1) {
        char times[WHEN_BYTES];

        buffer_format(&draft->text, " It has fired %s before.",
                      times_format(signal->episode - 1, times));
    }
    end_fact(draft, NULL);
}

/* -- what changed just before -- */

static void suppose(struct draft *draft, struct slice change, const struct evidence *evidence)
{
    struct record_list *hypotheses = &draft->diagnosis->hypotheses;
    struct hypothesis *hypothesis = &draft->hypotheses[hypotheses->n_items];

    if (hypotheses->n_items == MAX_CHANGES_TOLD)
        return;
    say(draft, "It comes from the ");
    say_shown(draft, change);
    *hypothesis = (struct hypothesis){ .text = end_text(draft),
                                       .supports = cite(draft, evidence),
                                       .result = SLICE("open") };
    hypotheses->n_items++;
}

/* The text is a heading, then a line for each change, newest first. */
static void tell_changes(struct draft *draft, const struct evidence *evidence)
{
    struct slice rest = evidence->text;
    struct slice heading = slice_cut(&rest, '\n');

    if (!rest.len) {
        say_shown(draft, heading);
        end_fact(draft, evidence);
        say(draft, "No change was seen just before; one that no watcher reports would not show.");
        end_gap(draft);
        return;
    }
    for (size_t n_told = 0; rest.len; n_told++) {
        struct slice change = slice_cut(&rest, '\n');

        if (!draft->n_changes++)
            draft->change = change;
        if (n_told >= MAX_CHANGES_TOLD)
            continue;
        say(draft, n_told ? "Before that: " : "The last change before it: ");
        say_shown(draft, change);
        end_fact(draft, evidence);
        suppose(draft, change, evidence);
    }
}

/* -- what the collectors returned -- */

static void say_lines(struct draft *draft, struct slice output)
{
    struct slice lines[OUTPUT_MAX_LINES];
    size_t n_lines = output_lines(output, lines);

    for (size_t i = 0; i < n_lines; i++) {
        say(draft, i ? ", \"" : ": \"");
        output_add_line(&draft->text, lines[i]);
        say(draft, "\"");
    }
}

static void tell_output(struct draft *draft, const struct evidence *evidence)
{
    say_shown(draft, evidence->source);
    if (slice_trim(evidence->text).len) {
        say(draft, " returned");
        say_lines(draft, evidence->text);
    } else
        say(draft, " printed nothing.");
    end_fact(draft, evidence);
}

/* The text is a heading that ends in a colon, then the lines; the heading of nothing is a whole sentence. */
static void tell_log(struct draft *draft, const struct evidence *evidence)
{
    struct slice rest = evidence->text;
    struct slice heading = slice_trim(slice_cut(&rest, '\n'));
    bool has_lines = slice_ends(heading, SLICE(":"));

    if (has_lines)
        heading.len--;
    say_shown(draft, heading.len ? heading : evidence->source);
    if (!heading.len) {
        say(draft, " showed nothing.");
    } else if (evidence->finding.len) {
        say(draft, "; the first: \"");
        output_add_line(&draft->text, evidence->finding);
        say(draft, "\"");
    } else if (has_lines) {
        say_lines(draft, rest);
    }
    end_fact(draft, evidence);
}

static void tell_similar(struct draft *draft, const struct evidence *evidence)
{
    struct slice rest = evidence->text;
    struct slice heading = slice_cut(&rest, '\n');

    if (rest.len) {
        say(draft, "Last time: ");
        say_shown(draft, slice_cut(&rest, '\n'));
    } else
        say_shown(draft, heading);
    end_fact(draft, evidence);
}

/* -- what is missing -- */

static void tell_gap(struct draft *draft, const struct evidence *evidence)
{
    bool is_log = slice_eq(evidence->kind, SLICE("log"));

    if (is_log)
        say(draft, "The search in ");
    say_shown(draft, evidence->source.len ? evidence->source : evidence->kind);
    if (evidence->state == EVIDENCE_WAITING)
        say(draft, " had not come back when the time was up.");
    else {
        say(draft, " gave no evidence: ");
        say_shown(draft, evidence->error);
        say_lines(draft, evidence->text);
    }
    end_gap(draft);
    if (is_log || slice_eq(evidence->kind, SLICE("action")))
        draft->missing = evidence->source;
}

/* The order in which people ask. */
static const struct teller {
    const char *kind;
    void (*tell)(struct draft *draft, const struct evidence *evidence);
    const char *gap;   /* where nobody looked for it at all, */
    const char *other; /* nor for this kind, which is as good */
} tellers[] = {
    { .kind = "changes",
      .tell = tell_changes,
      .gap = "What changed just before was not looked for." },
    { .kind = "action",
      .tell = tell_output,
      .gap = "Nothing was collected from what fails: the rule names no evidence to collect.",
      .other = "log" },
    { .kind = "log", .tell = tell_log },
    { .kind = "similar", .tell = tell_similar },
};

static bool was_looked_for(const struct draft *draft, const char *kind)
{
    const struct evidence *evidence = draft->task->evidence.items;

    for (size_t i = 0; kind && i < draft->task->evidence.n_items; i++) {
        if (slice_eq(evidence[i].kind, slice_of(kind)))
            return true;
    }
    return false;
}

static void tell_evidence(struct draft *draft, const struct teller *teller)
{
    const struct evidence *evidence = draft->task->evidence.items;

    for (size_t i = 0; i < draft->task->evidence.n_items; i++) {
        if (!slice_eq(evidence[i].kind, slice_of(teller->kind)))
            continue;
        if (evidence[i].state == EVIDENCE_HELD)
            teller->tell(draft, &evidence[i]);
        else
            tell_gap(draft, &evidence[i]);
    }
    if (!teller->gap || was_looked_for(draft, teller->kind) || was_looked_for(draft, teller->other))
        return;
    say(draft, teller->gap);
    end_gap(draft);
}

/* -- what it comes to -- */

static void summarise(struct draft *draft)
{
    const struct signal *signal = draft->signal;
    char when[WHEN_BYTES];

    when_format(signal->first_seen_ms, when);
    say(draft, "No confirmed cause. ");
    if (signal->count <= 1)
        buffer_format(&draft->text, "Seen once, at %s; ", when);
    else
        buffer_format(&draft->text, "Seen %lld times since %s; ", (long long)signal->count, when);
    if (draft->n_changes)
        buffer_format(&draft->text, "%zu change%s came just before.", draft->n_changes,
                      draft->n_changes == 1 ? "" : "s");
    else
        say(draft, "no change is known to have come just before.");
    draft->diagnosis->summary = end_text(draft);
}

static void conclude_narrowed(struct draft *draft)
{
    struct conclusion *conclusion = &draft->diagnosis->conclusion;

    draft->diagnosis->status = DIAGNOSIS_NARROWED_CAUSE;
    if (draft->n_changes == 1)
        say(draft, "One change came just before it began: ");
    else
        buffer_format(&draft->text,
                      "%zu changes came just before it began, the last one: ", draft->n_changes);
    say_shown(draft, draft->change);
    conclusion->text = end_text(draft);
    conclusion->boundary =
        SLICE("A change just before is not proof: nothing here ties it to what fails.");
    conclusion->confidence = draft->n_changes == 1 ? 0.3 : 0.2;
    say(draft, "Whether a change just before touches what fails was not looked at.");
    end_gap(draft);
    draft->diagnosis->next_evidence = SLICE(
        "Read the change beside the failure; the same run on the state before it would tell.");
}

static void conclude_unresolved(struct draft *draft)
{
    struct conclusion *conclusion = &draft->diagnosis->conclusion;

    draft->diagnosis->status = DIAGNOSIS_UNRESOLVED;
    conclusion->text = SLICE("The cause is not known.");
    conclusion->boundary = SLICE("The facts say what happens and since when, not why.");
    if (draft->missing.len) {
        say(draft, "What ");
        say_shown(draft, draft->missing);
        say(draft, " would have shown.");
        draft->diagnosis->next_evidence = end_text(draft);
    } else
        draft->diagnosis->next_evidence =
            SLICE("The output of what fails, and changes that no watcher reports.");
}

static enum rc begin(struct draft *draft)
{
    struct diagnosis *diagnosis = draft->diagnosis;

    *diagnosis = (struct diagnosis){ .by = SLICE("vedette") };
    draft->facts = arena_alloc(draft->arena, MAX_FACTS + 1, sizeof(*draft->facts));
    draft->hypotheses = arena_alloc(draft->arena, MAX_CHANGES_TOLD + 1, sizeof(*draft->hypotheses));
    draft->gaps = arena_alloc(draft->arena, MAX_GAPS, sizeof(*draft->gaps));
    if (!draft->facts || !draft->hypotheses || !draft->gaps)
        return RC_NO_MEMORY;
    diagnosis->facts.items = draft->facts;
    diagnosis->hypotheses.items = draft->hypotheses;
    diagnosis->proof_gaps.items = draft->gaps;
    return arena_copy(draft->arena, draft->signal->title, &diagnosis->title);
}

enum rc diagnosis_make(const struct task *task, const struct signal *signal, int64_t now_ms,
                       struct arena *arena, struct diagnosis *diagnosis)
{
    struct draft draft = {
        .task = task,
        .signal = signal,
        .now_ms = now_ms,
        .arena = arena,
        .diagnosis = diagnosis,
    };
    enum rc rc = begin(&draft);

    if (rc)
        return rc;
    buffer_init(&draft.text, 0);
    tell_what(&draft);
    tell_when(&draft);
    for (size_t i = 0; i < sizeof(tellers) / sizeof(*tellers); i++)
        tell_evidence(&draft, &tellers[i]);
    summarise(&draft);
    if (draft.n_changes)
        conclude_narrowed(&draft);
    else
        conclude_unresolved(&draft);
    buffer_free(&draft.text);
    return draft.rc;
}
