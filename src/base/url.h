/* url.h - what an http address is, and one that we send a token to: https, or plain http to this machine alone. */
#pragma once

#include "src/base/document.h"

/* How many bytes of `text` are its scheme (http or https), host and perhaps port, without a user name; 0 when it does not begin so. */
size_t url_start_bytes(struct slice text);
/* Only what may stand in a path or query as it is: no blank, quote, fragment or byte above 0x7e. */
bool url_is_literal(struct slice text);

/* Reads member `name` of `map` (absent: `*url` stays as it is): scheme, host, perhaps port and path, without user name, query and fragment; slashes at its end are taken
 * off. RC_INVALID after adding to `problems`. */
enum rc url_read(const struct node *map, const char *name, struct problems *problems,
                 struct slice *url) MUST_CHECK;
/* What is wrong with `url` as such an address, as the end of a sentence that begins with its name (static); NULL: nothing. */
const char *url_fault(struct slice url, bool may_have_query);
