/* views.h - single objects as people read them; each from the JSON of the API. */
#pragma once

#include "src/base/json.h"
#include "src/cli/screen.h"

/* What a tired engineer decides from in a minute: what happened, what is known, what would be done exactly, what it asks. `task` (NULL: not to be had) adds the
 * evidence. */
void view_proposal(const struct screen *screen, const struct json *proposal,
                   const struct json *task, struct buffer *out);
/* view_plan.c: the steps, exactly as they run, and the digest that an approval is for. */
void view_plan(const struct screen *screen, const struct json *proposal, struct buffer *out);
/* view_plan.c: one step's outcome: "done in 0.4 s", its exit code, the end of its output. */
void view_step_outcome(const struct screen *screen, const struct json *step, struct buffer *out);
/* view_diagnosis.c */
void view_diagnosis(const struct screen *screen, const struct json *diagnosis, struct buffer *out);
void view_evidence(const struct screen *screen, const struct json *evidence, size_t max_lines,
                   struct buffer *out);
/* view_others.c */
void view_task(const struct screen *screen, const struct json *task, struct buffer *out);
/* `progress`: how far its condition is; may be absent. */
void view_signal(const struct screen *screen, const struct json *signal, struct slice progress,
                 struct buffer *out);
void view_event(const struct screen *screen, const struct json *event, struct buffer *out);
void view_silence(const struct screen *screen, const struct json *silence, struct buffer *out);
/* Of an event: rule by rule; of a signal: gate by gate. */
void view_explanation(const struct screen *screen, const struct json *explanation,
                      struct buffer *out);

/* A heading of its own line. */
void view_heading(const struct screen *screen, const char *text, struct buffer *out);
/* "broke between a1b2c3d and e4f5a6b", of an object that says so. */
void view_commits(const struct json *object, struct buffer *out);
/* "  name      value", where there is a value. */
void view_member(const char *name, struct slice value, struct buffer *out);
/* "  name      value, value", where there are some. */
void view_list_member(const char *name, const struct json *list, struct buffer *out);
void view_time_member(const struct screen *screen, const char *name, const struct json *object,
                      const char *member, struct buffer *out);
/* "[e1, e3]" behind what cites them. */
void view_citations(const struct json *list, const char *before, struct buffer *out);
