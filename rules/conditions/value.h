/* value.h - what a field says of a match, as conditions remember it: a digest of 8 bytes, whatever its length.
 *
 * Two values are taken for one when the first 8 bytes of their SHA-256 are equal. By chance that happens to two of 10,000 values once in some hundred thousand million
 * windows; whoever builds two such values of his own has only made them one. */
#pragma once

#include "rules/condition.h"

struct value_field {
    struct field_ref field;
    bool passes_info; /* it is `state`, and `info` says nothing about it */
};

/* The name of a field of the rule's own events; false after adding a problem. */
bool read_value_field(struct rule_reading *reading, const struct node *scalar,
                      struct value_field *field);
/* The same, of which `info` is no value. */
bool read_changing_field(struct rule_reading *reading, const struct node *scalar,
                         struct value_field *field);

/* Does the event say anything that counts? */
bool value_is_said(const struct value_field *field, const struct condition_input *input,
                   struct arena *arena);
/* For `weigh` of a condition whose spec begins with its struct value_field: a match counts where it does. */
int64_t value_weigh(const void *spec, const struct condition_input *input, struct arena *arena);
/* RC_NOT_FOUND when it says nothing. */
enum rc value_digest(const struct value_field *field, const struct condition_input *input,
                     struct arena *arena, uint64_t *digest) MUST_CHECK;
enum rc value_digest_of(struct slice text, uint64_t *digest) MUST_CHECK;
