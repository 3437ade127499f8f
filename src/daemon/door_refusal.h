/* door_refusal.h - what the public doors turn away: counted, kept for `vedette hooks`, and said in the log once a minute for each reason. */
#pragma once

#include "src/daemon/service.h"

/* The reasons that any webhook may have, by number; NULL past the end. */
const char *door_usual_reason(size_t i);
/* `watcher`: whose door it was; `reason`: static, one of the table's. */
void door_refused(struct service *service, struct slice watcher, const char *reason,
                  struct slice peer);
