/* event.h - one thing that happened, as rules see it.
 *
 * Immutable once normalised. Everything that changes state is an event: a
 * webhook, a log line, a due timer, a decision, the result of a command. What
 * an event may do is its `door`, set by the way it came in, never the text of
 * its type. */
#pragma once

#include "src/base/arena.h"
#include "src/base/buffer.h"
#include "src/base/json.h"
#include "src/base/ulid.h"

/* How it came in. Data never decides and never reports results. */
enum door {
    DOOR_DATA,     /* a watcher: webhook, log, poll, … */
    DOOR_DECISION, /* a person who proved who they are */
    DOOR_RESULT,   /* what an effect of ours came to */
    DOOR_RELOAD,   /* new rules */
    DOOR_WATCHER,  /* what is to be said of a watcher or a channel itself */
    DOOR_SIGNAL,   /* a rule fired, or its signal resolved */
};

/* Normalised fields that hold text: bare names in rules. A sender fills those it knows. */
/* clang-format off */
#define EVENT_FIELDS(X)                                                                            \
    X(SOURCE, "source", "who sent it: a URI, as CloudEvents 1.0 has it")                           \
    X(TYPE, "type", "the sender's own type, as github.workflow_run")                               \
    X(KIND, "kind", "what it is, whoever sends it: ci.run, alert, deploy, …")                      \
    X(WATCHER, "watcher", "the name of the watcher that it came through")                          \
    X(SUBJECT, "subject", "the ongoing condition: equal for deliveries about the same")            \
    X(TITLE, "title", "one line for people")                                                       \
    X(TEXT, "text", "what `match` searches: of a log its whole line")                              \
    X(STATE, "state", "failing, ok or info, whatever words the sender has")                        \
    X(SEVERITY, "severity", "low, medium, high or critical")                                       \
    X(LEVEL, "level", "of a ci.run: a whole run, a job or a check")                                \
    X(SERVICE, "service", "the service that it is about")                                          \
    X(HOST, "host", "the host that it is about")                                                   \
    X(REPO, "repo", "the repository, as owner/name")                                               \
    X(BRANCH, "branch", "the branch")                                                              \
    X(COMMIT, "commit", "the commit")                                                              \
    X(RUN, "run", "the run of a CI, by its id")                                                    \
    X(ATTEMPT, "attempt", "the how-manieth try of that run")                                       \
    X(WORKFLOW, "workflow", "the workflow, pipeline or project of a CI")                           \
    X(JOB, "job", "the job of a run")                                                              \
    X(TEST, "test", "the test that ran")                                                           \
    X(DURATION, "duration", "how long it took, with its unit: 90s")                                \
    X(ACTOR, "actor", "who caused it")                                                             \
    X(ENVIRONMENT, "environment", "where, as production")                                          \
    X(URL, "url", "where to look")                                                                 \
    X(RULE, "rule", "of a vedette.signal or vedette.proposal: the rule that fired")
/* clang-format on */

enum event_field {
#define EVENT_FIELD(name, text, help) FIELD_##name,
    EVENT_FIELDS(EVENT_FIELD)
#undef EVENT_FIELD
        EVENT_N_FIELDS
};
extern const char *const event_field_names[]; /* NULL-ended, in the order of the enum */
extern const char *const event_field_help[];  /* likewise: what each says, in one line */

/* Kinds that rules may ask for (RULES.md); NULL-ended. */
extern const char *const event_kinds[];

struct event {
    struct ulid id;
    uint64_t seq; /* the store's sequence number of its delivery; 0 outside a store */
    enum door door;
    int64_t time_ms;     /* when it happened, by its sender; else when it was received */
    int64_t received_ms; /* when it was received */
    /* How much older than the newest it may be and still count, by its watcher, where its rule does not say. */
    int64_t lateness_ms;
    bool has_lateness;                   /* that is known */
    struct slice fields[EVENT_N_FIELDS]; /* absent where the sender says nothing */
    struct slice delivery_id;
    bool is_unusable; /* it says nothing that a rule could go by; `drift` says why */
    struct slice
        drift; /* where a payload is not as its sender's used to be: what was missed; else absent */
    bool is_repeat;       /* the sender says a known state again: its time is the time of receipt */
    bool data_is_of_text; /* its data was read from its text, as of a line of JSON */
    bool is_line;         /* of a log; what follows is its own */
    int64_t offset;       /* in its file, of its first byte */
    bool is_truncated;    /* the line was longer than may be: this is its beginning */
    bool is_partial;      /* it stood without its end, or its beginning was taken before */
    const struct json *
        data; /* the payload, or the one of a batch (its `batch` member: what stood around it); NULL for a line */
};

/* Events and the trees that their data lies in. */
struct event_list {
    struct event *items;
    size_t n_items;
    struct json **
        trees; /* roots that the events' data points into; the array itself lives in the arena of the items */
    size_t n_trees;
};
/* Frees the trees and empties the list; the items go with their arena. */
void event_list_free(struct event_list *events);

/* A field by the name rules use (those above, and time and received as RFC 3339 in `arena`). A scalar below
 * "data." by path. Absent when there is none. */
struct slice event_get(const struct event *event, struct slice name, struct arena *arena);
/* True for a name that an event can have: a normalised field, time, received, or a data path. */
bool event_is_field(struct slice name);
/* The event object of the API: attributes and fields that are present, then data. */
void event_write_json(const struct event *event, struct json_writer *writer);
/* The other way round: fills from an event object what it holds and leaves the rest as it is; texts are copied into `arena`, `data` borrows `json`.
 * An unknown member that is no event's, or a member of the wrong type, is RC_INVALID; of a CloudEvent (it has `specversion`) the attributes that senders add are passed over. */
enum rc event_read_json(const struct json *json, struct arena *arena,
                        struct event *event) MUST_CHECK;
/* What the first member is that event_read_json refuses, and why, for people: "`host`: a text is expected, not a list". Uses `arena`. */
void event_tell_fault(const struct json *json, struct arena *arena, struct buffer *out);
/* A name of those that event_read_json reads. */
bool event_is_member(struct slice name);
/* Cuts a normalised field at 1 KiB on a character border, as every field from outside is. */
struct slice event_field_cut(struct slice text);
/* True for a text as long as a cut one is: nobody can tell any more whether something is missing. */
bool event_field_may_be_cut(struct slice text);
