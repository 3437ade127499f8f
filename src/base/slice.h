/* slice.h - text from outside: a pointer and a length, never a terminator.
 *
 * Bytes from a network, a log or a rule file may hold NULs, so they are never
 * handed to strlen, strstr or %s. A slice borrows what it points at.
 * `ptr` NULL means absent, which is not the same as empty.
 */
#pragma once

#include "src/base/rc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
    const char *ptr;
    size_t len;
};

struct slice_list {
    struct slice *items;
    size_t n_items;
};

#define SLICE(literal) ((struct slice){ .ptr = (literal), .len = sizeof(literal) - 1 })
/* For "%.*s", and only for text of ours that is known to hold no NUL. */
#define SLICE_ARG(slice) (int)(slice).len, (slice).ptr

/* Borrows a terminated string; NULL gives an absent slice. */
struct slice slice_of(const char *text);
bool slice_is_absent(struct slice slice);
/* The same bytes; absent equals only absent. */
bool slice_eq(struct slice a, struct slice b);
/* As many, and each equal to its counterpart. */
bool slice_list_eq(const struct slice_list *a, const struct slice_list *b);
/* ASCII letters only; for header names and units. */
bool slice_eq_nocase(struct slice a, struct slice b);
/* Byte order, shorter first where one is the start of the other, absent before all: <0, 0, >0. */
int slice_compare(struct slice a, struct slice b);
bool slice_starts(struct slice slice, struct slice prefix);
bool slice_ends(struct slice slice, struct slice suffix);
/* Offset of the first `needle`; RC_NOT_FOUND when there is none. */
enum rc slice_find(struct slice slice, struct slice needle, size_t *offset) MUST_CHECK;
/* Takes what stands before the first `separator` off `rest`; without one, all of it. */
struct slice slice_cut(struct slice *rest, char separator);
/* Without blanks, tabs, CR and LF at both ends. */
struct slice slice_trim(struct slice slice);
/* Decimal digits with an optional leading '-', the whole slice, no overflow; else RC_INVALID. */
enum rc slice_to_int(struct slice slice, int64_t *value) MUST_CHECK;
/* True for valid UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF). */
bool slice_is_utf8(struct slice slice);
/* Takes one character off `rest` (not empty) and gives how a person may see it: as it is, or, where it is a control
 * character, turns the direction of text or is not UTF-8, byte by byte as "\\x1b" in `escaped`, which holds SHOWN_BYTES. */
#define SHOWN_BYTES 13 /* three bytes, the longest of them, and a NUL */
struct slice slice_cut_shown(struct slice *rest, char *escaped);
/* True when some byte is below 0x20 or is 0x7f. */
bool slice_has_control(struct slice slice);
/* Matches a shell-like glob in which only '*' is special ("github.*"). */
bool slice_matches_glob(struct slice slice, struct slice glob);
/* `name` in a NULL-ended table of names gives its index. */
enum rc slice_to_enum(struct slice name, const char *const *names, int *value) MUST_CHECK;
