/* crash_point.h - named places at which a test may end the process.
 *
 * With the build option `crash_points`, VEDETTE_CRASH_AT=name:n ends the process with
 * SIGKILL the n-th time it passes the place `name` (from 1). Without the option a place
 * is nothing at all. crash_point_names lists every place, so that a test can try them all. */
#pragma once

/* name, where it stands */
#define CRASH_POINTS(X)                                                                            \
    X(ACCEPT_BEFORE_COMMIT, "accept.before-commit")                                                \
    X(ACCEPT_AFTER_COMMIT, "accept.after-commit")                                                  \
    X(FOLD_EVENT, "fold.event")                                                                    \
    X(FOLD_BEFORE_COMMIT, "fold.before-commit")                                                    \
    X(FOLD_AFTER_COMMIT, "fold.after-commit")                                                      \
    X(LINES_BEFORE_COMMIT, "lines.before-commit")                                                  \
    X(LINES_AFTER_COMMIT, "lines.after-commit")                                                    \
    X(CONTROL_BEFORE_COMMIT, "control.before-commit")                                              \
    X(CONTROL_AFTER_COMMIT, "control.after-commit")                                                \
    X(TIMERS_BEFORE_COMMIT, "timers.before-commit")                                                \
    X(TIMERS_AFTER_COMMIT, "timers.after-commit")                                                  \
    X(MESSAGE_BEFORE_BEGIN, "message.before-begin")                                                \
    X(MESSAGE_AFTER_BEGIN, "message.after-begin")                                                  \
    X(MESSAGE_BEFORE_END, "message.before-end")                                                    \
    X(MESSAGE_AFTER_END, "message.after-end")                                                      \
    X(STEP_BEFORE_START, "step.before-start")                                                      \
    X(STEP_AFTER_START, "step.after-start")                                                        \
    X(STEP_BEFORE_RESULT, "step.before-result")                                                    \
    X(RECOVER_BEFORE_COMMIT, "recover.before-commit")                                              \
    X(RELOAD_BEFORE_COMMIT, "reload.before-commit")

enum crash_place {
#define CRASH_PLACE(name, text) CRASH_##name,
    CRASH_POINTS(CRASH_PLACE)
#undef CRASH_PLACE
        CRASH_PLACES
};

extern const char *const crash_point_names[]; /* NULL-ended, in the order of the enum */

#ifdef VEDETTE_CRASH_POINTS
void crash_point(enum crash_place place);
#else
static inline void crash_point(enum crash_place place)
{
    (void)place;
}
#endif
