#include "actions/channels/slack_response_url.h"

#define HOOKS SLICE("https://hooks.slack.com/")
#define SLACK_ORIGIN SLICE("https://slack.com")

/* "https://chat.example.com:8443" of an address below it; all of it when it has no path. */
static struct slice origin_of(struct slice url)
{
    size_t n_slashes = 0;
    size_t len = 0;

    while (len < url.len && (n_slashes += url.ptr[len] == '/') < 3)
        len++;
    return (struct slice){ url.ptr, len };
}

/* Neither blanks nor controls, nor what browsers and libraries read in two ways. */
static bool is_plain(struct slice url)
{
    for (size_t i = 0; i < url.len; i++)
        if (url.ptr[i] <= ' ' || url.ptr[i] > '~' || url.ptr[i] == '\\')
            return false;
    return true;
}

static bool is_below(struct slice url, struct slice origin)
{
    return origin.len && slice_starts(url, origin) && url.len > origin.len &&
           url.ptr[origin.len] == '/';
}

bool slack_may_respond_to(struct slice response_url, struct slice base_url)
{
    const struct slice origin = origin_of(base_url);

    if (!is_plain(response_url))
        return false;
    if (slice_starts(response_url, HOOKS))
        return true;
    return !slice_eq(origin, SLACK_ORIGIN) && is_below(response_url, origin);
}
