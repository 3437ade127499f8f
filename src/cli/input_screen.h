/* input_screen.h - which lines of recorded logs are wanted: those that any of several engines wants, each in the order of its file.
 *
 * A line that only one of them wants reaches the others, too; their rules say again that they do not. */
#pragma once

#include "src/cli/input_log.h"
#include "src/engine/screen.h"

#define INPUT_SCREENS_MAX 2

struct input_screen;

/* Gives a screen for `n_engines` (kept, at most INPUT_SCREENS_MAX) with `n_workers` threads each; free it after the inputs that ask it, before the engines. */
enum rc input_screen_new(struct engine *const *engines, size_t n_engines, size_t n_workers,
                         struct input_screen **screen) MUST_CHECK;
/* Accepts NULL. */
void input_screen_free(struct input_screen *screen);
/* What rules cost where the first engine's are asked; screen_set_profile. */
void input_screen_set_profile(struct input_screen *screen, struct profile *profile);
/* What inputs_open is told. */
struct log_input_screen input_screen_asked(struct input_screen *screen);
/* For inputs_learn; `context` is the screen. */
enum rc input_screen_learn(void *context, const struct log_watch *watch,
                           struct slice bytes) MUST_CHECK;
