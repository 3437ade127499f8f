/* effects.h - between the engine and those who act for it, the runner and the searcher of logs: what was committed is carried out, what it came to goes back through the inlet. */
#pragma once

#include "actions/runner.h"
#include "src/daemon/service.h"

struct effects;

/* Starts both. */
enum rc effects_start(struct service *service, struct effects **effects) MUST_CHECK;
/* The engine's listener: effects to the two, changes to the streams, what is owed to channels to the poster. */
struct engine_listener effects_listener(struct effects *effects);
/* Waits for what runs, up to the runner's limit; results still go through the inlet. */
void effects_stop(struct effects *effects);
void effects_free(struct effects *effects);
