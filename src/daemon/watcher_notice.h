/* watcher_notice.h - sends what is to be said of a watcher to the engine, from any thread that must not wait. */
#pragma once

#include "src/daemon/inlet.h"

/* Copies the notice. One that cannot be stored for now is tried again; without memory it is in the log alone. */
void watcher_notice_send(struct inlet *inlet, const struct engine_notice *notice);
