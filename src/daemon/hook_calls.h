/* hook_calls.h - the requests that deliveries cause: for the certificate that one is signed with, and for the URL that confirms a subscription.
 *
 * One thread, begun with the first of them, does one after another: no redirects, 10 s each, at most HOOK_CALLS_MAX waiting. Which URLs may be asked is judged before
 * (watchers/senders/sns.h). A certificate is asked for again when the next delivery needs it, a confirmation whenever it comes again, unless it
 * was confirmed since the start (the last 16 are known). What waits at the end is left. */
#pragma once

#include "src/base/http_client.h"
#include "src/daemon/hook_facts.h"
#include "watchers/certificates.h"

#define HOOK_CALLS_MAX 16

/* A GET, as http_perform does one. */
typedef enum rc hook_calls_get(struct slice url, const _Atomic bool *give_up, struct arena *arena,
                               struct http_answer *answer);

struct hook_calls;

/* Keeps both until hook_calls_free. NULL for `get`: http_perform. */
enum rc hook_calls_new(struct certificates *certificates, struct hook_facts *facts,
                       hook_calls_get *get, struct hook_calls **calls) MUST_CHECK;
/* Gives up what is under way and waits for its thread; nothing is asked any more. */
void hook_calls_stop(struct hook_calls *calls);
/* Stopped or not; accepts NULL. */
void hook_calls_free(struct hook_calls *calls);
/* Into `certificates`, unless it is being fetched, failed lately, or is there for less than a day. */
void hook_calls_fetch(struct hook_calls *calls, struct slice url);
/* Also of a duplicate: the delivery may have been stored by a process that ended before it asked. What it comes to is logged and told by hook_facts. */
void hook_calls_confirm(struct hook_calls *calls, struct slice hook, struct slice url);
