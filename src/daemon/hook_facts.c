#include "src/daemon/hook_facts.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
    struct row *next;
    struct hook_fact fact;
    double room;            /* how many may come in now: it fills again with time */
    int64_t filled_mono_ms; /* 0: never yet */
    size_t name_bytes;
    char name[];
};

struct hook_facts {
    pthread_mutex_t lock;
    struct row *rows;
};

enum rc hook_facts_new(struct hook_facts **facts)
{
    struct hook_facts *made = calloc(1, sizeof *made);

    if (!made)
        return RC_NO_MEMORY;
    pthread_mutex_init(&made->lock, NULL);
    *facts = made;
    return RC_OK;
}

void hook_facts_free(struct hook_facts *facts)
{
    if (!facts)
        return;
    while (facts->rows) {
        struct row *row = facts->rows;

        facts->rows = row->next;
        free(row);
    }
    pthread_mutex_destroy(&facts->lock);
    free(facts);
}

static struct row *find_row(struct hook_facts *facts, struct slice hook)
{
    struct row *row = facts->rows;

    while (row && !slice_eq((struct slice){ row->name, row->name_bytes }, hook))
        row = row->next;
    return row;
}

/* NULL when memory is out: then this one is not counted. */
static struct row *find_or_add_row(struct hook_facts *facts, struct slice hook)
{
    struct row *row = find_row(facts, hook);

    if (row)
        return row;
    row = calloc(1, sizeof *row + hook.len);
    if (!row)
        return NULL;
    row->name_bytes = hook.len;
    if (hook.len)
        memcpy(row->name, hook.ptr, hook.len);
    row->next = facts->rows;
    facts->rows = row;
    return row;
}

static void fill(struct row *row, int64_t n, int64_t window_ms, int64_t now_mono_ms)
{
    double most = (double)n;

    if (!row->filled_mono_ms)
        row->room = most;
    else
        row->room += most * (double)(now_mono_ms - row->filled_mono_ms) / (double)window_ms;
    if (row->room > most)
        row->room = most;
    row->filled_mono_ms = now_mono_ms;
}

bool hook_facts_let_in(struct hook_facts *facts, struct slice hook, int64_t n, int64_t window_ms,
                       int64_t now_mono_ms)
{
    struct row *row;
    bool may = true;

    if (!n)
        return true;
    pthread_mutex_lock(&facts->lock);
    row = find_or_add_row(facts, hook);
    if (row) {
        fill(row, n, window_ms, now_mono_ms);
        may = row->room >= 1;
        row->room -= may;
    }
    pthread_mutex_unlock(&facts->lock);
    return may;
}

void hook_facts_accepted(struct hook_facts *facts, struct slice hook, bool is_duplicate,
                         int64_t now_ms)
{
    struct row *row;

    pthread_mutex_lock(&facts->lock);
    row = find_or_add_row(facts, hook);
    if (row) {
        row->fact.accepted_ms = now_ms;
        row->fact.n_accepted++;
        row->fact.n_duplicates += is_duplicate;
    }
    pthread_mutex_unlock(&facts->lock);
}

void hook_facts_shaken(struct hook_facts *facts, struct slice hook, int64_t now_ms)
{
    struct row *row;

    pthread_mutex_lock(&facts->lock);
    row = find_or_add_row(facts, hook);
    if (row)
        row->fact.handshake_ms = now_ms;
    pthread_mutex_unlock(&facts->lock);
}

void hook_facts_refused(struct hook_facts *facts, struct slice hook, const char *reason,
                        int64_t now_ms)
{
    struct row *row;

    pthread_mutex_lock(&facts->lock);
    row = find_or_add_row(facts, hook);
    if (row) {
        row->fact.refused_ms = now_ms;
        row->fact.n_refused++;
        snprintf(row->fact.reason, sizeof row->fact.reason, "%s", reason);
    }
    pthread_mutex_unlock(&facts->lock);
}

void hook_facts_subscription(struct hook_facts *facts, struct slice hook, const char *outcome)
{
    struct row *row;

    pthread_mutex_lock(&facts->lock);
    row = find_or_add_row(facts, hook);
    if (row)
        snprintf(row->fact.subscription, sizeof row->fact.subscription, "%s", outcome);
    pthread_mutex_unlock(&facts->lock);
}

const char *hook_fact_subscription(const struct hook_fact *fact)
{
    if (*fact->subscription)
        return fact->subscription;
    return fact->n_accepted ? "confirmed before the start: its messages come"
                            : "not known: no message and no confirmation came since the start; "
                              "if it is pending at the sender, request its confirmation there";
}

struct hook_fact hook_facts_of(struct hook_facts *facts, struct slice hook)
{
    struct hook_fact fact = { 0 };
    struct row *row;

    pthread_mutex_lock(&facts->lock);
    row = find_row(facts, hook);
    if (row)
        fact = row->fact;
    pthread_mutex_unlock(&facts->lock);
    return fact;
}
