/* subject.h - the name of an ongoing condition, made of the fields that tell it from others.
 *
 *     repo=acme/shop workflow="Build and test" branch=main
 *
 * A value with a blank, a quote or the like is written as JSON text, so that two conditions never share a name, whatever strangers
 * call their branches. A name over 1 KiB ends in its SHA-256. */
#pragma once

#include "src/base/arena.h"

struct subject_part {
    struct slice name;
    struct slice value; /* absent: the part is left out */
};

/* In the order given; absent when every part is. */
enum rc subject_format(const struct subject_part *parts, size_t n_parts, struct arena *arena,
                       struct slice *subject) MUST_CHECK;
/* Sorts by name and value, for labels whose order says nothing. */
void subject_sort(struct subject_part *parts, size_t n_parts);
