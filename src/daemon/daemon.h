/* daemon.h - the daemon: everything started in order, signals, stopped in order. */
#pragma once

#include "src/config/config.h"

struct daemon_options {
    struct config_options config;
    bool announce; /* print what to try next (the embedded default, or a terminal) */
};

/* Runs in the foreground until SIGTERM or SIGINT (a second one ends it at once); SIGHUP reloads. Returns the exit code: 0, 78 for an invalid
 * configuration, 1 for anything else that kept it from running. */
int daemon_run(const struct daemon_options *options);
