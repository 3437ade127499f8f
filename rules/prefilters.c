#include "rules/prefilters.h"

#include "rules/evaluation.h"
#include "src/base/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Of the texts of one kind. */
#define SAMPLE_BYTES ((size_t)256 << 10)
/* The oldest makes way. Rules tell few kinds from each other. */
#define ENTRIES_MAX 64

/* For all kinds and types that the same names of `on` ask for. */
struct entry {
    struct entry *next;
    uint64_t *asked;         /* a bit for each name */
    struct slice kind, type; /* one of them; owned */
    bool holds_data;
    char *sample; /* SAMPLE_BYTES of room; NULL: nobody has shown any text */
    size_t n_sample;
    size_t n_known;             /* bytes of the sample that the prefilter was made with */
    bool is_being_made;         /* it stays until that is done */
    bool has_failed;            /* once is enough */
    struct prefilter *made;     /* NULL: not yet */
    struct prefilter *stand_in; /* that tries all rules that ask; NULL: nobody needed it */
};

struct prefilters {
    pthread_mutex_t lock;
    struct slice *names; /* that stand in `on` of any rule, none twice */
    size_t n_names;
    bool has_names;
    struct entry *entries; /* newest first */
    size_t n_entries;
};

/* -- life -- */

enum rc prefilters_new(struct prefilters **prefilters)
{
    struct prefilters *made = calloc(1, sizeof(*made));

    if (!made)
        return RC_NO_MEMORY;
    pthread_mutex_init(&made->lock, NULL);
    *prefilters = made;
    return RC_OK;
}

static void entry_free(struct entry *entry)
{
    prefilter_free(entry->made);
    prefilter_free(entry->stand_in);
    free(entry->asked);
    free((char *)(uintptr_t)entry->kind.ptr);
    free((char *)(uintptr_t)entry->type.ptr);
    free(entry->sample);
    free(entry);
}

void prefilters_free(struct prefilters *prefilters)
{
    if (!prefilters)
        return;
    while (prefilters->entries) {
        struct entry *entry = prefilters->entries;

        prefilters->entries = entry->next;
        entry_free(entry);
    }
    free(prefilters->names);
    pthread_mutex_destroy(&prefilters->lock);
    free(prefilters);
}

/* -- names that rules ask for; from here on with the lock held -- */

static int compare_names(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static size_t count_names(const struct ruleset *ruleset)
{
    const struct filter *filter;
    size_t n_names = 0;

    for (size_t i = 0; i < ruleset->n_rules; i++) {
        for (size_t n = 0; (filter = rule_filter(&ruleset->rules[i], n)); n++)
            n_names += filter->on.n_items;
    }
    return n_names;
}

static void add_filter_names(struct prefilters *prefilters, const struct slice_list *on)
{
    for (size_t i = 0; i < on->n_items; i++)
        prefilters->names[prefilters->n_names++] = on->items[i];
}

/* They live as long as the rules do. */
static enum rc list_names(struct prefilters *prefilters, const struct ruleset *ruleset)
{
    const struct filter *filter;
    size_t n_kept = 0;

    if (prefilters->has_names)
        return RC_OK;
    prefilters->names = calloc(count_names(ruleset) + 1, sizeof(*prefilters->names));
    if (!prefilters->names)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < ruleset->n_rules; i++) {
        for (size_t n = 0; (filter = rule_filter(&ruleset->rules[i], n)); n++)
            add_filter_names(prefilters, &filter->on);
    }
    if (prefilters->n_names)
        qsort(prefilters->names, prefilters->n_names, sizeof(*prefilters->names), compare_names);
    for (size_t i = 0; i < prefilters->n_names; i++) {
        if (!n_kept || !slice_eq(prefilters->names[n_kept - 1], prefilters->names[i]))
            prefilters->names[n_kept++] = prefilters->names[i];
    }
    prefilters->n_names = n_kept;
    prefilters->has_names = true;
    return RC_OK;
}

static size_t asked_bytes(const struct prefilters *prefilters)
{
    return (prefilters->n_names / 64 + 1) * sizeof(uint64_t);
}

/* Gives the bits; NULL: memory is out. */
static uint64_t *ask(const struct prefilters *prefilters, const struct prefilter_texts *texts)
{
    uint64_t *asked = calloc(1, asked_bytes(prefilters));

    for (size_t i = 0; asked && i < prefilters->n_names; i++) {
        const struct slice_list name = { .items = &prefilters->names[i], .n_items = 1 };

        if (on_asks_for(&name, DOOR_DATA, texts->kind, texts->type))
            asked[i / 64] |= (uint64_t)1 << (i % 64);
    }
    return asked;
}

/* -- entries -- */

/* False: memory is out. */
static bool copy_text(struct slice text, struct slice *copy)
{
    char *bytes;

    *copy = text;
    if (slice_is_absent(text))
        return true;
    bytes = malloc(text.len + 1);
    *copy = (struct slice){ bytes, bytes ? text.len : 0 };
    if (bytes && text.len)
        memcpy(bytes, text.ptr, text.len);
    return bytes;
}

static bool copy_texts(const struct prefilter_texts *texts, struct entry *copy)
{
    copy->holds_data = texts->holds_data;
    return copy_text(texts->kind, &copy->kind) && copy_text(texts->type, &copy->type);
}

static struct prefilter_texts texts_of(const struct entry *entry)
{
    return (struct prefilter_texts){ .kind = entry->kind,
                                     .type = entry->type,
                                     .holds_data = entry->holds_data,
                                     .sample = { entry->sample, entry->n_sample } };
}

static void drop_oldest(struct prefilters *prefilters)
{
    struct entry **oldest = NULL;

    for (struct entry **link = &prefilters->entries; *link; link = &(*link)->next)
        oldest = (*link)->is_being_made ? oldest : link;
    if (oldest) {
        struct entry *entry = *oldest;

        *oldest = entry->next;
        entry_free(entry);
        prefilters->n_entries--;
    }
}

/* Takes `asked`. NULL: memory is out. */
static struct entry *add_entry(struct prefilters *prefilters, const struct prefilter_texts *texts,
                               uint64_t *asked)
{
    struct entry *made = calloc(1, sizeof(*made));

    if (!made) {
        free(asked);
        return NULL;
    }
    made->asked = asked;
    if (!copy_texts(texts, made)) {
        entry_free(made);
        return NULL;
    }
    if (prefilters->n_entries >= ENTRIES_MAX)
        drop_oldest(prefilters);
    made->next = prefilters->entries;
    prefilters->entries = made;
    prefilters->n_entries++;
    return made;
}

static struct entry *find_entry(struct prefilters *prefilters, const struct prefilter_texts *texts)
{
    uint64_t *asked = ask(prefilters, texts);

    for (struct entry *entry = prefilters->entries; asked && entry; entry = entry->next) {
        if (entry->holds_data == texts->holds_data &&
            memcmp(entry->asked, asked, asked_bytes(prefilters)) == 0) {
            free(asked);
            return entry;
        }
    }
    return asked ? add_entry(prefilters, texts, asked) : NULL;
}

/* Without memory for it, less is known. */
static void take_sample(struct entry *entry, struct slice bytes)
{
    size_t n_room = SAMPLE_BYTES - entry->n_sample;
    size_t n_bytes = bytes.len < n_room ? bytes.len : n_room;

    if (!n_bytes)
        return;
    if (!entry->sample)
        entry->sample = malloc(SAMPLE_BYTES);
    if (!entry->sample)
        return;
    memcpy(entry->sample + entry->n_sample, bytes.ptr, n_bytes);
    entry->n_sample += n_bytes;
}

/* -- making one -- */

static bool is_due(const struct entry *entry, bool has_sample)
{
    if (entry->is_being_made || entry->has_failed)
        return false;
    return !entry->made ||
           (has_sample && entry->n_sample == SAMPLE_BYTES && entry->n_known < SAMPLE_BYTES / 2);
}

/* Without the lock, beside the one that others go on with; of a sample that others may add to meanwhile, what there is now. */
static void make(const struct ruleset *ruleset, struct entry *entry)
{
    static struct log_limit limit;
    struct prefilters *prefilters = ruleset->prefilters;
    const struct prefilter_texts texts = texts_of(entry);
    struct prefilter *made = NULL;
    enum rc rc;

    entry->is_being_made = true;
    entry->n_known = entry->n_sample;
    pthread_mutex_unlock(&prefilters->lock);
    rc = prefilter_new(ruleset, &texts, &made);
    if (rc)
        log_limited(&limit, LOG_WARN,
                    "tables of literals cannot be made, all rules are tried instead: %s kind=%.*s",
                    rc_text(rc), SLICE_ARG(texts.kind));
    pthread_mutex_lock(&prefilters->lock);
    entry->is_being_made = false;
    entry->has_failed = rc != RC_OK;
    if (rc)
        return;
    prefilter_free(entry->made);
    entry->made = made;
}

static enum rc stand_in_for(const struct ruleset *ruleset, struct entry *entry)
{
    const struct prefilter_texts texts = texts_of(entry);

    return entry->stand_in ? RC_OK : prefilter_new_of_all(ruleset, &texts, &entry->stand_in);
}

enum rc prefilters_get(const struct ruleset *ruleset, const struct prefilter_texts *texts,
                       struct prefilter **prefilter)
{
    struct prefilters *prefilters = ruleset->prefilters;
    struct entry *entry = NULL;
    enum rc rc;

    pthread_mutex_lock(&prefilters->lock);
    rc = list_names(prefilters, ruleset);
    if (!rc) {
        entry = find_entry(prefilters, texts);
        rc = entry ? RC_OK : RC_NO_MEMORY;
    }
    if (!rc) {
        take_sample(entry, texts->sample);
        if (is_due(entry, texts->sample.len > 0))
            make(ruleset, entry);
        if (!entry->made)
            rc = stand_in_for(ruleset, entry);
    }
    if (!rc)
        *prefilter = prefilter_hold(entry->made ? entry->made : entry->stand_in);
    pthread_mutex_unlock(&prefilters->lock);
    return rc;
}

/* -- a set that follows another -- */

/* What an entry knows, copied: whoever asks `before` meanwhile does not wait until a table is made. NULL: there is no such entry, or no memory for it. */
static struct entry *copy_entry(struct prefilters *prefilters, size_t i)
{
    struct entry *copy = calloc(1, sizeof(*copy));
    struct entry *entry;
    bool is_copied = false;

    if (!copy)
        return NULL;
    pthread_mutex_lock(&prefilters->lock);
    for (entry = prefilters->entries; entry && i > 0; i--)
        entry = entry->next;
    if (entry) {
        const struct prefilter_texts texts = texts_of(entry);

        is_copied = copy_texts(&texts, copy);
        take_sample(copy, texts.sample);
    }
    pthread_mutex_unlock(&prefilters->lock);
    if (is_copied)
        return copy;
    entry_free(copy);
    return NULL;
}

void prefilters_inherit(const struct ruleset *after, const struct ruleset *before)
{
    struct entry *known;

    for (size_t i = 0; (known = copy_entry(before->prefilters, i)); i++) {
        const struct prefilter_texts texts = texts_of(known);
        struct prefilter *made = NULL;

        if (!prefilters_get(after, &texts, &made))
            prefilter_free(made);
        entry_free(known);
    }
}
