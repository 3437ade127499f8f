/* snapshot.h - what a signal keeps of its events: names and values, as JSON objects of texts.
 *
 * Templates are rendered from these later, when the event itself may be gone. Kept are the normalised fields that are present, time and
 * received, the captures, and those values of the payload that the rule's templates name (under their path).
 * Each value is cut at 1 KiB. */
#pragma once

#include "rules/fold.h"

enum rc snapshot_event(const struct match *match, const struct event *event, struct arena *arena,
                       struct slice *json) MUST_CHECK;
/* Only the fields of the key and the captures. */
enum rc snapshot_fields(const struct match *match, const struct event *event, struct arena *arena,
                        struct slice *json) MUST_CHECK;
/* Only the fields of the key, of a match that no event made. */
enum rc snapshot_key(const struct match *match, struct arena *arena, struct slice *json) MUST_CHECK;
/* Renders the rule's title into the signal. */
enum rc snapshot_title(const struct rule *rule, struct signal *signal, int64_t now_ms,
                       struct arena *arena) MUST_CHECK;
