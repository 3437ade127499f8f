/* doors.h - every address the daemon listens on, and the certificates shown there. */
#pragma once

#include "src/config/config.h"
#include "src/daemon/http.h"

#define DOORS_MAX 16

struct doors {
    struct http_server *servers[DOORS_MAX];
    size_t n_servers;
    struct http_tls *certificates[DOORS_MAX];
    size_t n_certificates;
};

/* For API, page and health: this machine's. Adds a problem where it cannot be had, as the next one does. */
enum rc doors_open_control(struct doors *doors, const char *name, struct slice address,
                           const struct http_routes *handlers,
                           struct problems *problems) MUST_CHECK;
/* For what comes from outside, with the limits of the configuration. */
enum rc doors_open_public(struct doors *doors, const char *name, const struct config *config,
                          const struct config_door *door, const struct http_routes *handlers,
                          struct problems *problems) MUST_CHECK;
/* Of the one that was opened last; borrowed. */
struct slice doors_last_address(const struct doors *doors);
/* True where there is a certificate that may be renewed. */
bool doors_have_certificates(const struct doors *doors);
/* Shows from now on what stands in the certificates' files; what came of it is in the log. Not while it runs in another thread. */
void doors_renew_certificates(struct doors *doors);
/* Takes no new connections. */
void doors_drain(struct doors *doors);
void doors_close(struct doors *doors);
