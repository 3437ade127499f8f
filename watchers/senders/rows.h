/* rows.h - from payload to event by table: what most senders need, instead of code of their own.
 *
 * A sender lists its events, one row each: which paths hold our fields, which word is its state and what that word means, what tells one ongoing condition from another. What a row
 * cannot say, its `finish` does. A payload that has drifted from its row (a member gone, a word that nobody knew) still becomes an event, with what is there; event.drift says what was missed. */
#pragma once

#include "watchers/senders/payload.h"
#include "watchers/senders/sender.h"
#include "watchers/senders/subject.h"
#include "watchers/senders/words.h"

#define ROW_MAX_FIELDS 10
#define ROW_MAX_SUBJECT 5

/* Paths as in payload.h. "?" before them: the sender leaves the member out at times. Else its absence is drift; null is not. */
struct row_field {
    enum event_field field;
    const char *paths; /* NULL ends a list */
};

/* What tells one condition from another, beside the row table's `common` subject: a field, or paths of the payload. Never a commit: the next commit's failure is the same condition. */
struct row_subject {
    const char *name; /* NULL ends a list */
    enum event_field field;
    const char *paths; /* NULL: the field, after `finish` */
};

struct event_row {
    const char *
        name; /* the sender's word for it, `*` in it stands for any text; the first that fits counts; the row that ends a table has NULL and stands for all others */
    const char *kind; /* NULL: none */
    const char *level;
    const char *state; /* paths of the state's word; NULL: info */
    const struct word
        *states; /* what its words mean; every word that is known stands in it, info ones too */
    bool (*is_settled)(
        const struct json *payload); /* false: whatever the word, info; NULL: always settled */
    const char *time;                /* paths: the first time that is there */
    const char *started;             /* paths: from here to `time` it took, once it is settled */
    struct row_field fields[ROW_MAX_FIELDS + 1];
    struct row_subject subject[ROW_MAX_SUBJECT + 1];
    /* What no path says. */
    enum rc (*finish)(const struct json *payload, struct arena *arena, struct event *event);
};

struct row_table {
    const char *sender;                       /* "github": the source, and the head of each type */
    struct row_field common[4];               /* fields of every row; a row's own win */
    const struct row_subject *common_subject; /* stands before that of every row; ended as there */
    const struct event_row *rows;
};

/* The row of `name`, or the one that ends the table. */
const struct event_row *row_find(const struct row_table *table, struct slice name);
/* Fills `event` from `payload` by the row of `name`. Its type is SENDER.NAME. `name` must be a word as row_word lets through. */
enum rc row_read(const struct row_table *table, struct slice name, const struct json *payload,
                 struct arena *arena, struct event *event) MUST_CHECK;
/* `text` where it may be the name of an event (letters, digits, "_", "-", "." and ":", at most 64), else "unknown": a header is not signed, and what strangers write is not passed on as a type. */
struct slice row_word(struct slice text);
/* Adds to what is told of a payload that is not as expected; the text is cut at 256 bytes. */
enum rc row_drift(struct event *event, struct arena *arena, const char *what,
                  struct slice name) MUST_CHECK;
/* For what ran on a branch of the repository `head`: where that is not the event's own, its branch becomes "owner:branch", for the `main` of somebody's fork is not ours, neither to turn red
 * nor green. A ref holds no colon. Absent `head`: nothing is known, nothing is changed. */
enum rc row_mark_fork(struct event *event, struct slice head, struct arena *arena) MUST_CHECK;
