/* channel_url.h - where a channel's requests go: https, or plain http to this machine alone. */
#pragma once

#include "src/base/document.h"

/* Reads member `name` of `map` (absent: `*url` stays as it is): scheme, host, perhaps port and path, without user name, query and fragment; slashes at its end are taken
 * off. RC_INVALID after adding to `problems`. */
enum rc channel_url_read(const struct node *map, const char *name, struct problems *problems,
                         struct slice *url) MUST_CHECK;

/* What is wrong with `url` as such an address, as the end of a sentence that begins with its name (static); NULL: nothing. */
const char *channel_url_fault(struct slice url, bool may_have_query);
