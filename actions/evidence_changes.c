/* Pushes, deploys and releases of the signal's repo or service just before it was first seen. */
#include "actions/evidence.h"

#include "actions/evidence_text.h"
#include "actions/wording.h"

#define MAX_CHANGES 20
#define COMMIT_SHOWN_BYTES 12
#define TITLE_SHOWN_BYTES 120
#define SCRATCH_BYTES ((size_t)1 << 20)

struct change_search {
    const struct signal *signal;
    struct slice repo;
    struct slice service;
    int64_t first_seen_ms;
    size_t n_found;
    bool has_more;
    struct buffer lines;
};

/* -- whose changes -- */

/* The field as the episode's first match had it, else as the key and captures say. */
static enum rc find_field(const struct signal *signal, const char *name, struct arena *arena,
                          struct slice *value)
{
    struct slice sources[] = { signal->first_event, signal->last_event, signal->fields };
    enum rc rc = RC_OK;

    *value = (struct slice){ 0 };
    for (size_t i = 0; i < sizeof(sources) / sizeof(*sources) && !value->len && !rc; i++) {
        struct json *fields = NULL;
        struct json_fault fault;

        if (json_parse(sources[i], JSON_LIMITS_DEFAULT, &fields, &fault))
            continue; /* absent, or not what we wrote: the next one may say it */
        rc = arena_copy(arena, json_string(json_get_text(fields, name)), value);
        json_free(fields);
    }
    return rc;
}

static bool is_related(const struct change_search *search, const struct change *change)
{
    return (search->repo.len && slice_eq(search->repo, change->repo)) ||
           (search->service.len && slice_eq(search->service, change->service));
}

/* What the signal is about is no change that came before it: a failing deploy under a rule on deploys. */
static bool is_own(const struct signal *signal, struct ulid event)
{
    for (size_t i = 0; i < signal->samples.n_items; i++)
        if (!ulid_compare(signal->samples.items[i], event))
            return true;
    return false;
}

/* "acme/shop or the service shop" */
static void add_subject(const struct change_search *search, struct buffer *out)
{
    buffer_add_shown(out, search->repo);
    if (search->repo.len && search->service.len)
        buffer_add_text(out, " or the service ");
    buffer_add_shown(out, search->service);
}

/* -- a line each -- */

static void add_word(struct buffer *out, const char *before, struct slice text, const char *after)
{
    if (!text.len)
        return;
    buffer_add_text(out, before);
    buffer_add_shown(out, text);
    buffer_add_text(out, after);
}

/* push to acme/shop on main at 1a2b3c4d5e6f by jane, 4 min before: Round prices down */
static void add_line(struct change_search *search, const struct change *change)
{
    struct buffer *out = &search->lines;
    struct slice title = change->title;
    bool is_push = slice_eq(change->kind, SLICE("push"));
    char ago[TIME_TEXT_BYTES];

    buffer_add_byte(out, '\n');
    buffer_add_shown(out, change->kind);
    add_word(out, is_push ? " to " : " of ", change->repo.len ? change->repo : change->service, "");
    add_word(out, " to ", change->environment, "");
    add_word(out, " on ", change->branch, "");
    add_word(out, " at ", text_cut(change->commit, COMMIT_SHOWN_BYTES, NULL), "");
    add_word(out, " by ", change->actor, "");
    if (!slice_eq(change->state, SLICE("info")))
        add_word(out, " (", change->state, ")");
    buffer_format(out, ", %s before",
                  duration_format_rough(search->first_seen_ms - change->time_ms, ago));
    title = slice_trim(slice_cut(&title, '\n')); /* of a commit message the first line */
    add_word(out, ": ", text_cut(title, TITLE_SHOWN_BYTES, NULL), "");
}

static bool on_change(void *context, const struct change *change)
{
    struct change_search *search = context;

    if (!is_related(search, change) || is_own(search->signal, change->event))
        return true;
    if (search->n_found == MAX_CHANGES) {
        search->has_more = true;
        return false;
    }
    search->n_found++;
    add_line(search, change);
    return true;
}

static void add_heading(const struct change_search *search, int64_t within_ms, struct buffer *out)
{
    char within[TIME_TEXT_BYTES], when[WHEN_BYTES];

    if (search->has_more)
        buffer_format(out, "The newest %d changes of ", MAX_CHANGES);
    else if (search->n_found)
        buffer_format(out, "%zu change%s of ", search->n_found, search->n_found == 1 ? "" : "s");
    else
        buffer_add_text(out, "No push, deploy or release of ");
    add_subject(search, out);
    buffer_format(out, " in the %s before %s%s", duration_format(within_ms, within),
                  when_format(search->first_seen_ms, when), search->n_found ? ":" : ".");
}

static enum rc hold_changes(const struct change_search *search, int64_t within_ms, int64_t now_ms,
                            struct arena *arena, struct evidence *evidence)
{
    struct buffer text, source;
    enum rc rc;

    buffer_init(&text, 0);
    buffer_init(&source, 0);
    add_heading(search, within_ms, &text);
    buffer_add(&text, buffer_slice(&search->lines));
    add_subject(search, &source);
    rc = buffer_rc(&search->lines);
    if (!rc)
        rc = buffer_rc(&text);
    if (!rc)
        rc = buffer_rc(&source);
    if (!rc)
        rc = evidence_hold(evidence, "changes", buffer_slice(&source), buffer_slice(&text), now_ms,
                           arena);
    evidence->truncated = search->has_more;
    buffer_free(&source);
    buffer_free(&text);
    return rc;
}

static void fail_without_subject(int64_t now_ms, struct evidence *evidence)
{
    evidence->kind = SLICE("changes");
    evidence->source = SLICE("changes");
    evidence->state = EVIDENCE_FAILED;
    evidence->captured_ms = now_ms;
    evidence->error = SLICE("the signal names neither a repo nor a service");
}

enum rc evidence_changes(struct store_txn *txn, const struct signal *signal, int64_t within_ms,
                         int64_t now_ms, struct arena *arena, struct evidence *evidence)
{
    struct change_search search = { .signal = signal, .first_seen_ms = signal->first_seen_ms };
    struct arena *scratch = NULL;
    struct slice kind = { 0 };
    enum rc rc = find_field(signal, "repo", arena, &search.repo);

    /* The service of a run is its workflow, which nobody deploys: its repo says where to look. */
    if (!rc)
        rc = find_field(signal, "kind", arena, &kind);
    if (!rc && (!search.repo.len || !slice_eq(kind, SLICE("ci.run"))))
        rc = find_field(signal, "service", arena, &search.service);
    if (rc)
        return rc;
    if (!search.repo.len && !search.service.len) {
        fail_without_subject(now_ms, evidence);
        return RC_OK;
    }
    buffer_init(&search.lines, 0);
    rc = arena_new(SCRATCH_BYTES, &scratch);
    if (!rc)
        rc = change_each(txn, signal->first_seen_ms - within_ms, signal->first_seen_ms, scratch,
                         on_change, &search);
    if (!rc)
        rc = hold_changes(&search, within_ms, now_ms, arena, evidence);
    buffer_free(&search.lines);
    arena_free(scratch);
    return rc;
}
