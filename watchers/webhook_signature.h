/* webhook_signature.h - by what a webhook's requests are to prove who sent them, as vedette.yaml says it.
 *
 * The member of the configuration is called as the scheme: `secret`, `token`, … or the same with `_file`. Where a sender leaves it to its user how a request is signed,
 * `signature:` says it; where a signed time is the sender's own, `signature: {tolerance: …}` alone is known; where a token may travel in a header of any name, `token_header:` names it. */
#pragma once

#include "src/base/settings.h"
#include "watchers/webhook_config.h"

/* Rows for the members that `sender` has of these; `elsewhere_offset` is where a `struct node *` may be put. Returns how many, at most WEBHOOK_SIGNATURE_MAX_ROWS. */
#define WEBHOOK_SIGNATURE_MAX_ROWS 12
enum rc webhook_signature_rows(const struct sender *sender, size_t elsewhere_offset,
                               struct arena *arena, struct setting *rows,
                               size_t *n_rows) MUST_CHECK;
/* Fills `scheme` and `keys` of the hook. Exactly one scheme: with two, the weaker one would decide. RC_INVALID after adding to `problems`. */
enum rc webhook_read_signature(const struct node *map, const struct watcher_place *place,
                               struct arena *arena, struct problems *problems,
                               struct webhook *hook) MUST_CHECK;
