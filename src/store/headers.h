/* headers.h - the headers of a request, whose names come in any case. */
#pragma once

#include "src/store/journal.h"

/* The value of the one header called `name`. RC_NOT_FOUND when there is none, RC_INVALID when there are two. */
enum rc header_get(const struct header *headers, size_t n_headers, const char *name,
                   struct slice *value) MUST_CHECK;
/* A token of RFC 9110: no header of any other name can come. */
bool header_is_name(struct slice name);
