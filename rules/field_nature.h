/* field_nature.h - what some normalised fields never are, whoever sends the event: to compare them so would never hold, in silence.
 *
 * Nothing is said of what a sender may well fill with anything (run, subject, text, …), nor of captures and the payload. */
#pragma once

#include "rules/field_ref.h"

/* Neither a number nor a duration nor a size. A time is compared with others by its own members. */
bool field_is_never_quantity(const struct field_ref *field);
/* A duration says its unit. */
bool field_is_never_plain_number(const struct field_ref *field);
bool field_is_never_time(const struct field_ref *field);
