/* field_ref.h - a field as a rule names it: looked up by name once, at load, and by its place for every event.
 *
 * A name that no event has is a capture's. A capture may also fill the fields of captures_may_fill,
 * where the watcher left them absent. */
#pragma once

#include "src/base/event.h"
#include "src/base/pattern.h"

/* Named groups of the patterns that matched. A name counts once: the first that took part. */
struct captures {
    struct capture *items;
    size_t n_items;
    size_t n_room;
};

enum field_place { FIELD_OF_EVENT, FIELD_OF_TIME, FIELD_OF_DATA, FIELD_OF_CAPTURE };

struct field_ref {
    struct slice name;
    enum field_place place;
    enum event_field field;       /* OF_EVENT */
    bool may_be_filled;           /* OF_EVENT: by a capture of that name */
    const struct json_path *path; /* OF_DATA: below the payload */
};

/* Normalised fields that a capture may fill; NULL-ended. */
extern const char *const captures_may_fill[];

/* Keeps `name`. Any name that is not an event's is taken for a capture's. RC_NO_MEMORY. */
enum rc field_ref_make(struct slice name, struct arena *arena, struct field_ref *ref) MUST_CHECK;
/* The same for a path below an element of a list, which stands where `data` does. Keeps `name`. RC_INVALID fills `fault`. */
enum rc field_ref_make_below(struct slice name, struct arena *arena, struct field_ref *ref,
                             struct json_fault *fault) MUST_CHECK;
/* True for what every event can have, whatever the rule captures. */
bool field_ref_is_of_event(const struct field_ref *ref);
/* The value for one event; absent when there is none. Times are written into `arena`. */
struct slice field_ref_get(const struct field_ref *ref, const struct event *event,
                           const struct captures *captures, struct arena *arena);

/* All that a field is for one event: `[*]` makes several of one path. */
struct field_values {
    struct slice *texts; /* of the scalars among them */
    size_t n_texts;
    bool exists;        /* there is something, be it a list or a map; null is nothing */
    struct slice first; /* where `texts` points when there is only one */
};
/* Fills `values`, which must stay where it is. RC_NO_MEMORY. */
enum rc field_ref_get_all(const struct field_ref *ref, const struct event *event,
                          const struct captures *captures, struct arena *arena,
                          struct field_values *values) MUST_CHECK;

/* Value of the capture `name`; absent when there is none. */
struct slice captures_get(const struct captures *captures, struct slice name);
/* Adds one; the first of a name stays. Copies the value into `arena`. RC_NO_MEMORY. */
enum rc captures_add(struct captures *captures, struct slice name, struct slice value,
                     struct arena *arena) MUST_CHECK;
