/* pattern.h - a bounded PCRE2 pattern: parameters of actions and clauses of rules.
 *
 * PCRE2 stops here. Compiled with JIT where the system allows it, without UTF
 * mode (one bad byte must not stop a match), match limit 100,000, depth limit and heap limit set,
 * subject at most 64 KiB (of longer text the first and the last 32 KiB; 2 KiB without JIT). With the flag u,
 * UTF-8 is matched by characters; a byte that is none is matched by nothing, and stops nothing: of such a text
 * 2 KiB are searched, and it never matches whole. \C, callouts
 * and start-of-pattern verbs are refused; so are control characters, more than 100 groups and two groups of one name. An error while matching is a third result
 * beside match and no match. Patterns are read-only and shared by threads; each thread matches with
 * a `struct pattern_scratch` of its own. The first search makes the machine code, under a lock. */
#pragma once

#include "src/base/arena.h"
#include "src/base/json.h"

struct pattern;
struct pattern_scratch;

enum pattern_result { PATTERN_NO_MATCH, PATTERN_MATCH, PATTERN_ERROR };

struct capture {
    struct slice name;
    struct slice value; /* borrows the subject */
};

/* Compiles `/pattern/flags` (flags i x s u) as rule files write it. Gives a pattern; free with pattern_free. RC_INVALID fills `fault`
 * (offset in `text`; its text is PCRE2's reason and lives in `arena`). */
enum rc pattern_parse(struct slice text, struct arena *arena, struct pattern **pattern,
                      struct json_fault *fault) MUST_CHECK;
/* Gives one that matches the same, without source and names: to try it, and to free with it what trying made. */
enum rc pattern_twin(const struct pattern *pattern, struct pattern **twin) MUST_CHECK;
void pattern_free(struct pattern *pattern);
/* The compiled code of patterns that were freed goes back to the system: else PCRE2 keeps half as much again as is in use. */
void patterns_give_back(void);
/* True when `text` has the form /…/flags; the flags g, m and y of other languages count, so that pattern_parse can refuse them. */
bool pattern_is_written(struct slice text);
struct slice pattern_source(const struct pattern *pattern);
/* False when no match is empty. */
bool pattern_may_match_empty(const struct pattern *pattern);
/* A byte that every match must hold, the last such one (in either case with the flag i); 0 when PCRE2 knows none. */
char pattern_needed_byte(const struct pattern *pattern);
/* Names of its named groups, in order; absent past the end. */
struct slice pattern_group(const struct pattern *pattern, size_t i);
/* False when the system forbids JIT: matching is right but slower, and subjects are cut at 2 KiB. */
bool pattern_jit_available(void);

enum rc pattern_scratch_new(struct pattern_scratch **scratch) MUST_CHECK;
void pattern_scratch_free(struct pattern_scratch *scratch);
/* Searches `subject`. */
enum pattern_result pattern_search(const struct pattern *pattern, struct slice subject,
                                   struct pattern_scratch *scratch);
/* The whole `subject` must match, as parameters do. */
enum pattern_result pattern_match_whole(const struct pattern *pattern, struct slice subject,
                                        struct pattern_scratch *scratch);
/* After PATTERN_MATCH: the i-th named group's value (absent when it took no part); borrows the last subject. */
struct slice pattern_captured(const struct pattern *pattern, size_t i,
                              const struct pattern_scratch *scratch);
/* Why the last search ended in PATTERN_ERROR; static. */
const char *pattern_error_text(const struct pattern_scratch *scratch);
