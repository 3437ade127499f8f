/* service.h - what the routes need of the running daemon.
 *
 * The configuration may be swapped by a reload at any time: whoever uses it holds it meanwhile. */
#pragma once

#include "src/daemon/inlet.h"

struct service;
struct held_config; /* counts who uses it */

/* Takes `config`. */
enum rc service_new(struct store *store, struct config *config, struct service **service) MUST_CHECK;
void service_free(struct service *service);

struct store *service_store(struct service *service);
struct inlet *service_inlet(struct service *service);
void service_set_inlet(struct service *service, struct inlet *inlet);

/* The configuration in force, until released. */
const struct config *service_hold_config(struct service *service);
void service_release_config(struct service *service, const struct config *config);
/* Takes `config`; the one before goes when nobody holds it any more. */
void service_swap_config(struct service *service, struct config *config);

/* What the last reload (or the start) came to: shown in the log, /readyz, the page and `vedette status`. */
enum rules_state { RULES_AS_WRITTEN, RULES_LAST_GOOD /* the files are broken; the last good set runs */ };
struct rules_report {
    enum rules_state state;
    struct slice problems; /* lines, or absent; borrowed until the next report: copied into `arena` when read */
    int64_t at_ms;
    size_t n_rules;
};
void service_report_rules(struct service *service, enum rules_state state, struct slice problems, size_t n_rules, int64_t at_ms);
enum rc service_rules_report(struct service *service, struct arena *arena, struct rules_report *report) MUST_CHECK;

/* Reads all files again and swaps, or changes nothing: from any thread that may wait. `out` gets the summary, or the problems. */
enum rc service_reload(struct service *service, struct buffer *out) MUST_CHECK;

/* Streams that want to know when the feed grows (src/daemon/routes_stream.c). */
void service_on_change(struct service *service, void (*wake)(void *context), void *context);
void service_changed(struct service *service);

/* Address of the public door as it was bound, for messages. */
void service_set_addresses(struct service *service, struct slice public_address, struct slice control_address);
struct slice service_public_address(const struct service *service);
struct slice service_control_address(const struct service *service);
int64_t service_started_ms(const struct service *service);
bool service_is_stopping(const struct service *service);
void service_stop(struct service *service); /* from now on deliveries are answered 503 */
