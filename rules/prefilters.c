#include "rules/prefilters.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Of the texts of one kind. */
#define SAMPLE_BYTES ((size_t)256 << 10)
/* Senders may call their events whatever they like. Who reads a log brings a sample, and there are as many of those as the configuration has. */
#define ENTRIES_MAX 64

struct entry {
    struct entry *next;
    char *kind, *type;
    bool holds_data;
    char *sample; /* SAMPLE_BYTES of room; NULL: nobody has shown any text */
    size_t n_sample;
    size_t n_known; /* bytes of the sample that the prefilter was made with */
    bool is_being_made;
    struct prefilter *prefilter;
};

struct prefilters {
    pthread_mutex_t lock;
    struct entry *entries;
    size_t n_of_senders; /* of the entries */
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
    prefilter_free(entry->prefilter);
    free(entry->kind);
    free(entry->type);
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
    pthread_mutex_destroy(&prefilters->lock);
    free(prefilters);
}

/* -- entries; with the lock held -- */

static enum rc add_entry(struct prefilters *prefilters, const struct prefilter_texts *texts,
                         struct entry **entry)
{
    bool is_of_sender = !texts->sample.len;
    struct entry *made;

    if (is_of_sender && prefilters->n_of_senders == ENTRIES_MAX)
        return RC_LIMIT;
    made = calloc(1, sizeof(*made));
    if (!made)
        return RC_NO_MEMORY;
    /* Copies: a configuration may go before the rules do. */
    made->kind = strndup(texts->kind.ptr, texts->kind.len);
    made->type = strndup(texts->type.ptr, texts->type.len);
    made->holds_data = texts->holds_data;
    if (!made->kind || !made->type) {
        entry_free(made);
        return RC_NO_MEMORY;
    }
    made->next = prefilters->entries;
    *entry = prefilters->entries = made;
    prefilters->n_of_senders += is_of_sender;
    return RC_OK;
}

static enum rc find_entry(struct prefilters *prefilters, const struct prefilter_texts *texts,
                          struct entry **entry)
{
    for (struct entry *i = prefilters->entries; i; i = i->next) {
        if (i->holds_data == texts->holds_data && slice_eq(slice_of(i->kind), texts->kind) &&
            slice_eq(slice_of(i->type), texts->type)) {
            *entry = i;
            return RC_OK;
        }
    }
    return add_entry(prefilters, texts, entry);
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

static struct prefilter_texts texts_of(const struct entry *entry)
{
    return (struct prefilter_texts){ .kind = slice_of(entry->kind),
                                     .type = slice_of(entry->type),
                                     .holds_data = entry->holds_data,
                                     .sample = { entry->sample, entry->n_sample } };
}

/* Where there is none, everybody waits for it. */
static enum rc make_first(const struct ruleset *ruleset, struct entry *entry)
{
    const struct prefilter_texts texts = texts_of(entry);

    entry->n_known = entry->n_sample;
    return prefilter_new(ruleset, &texts, &entry->prefilter);
}

/* It was made without knowing the texts that are known by now. */
static bool is_to_be_renewed(const struct entry *entry)
{
    return entry->n_sample == SAMPLE_BYTES && entry->n_known < SAMPLE_BYTES / 2 &&
           !entry->is_being_made;
}

/* Beside the one that others go on with. The sample is full: nobody changes it. */
static void renew(const struct ruleset *ruleset, struct entry *entry)
{
    struct prefilters *prefilters = ruleset->prefilters;
    const struct prefilter_texts texts = texts_of(entry);
    struct prefilter *made = NULL;
    enum rc rc;

    entry->is_being_made = true;
    pthread_mutex_unlock(&prefilters->lock);
    rc = prefilter_new(ruleset, &texts, &made);
    pthread_mutex_lock(&prefilters->lock);
    entry->n_known = entry->n_sample; /* also where memory was short: not once more */
    if (rc)
        return;
    prefilter_free(entry->prefilter);
    entry->prefilter = made;
}

enum rc prefilters_get(const struct ruleset *ruleset, const struct prefilter_texts *texts,
                       struct prefilter **prefilter)
{
    struct prefilters *prefilters = ruleset->prefilters;
    struct entry *entry;
    enum rc rc;

    pthread_mutex_lock(&prefilters->lock);
    rc = find_entry(prefilters, texts, &entry);
    if (!rc)
        take_sample(entry, texts->sample);
    if (!rc && !entry->prefilter)
        rc = make_first(ruleset, entry);
    else if (!rc && is_to_be_renewed(entry))
        renew(ruleset, entry);
    if (!rc)
        *prefilter = prefilter_hold(entry->prefilter);
    pthread_mutex_unlock(&prefilters->lock);
    return rc;
}

/* -- a set that follows another -- */

/* What an entry knows, copied: whoever asks `before` meanwhile does not wait until a table is made. NULL: there is no such entry, or no memory for it. */
static struct entry *copy_entry(struct prefilters *prefilters, size_t i)
{
    struct entry *copy = calloc(1, sizeof(*copy));
    struct entry *entry;

    if (!copy)
        return NULL;
    pthread_mutex_lock(&prefilters->lock);
    for (entry = prefilters->entries; entry && i > 0; i--)
        entry = entry->next;
    if (entry) {
        copy->kind = strdup(entry->kind);
        copy->type = strdup(entry->type);
        copy->holds_data = entry->holds_data;
        take_sample(copy, (struct slice){ entry->sample, entry->n_sample });
    }
    pthread_mutex_unlock(&prefilters->lock);
    if (copy->kind && copy->type)
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
