#include "watchers/catch_up_config.h"

#include "src/base/clock.h"
#include "src/base/secret.h"
#include "src/base/url.h"

#define EVERY_DEFAULT_MS (15 * MINUTE_MS)
#define NAME_MAX_BYTES 100 /* of a repository; owners have at most 39 */

/* The members as they stand in the file. */
struct written {
    struct slice repo, org;
    int64_t hook, every_ms;
    struct node *elsewhere; /* what secret.h and url.h read themselves */
};

#define AT(member) .offset = offsetof(struct written, member)
static const struct setting settings[] = {
    { .name = "token",
      .type = SETTING_NODE,
      AT(elsewhere),
      .shape = &shape_texts,
      .help = "of GitHub, with write access to webhooks" },
    { .name = "token_file",
      .type = SETTING_NODE,
      AT(elsewhere),
      .shape = &shape_texts,
      .help = "its file" },
    { .name = "hook",
      .type = SETTING_INT,
      AT(hook),
      .required = true,
      .min = 1,
      .max = INT64_MAX,
      .help = "the number at the end of the address of the webhook's page" },
    { .name = "repo", .type = SETTING_TEXT, AT(repo), .help = "whose webhook it is: owner/name" },
    { .name = "org", .type = SETTING_TEXT, AT(org), .help = "the same, of an organisation" },
    { .name = "base_url",
      .type = SETTING_NODE,
      AT(elsewhere),
      .shape = &shape_text,
      .help = "default https://api.github.com; of an Enterprise Server https://HOST/api/v3" },
    { .name = "every",
      .type = SETTING_DURATION,
      AT(every_ms),
      .min = MINUTE_MS,
      .max = DAY_MS,
      .help = "how often GitHub is asked what failed" },
};
#undef AT
const struct shape shape_catch_up = { .name = "catch_up", SHAPE_OF(settings) };

/* -- whose webhook -- */

/* Letters, digits, and what GitHub allows besides in names of accounts and repositories: nothing that could lead elsewhere in a path. */
static bool is_name(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              c == '-' || c == '_' || c == '.'))
            return false;
    }
    return text.len && text.len <= NAME_MAX_BYTES && !slice_eq(text, SLICE(".")) &&
           !slice_eq(text, SLICE(".."));
}

static bool is_repo(struct slice text)
{
    struct slice name = text;
    struct slice owner = slice_cut(&name, '/');

    return is_name(owner) && is_name(name);
}

static enum rc read_owner(const struct node *node, const struct written *written,
                          struct arena *arena, struct problems *problems, struct slice *owner)
{
    bool has_repo = !slice_is_absent(written->repo);

    if (has_repo != slice_is_absent(written->org)) {
        node_problem(problems, node,
                     "`catch_up` needs either `repo: owner/name` or `org: name`: whose webhook it "
                     "is");
        return RC_INVALID;
    }
    if (has_repo && !is_repo(written->repo)) {
        node_problem(problems, node_find(node, "repo"),
                     "`repo` is an owner and a name, as acme/shop");
        return RC_INVALID;
    }
    if (!has_repo && !is_name(written->org)) {
        node_problem(problems, node_find(node, "org"), "`org` is the name of an organisation");
        return RC_INVALID;
    }
    return arena_format(arena, owner, has_repo ? "repos/%.*s" : "orgs/%.*s",
                        SLICE_ARG(has_repo ? written->repo : written->org));
}

/* -- the token -- */

static enum rc read_token(const struct node *node, const struct watcher_place *place,
                          struct arena *arena, struct problems *problems, struct slice *token)
{
    struct slice_list found = { 0 };
    enum rc rc = secret_read(node, "token", place->base_dir, place->resolve_secrets, arena,
                             problems, &found);

    if (rc == RC_NOT_FOUND)
        node_problem(problems, node,
                     "`catch_up` needs `token_file`: a token of GitHub with write access to "
                     "webhooks");
    else if (!rc && found.n_items != 1)
        node_problem(problems, node, "`catch_up` takes one token: GitHub is shown one at a time");
    else if (!rc && slice_has_control(found.items[0]))
        node_problem(problems, node,
                     "the `token` of `catch_up` has a line break or another control character in "
                     "it");
    else if (!rc)
        *token = found.items[0];
    if (rc == RC_NO_MEMORY)
        return rc;
    return slice_is_absent(*token) ? RC_INVALID : RC_OK;
}

/* -- the whole -- */

enum rc catch_up_load(const struct node *node, const struct watcher_place *place,
                      struct arena *arena, struct problems *problems, struct catch_up *catch_up)
{
    struct written written = { .every_ms = EVERY_DEFAULT_MS };
    enum rc rc;

    *catch_up = (struct catch_up){ .base_url = SLICE("https://api.github.com") };
    if (node->type != NODE_MAP) {
        node_problem(problems, node,
                     "`catch_up` is a map, as {token_file: gh.token, hook: 12345678, repo: "
                     "acme/shop}");
        return RC_INVALID;
    }
    rc = settings_read(settings, sizeof settings / sizeof *settings, node, arena, problems,
                       &written);
    if (rc)
        return rc;
    catch_up->hook = written.hook;
    catch_up->every_ms = written.every_ms;
    rc = read_owner(node, &written, arena, problems, &catch_up->owner);
    rc = watcher_worse(rc, url_read(node, "base_url", problems, &catch_up->base_url));
    return watcher_worse(rc, read_token(node, place, arena, problems, &catch_up->token));
}
