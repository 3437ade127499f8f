/* handlers.h - what answers the routes of routes.c; one file for each group. Every handler answers its request exactly once. */
#pragma once

#include "src/daemon/request.h"

/* routes_hooks.c: the public door */
enum rc hooks_on_headers(struct routes *routes, struct http_exchange *exchange,
                         int64_t *max_body_bytes) MUST_CHECK;
void hooks_on_request(struct routes *routes, struct http_exchange *exchange);

/* routes_lists.c, routes_objects.c */
void list_signals(struct request *request);
void list_tasks(struct request *request);
void list_proposals(struct request *request);
void list_silences(struct request *request);
void list_audit(struct request *request);
void get_signal(struct request *request);
void get_task(struct request *request);
void get_proposal(struct request *request);
void get_silence(struct request *request);
/* routes_events.c */
void list_events(struct request *request);
void get_event(struct request *request);
/* routes_rules.c */
void list_rules(struct request *request);
void get_rule(struct request *request);
/* routes_ruleset.c */
void get_ruleset(struct request *request);
/* routes_explain.c */
void explain_event(struct request *request);
void explain_signal(struct request *request);
/* routes_status.c */
void get_status(struct request *request);

/* routes_decide.c */
void post_decision(struct request *request);
void post_resolve(struct request *request);
void post_event_replay(struct request *request);
/* routes_silences.c */
void post_silence(struct request *request);
void delete_silence(struct request *request);
/* routes_run.c */
void post_pause(struct request *request);
void post_resume(struct request *request);
void post_reload(struct request *request);

/* routes_sign_in.c */
void get_sign_in(struct request *request);
void post_sign_in(struct request *request);
void post_sign_out(struct request *request);
void get_me(struct request *request);

/* routes_stream.c */
void get_stream(struct request *request);
/* routes_health.c */
void get_metrics(struct request *request);
void get_healthz(struct request *request);
void get_readyz(struct request *request);
/* routes_page.c */
void get_page(struct request *request);
void get_openapi(struct request *request);
