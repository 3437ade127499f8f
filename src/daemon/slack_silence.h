/* slack_silence.h - a silence that somebody asks for in Slack: by a modal or by a command. */
#pragma once

#include "src/daemon/slack_door.h"

struct slack_silencing {
    struct slack_work work;
    struct silence silence; /* `where` and `reason` are set */
    int64_t for_ms;
    struct slice fault; /* why it was not made; absent: it was */
    /* Answers the request. */
    void (*answer)(struct slack_silencing *silencing, struct slice sentence);
};
/* Makes it as who was identified; a stranger and who is nobody may not. `silencing` lives in the request's arena. */
void slack_add_silence(struct slack_request *slack, struct slack_silencing *silencing);
