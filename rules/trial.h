/* trial.h - does a pattern take too long on a text that was made to hurt it?
 *
 * A text is a few bytes repeated, ended by what most patterns do not expect: they try every way to match before they give up. The
 * bytes are those that most classes take, and those that the pattern's own repetitions take. Where any match must hold a certain byte, it stands alone on the last line:
 * else PCRE2 would look for that byte first and never begin. What is found is slow for certain; what is not found may
 * still be. An ordinary pattern costs a few microseconds: it is tried on 1 KiB, and on more only when that took its time. */
#pragma once

#include "src/base/pattern.h"

#define TRIAL_UNIT_BYTES 16

struct trial;

struct trial_finding {
    bool is_slow;
    enum pattern_result result; /* PATTERN_ERROR: it gave up */
    const char *why;            /* of PATTERN_ERROR */
    char unit[TRIAL_UNIT_BYTES + 1];
    size_t n_bytes; /* of units */
    char needed;    /* the byte on the last line; 0: none */
    int64_t took_us;
};

/* Gives one, with a limit on the time of all trials together; free with trial_free. */
enum rc trial_new(struct trial **trial) MUST_CHECK;
/* Accepts NULL. */
void trial_free(struct trial *trial);
/* False when it was not tried: all trials together took too long already, or memory is out. */
bool trial_run(struct trial *trial, const struct pattern *pattern, struct trial_finding *finding);
