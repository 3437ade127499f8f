#include "src/cli/pages.h"

#include "src/cli/value.h"

#define LIMIT_DEFAULT 50
#define PAGE_MAX 1000 /* items that the daemon puts into one answer */

static void add_parameter(struct buffer *url, const char *name, struct slice value)
{
    if (!value.len)
        return;
    buffer_format(url, "&%s=", name);
    url_add_encoded(url, value);
}

static void write_url(const struct options *options, const char *name, int64_t n_left,
                      struct slice after, struct buffer *url)
{
    buffer_clear(url);
    buffer_format(url, "/api/v1/%s?limit=%lld", name,
                  (long long)(n_left < PAGE_MAX ? n_left : PAGE_MAX));
    add_parameter(url, "state", slice_of(options->list_state));
    add_parameter(url, "rule", slice_of(options->rule));
    add_parameter(url, "kind", slice_of(options->kind));
    add_parameter(url, "since", slice_of(options->since));
    add_parameter(url, "after", after);
}

static enum exit_code visit_page(const struct invocation *invocation, const struct json *page,
                                 int64_t *n_left,
                                 enum rc (*visit)(void *context, const struct json *item),
                                 void *context)
{
    for (const struct json *item = json_first(json_get_text(page, "items")); item && *n_left;
         item = json_next(item)) {
        enum rc rc = visit(context, item);

        if (rc) {
            complain(invocation->command, "%s", rc_text(rc));
            return EXIT_REFUSED;
        }
        --*n_left;
    }
    return EXIT_DONE;
}

enum exit_code pages_each(struct client *client, const struct invocation *invocation,
                          const char *name,
                          enum rc (*visit)(void *context, const struct json *item), void *context)
{
    int64_t n_left = invocation->options.limit ? invocation->options.limit : LIMIT_DEFAULT;
    struct json *page = NULL;
    struct buffer url;
    enum exit_code code = EXIT_DONE;
    bool more = true;

    buffer_init(&url, 0);
    while (!code && more && n_left) {
        struct json *before = page;

        write_url(&invocation->options, name, n_left, value_text(before, "next"), &url);
        code = client_get(client, buffer_slice(&url), &page);
        json_free(before);
        if (!code)
            code = visit_page(invocation, page, &n_left, visit, context);
        more = value_text(page, "next").len > 0;
    }
    json_free(page);
    buffer_free(&url);
    return code;
}
