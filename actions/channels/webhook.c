#include "actions/channels/webhook.h"

#include "src/base/secret.h"
#include "src/base/url.h"

enum rc notifier_load(const struct node *map, const struct channel_place *where,
                      struct channel *channel)
{
    struct notifier *notifier = arena_alloc(where->arena, 1, sizeof(*notifier));

    if (!notifier)
        return RC_NO_MEMORY;
    channel->own = notifier;
    return notice_load_template(node_find(map, "template"), where, &notifier->template);
}

enum rc channel_needs(const struct node *map, const struct channel_place *where, const char *what)
{
    node_problem(where->problems, map, "%s", what);
    return RC_INVALID;
}

/* A rotated secret is one that a sender may still use; here we are the sender, and the first is the newest. */
enum rc channel_load_secret(const struct node *map, const char *name,
                            const struct channel_place *where, struct slice *secret)
{
    struct slice_list secrets = { 0 };
    enum rc rc = secret_read(map, name, where->base_dir, where->resolve_secrets, where->arena,
                             where->problems, &secrets);

    if (rc)
        return rc;
    *secret = secrets.items[0];
    return RC_OK;
}

static const struct node *written_at(const struct node *map, const char *name, const char *file)
{
    const struct node *node = node_find(map, name);

    return node ? node : node_find(map, file);
}

enum rc webhook_load_url(const struct node *map, const struct channel_place *where,
                         struct slice *url)
{
    const char *fault;
    enum rc rc = channel_load_secret(map, "url", where, url);

    if (rc || !where->resolve_secrets)
        return rc;
    fault = url_fault(*url, true);
    if (!fault)
        return RC_OK;
    /* Not the address itself: it is the secret. */
    node_problem(where->problems, written_at(map, "url", "url_file"), "the webhook's address %s",
                 fault);
    return RC_INVALID;
}

enum rc notifier_load_with_url(const struct node *map, const struct channel_place *where,
                               const char *needed, struct channel *channel)
{
    enum rc own_rc = notifier_load(map, where, channel);
    struct notifier *notifier = channel->own;
    enum rc rc;

    if (own_rc == RC_NO_MEMORY)
        return own_rc;
    rc = webhook_load_url(map, where, &notifier->url);
    if (rc == RC_NOT_FOUND)
        rc = channel_needs(map, where, needed);
    return rc ? rc : own_rc;
}
