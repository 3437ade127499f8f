/* service.h - what the routes need of the running daemon.
 *
 * The configuration may be swapped by a reload at any time: whoever uses it holds it meanwhile. */
#pragma once

#include "actions/channels/slack_replays.h"
#include "src/daemon/hook_calls.h"
#include "src/daemon/hook_facts.h"
#include "src/daemon/inlet.h"

struct service;

/* Takes `config`, also when it fails. Copies `options`: what a reload reads again is what the start read. */
enum rc service_new(struct store *store, struct config *config,
                    const struct config_options *options, struct service **service) MUST_CHECK;
/* Accepts NULL. Nobody holds the configuration any more, and the engine that used it is gone. */
void service_free(struct service *service);

struct store *service_store(struct service *service);
struct inlet *service_inlet(struct service *service);
void service_set_inlet(struct service *service, struct inlet *inlet);

/* The configuration in force, until released. */
const struct config *service_hold_config(struct service *service);
void service_release_config(struct service *service, const struct config *config);
/* Takes `config`; the one before goes when nobody holds it any more. RC_NO_MEMORY: nothing changed, and `config` is freed. */
enum rc service_swap_config(struct service *service, struct config *config) MUST_CHECK;

/* What the last reload (or the start) came to: shown in the log, /readyz, the page and `vedette status`. */
enum rules_state {
    RULES_AS_WRITTEN,
    RULES_LAST_GOOD /* the files are broken; the last good set runs */
};
struct rules_report {
    enum rules_state state;
    struct slice problems; /* lines, or absent; copied into `arena` when read */
    int64_t at_ms;
    size_t n_rules;
};
void service_report_rules(struct service *service, enum rules_state state, struct slice problems,
                          size_t n_rules, int64_t at_ms);
enum rc service_rules_report(struct service *service, struct arena *arena,
                             struct rules_report *report) MUST_CHECK;

/* Reads all files again and swaps, or changes nothing. Whoever asks while one is under way gets the next one, together with all others who
 * wait for it: what they wrote before they asked is in it. */
struct reload_request {
    void (*done)(struct reload_request *request, enum rc rc,
                 struct slice text); /* on a thread of the service */
    void *context;
    struct reload_request *next; /* the service's */
};
/* From any thread, also one that may not wait. `text` of `done` is the summary with its warnings, or the problems. RC_BUSY: stopping. */
enum rc service_ask_reload(struct service *service, struct reload_request *request) MUST_CHECK;
/* The same and waits: from any thread that may. */
enum rc service_reload(struct service *service, struct buffer *out) MUST_CHECK;

/* The one who wants to know when the feed grows (routes_stream.c). NULL: nobody any more. */
void service_on_change(struct service *service, void (*wake)(void *context), void *context);
void service_changed(struct service *service);

/* Those who want to know when another configuration is in force (tailing.c, posting.c, slack_socket.c, catching_up.c), at most SERVICE_LISTENERS. NULL for `wake`: not the one with this context any more. */
#define SERVICE_LISTENERS 8
void service_on_config(struct service *service, void (*wake)(void *context), void *context);

/* Who follows the logs; NULL until it is started. */
struct tailing;
void service_set_tailing(struct service *service, struct tailing *tailing);
struct tailing *service_tailing(struct service *service);
/* Who posts in channels; NULL until it is started. */
struct posting;
void service_set_posting(struct service *service, struct posting *posting);
struct posting *service_posting(struct service *service);
/* Who keeps a connection to Slack; NULL until it is started. */
struct slack_socket;
void service_set_slack_socket(struct service *service, struct slack_socket *socket);
struct slack_socket *service_slack_socket(struct service *service);
/* Who asks for what was missed; NULL until it is started. */
struct catching_up;
void service_set_catching_up(struct service *service, struct catching_up *catching_up);
struct catching_up *service_catching_up(struct service *service);
/* Slack's requests that were let in lately, by whichever listener. */
struct slack_replays *service_slack_replays(struct service *service);
/* What came through each webhook's door since the start. */
struct hook_facts *service_hook_facts(struct service *service);

/* The certificates that senders sign with, and who asks for them. */
struct certificates *service_certificates(struct service *service);
struct hook_calls *service_hook_calls(struct service *service);

/* Addresses as they were bound, for messages. */
void service_set_addresses(struct service *service, struct slice public_address,
                           struct slice control_address);
struct slice service_public_address(const struct service *service);
struct slice service_control_address(const struct service *service);
int64_t service_started_ms(const struct service *service);
bool service_is_stopping(const struct service *service);
/* From now on deliveries are answered 503 and no reload begins. */
void service_stop(struct service *service);
/* Waits for the reload that is under way: after service_stop, while the inlet still works. */
void service_end_work(struct service *service);
