/* announce.h - what a person sees who has just started the daemon: where it is, and what to try next. */
#pragma once

#include "src/daemon/service.h"

/* Prints to standard output; `link` signs a browser in. */
void announce(struct service *service, struct slice link);
