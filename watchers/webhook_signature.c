#include "watchers/webhook_signature.h"

#include "src/base/clock.h"
#include "src/base/secret.h"
#include "src/store/headers.h"

#define TOLERANCE_DEFAULT_MS (5 * MINUTE_MS)

/* `signature:` as it stands in the file. */
struct written_signature {
    struct slice header, prefix, over, time_header, id_header;
    int encoding, key;
    int64_t tolerance_ms;
};

static const char *const encodings[] = { "hex", "base64", NULL };
static const char *const key_forms[] = { "text", "base64", NULL }; /* as KEY_TEXT, KEY_BASE64 */

#define AT(member) .offset = offsetof(struct written_signature, member)
#define TOLERANCE_RANGE                                                                            \
    .min = SECOND_MS, .max = DAY_MS, .help = "how far {time} may be from now, either way"

static const struct setting signature_settings[] = {
    { .name = "header",
      .type = SETTING_TEXT,
      AT(header),
      .help = "the header that holds the signature" },
    { .name = "prefix",
      .type = SETTING_TEXT,
      AT(prefix),
      .help = "what stands before the digest in it, as `sha256=`" },
    { .name = "encoding",
      .type = SETTING_ENUM,
      AT(encoding),
      .names = encodings,
      .help = "of the digest: hex or base64" },
    { .name = "over",
      .type = SETTING_TEXT,
      AT(over),
      .help = "what is signed, as `{time}.{body}`; default: the body" },
    { .name = "time_header",
      .type = SETTING_TEXT,
      AT(time_header),
      .help = "the header of {time}, in seconds" },
    { .name = "id_header", .type = SETTING_TEXT, AT(id_header), .help = "the header of {id}" },
    { .name = "tolerance", .type = SETTING_DURATION, AT(tolerance_ms), TOLERANCE_RANGE },
    { .name = "key",
      .type = SETTING_ENUM,
      AT(key),
      .names = key_forms,
      .help = "the secret is the text as it stands, or base64" },
};

/* Of what a sender signs as it pleases, this alone may be said: its retries may carry the time of the first attempt. */
static const struct setting tolerance_setting = { .name = "tolerance",
                                                  .type = SETTING_DURATION,
                                                  .offset = offsetof(struct signature_scheme,
                                                                     tolerance_ms),
                                                  .required = true,
                                                  TOLERANCE_RANGE };

static const struct shape shape_signature = { .name = "signature", SHAPE_OF(signature_settings) };
static const struct shape shape_tolerance = {
    .kind = SHAPE_MAP, .name = "signature_time", .settings = &tolerance_setting, .n_settings = 1
};

static bool scheme_signs_time(const struct signature_scheme *scheme)
{
    return scheme->time_header || scheme->time_mark || scheme->time_path;
}

static bool signs_time(const struct sender *sender)
{
    const struct signature_scheme *scheme = sender->schemes;

    while (scheme->name && !scheme_signs_time(scheme))
        scheme++;
    return scheme->name != NULL;
}

enum rc webhook_signature_rows(const struct sender *sender, size_t elsewhere_offset,
                               struct arena *arena, struct setting *rows, size_t *n_rows)
{
    *n_rows = 0;
    for (const struct signature_scheme *scheme = sender->schemes; scheme->name; scheme++) {
        struct slice file;
        enum rc rc = arena_format(arena, &file, "%s_file", scheme->name);

        if (rc)
            return rc;
        rows[(*n_rows)++] =
            (struct setting){ .name = scheme->name,
                              .type = SETTING_NODE,
                              .offset = elsewhere_offset,
                              .shape = &shape_texts,
                              .help = "what proves the sender: ${NAME} of the environment; a list "
                                      "while one replaces another" };
        rows[(*n_rows)++] =
            (struct setting){ .name = file.ptr,
                              .type = SETTING_NODE,
                              .offset = elsewhere_offset,
                              .shape = &shape_texts,
                              .help = "the file of what proves the sender, or files" };
    }
    if (sender->takes_any_token_header)
        rows[(*n_rows)++] = (struct setting){ .name = "token_header",
                                              .type = SETTING_NODE,
                                              .offset = elsewhere_offset,
                                              .shape = &shape_text,
                                              .help = "the header that holds the token" };
    if (sender->takes_any_signature || signs_time(sender))
        rows[(*n_rows)++] =
            (struct setting){ .name = "signature",
                              .type = SETTING_NODE,
                              .offset = elsewhere_offset,
                              .shape =
                                  sender->takes_any_signature ? &shape_signature : &shape_tolerance,
                              .help = "how what it sends is signed" };
    return RC_OK;
}

/* -- what the user says of the scheme -- */

/* Absent: `out` stays. */
static enum rc take_text(struct slice text, struct arena *arena, const char **out)
{
    struct slice copy;
    enum rc rc;

    if (slice_is_absent(text))
        return RC_OK;
    rc = arena_copy(arena, text, &copy);
    if (!rc)
        *out = copy.ptr;
    return rc;
}

static enum rc name_token_header(const struct node *name, struct arena *arena,
                                 struct problems *problems, struct signature_scheme *scheme)
{
    if (scheme->kind != SIGNATURE_TOKEN || scheme->key_form != KEY_TEXT) {
        node_problem(problems, name,
                     "`token_header` names the header of a `token`, and there is "
                     "none here");
        return RC_INVALID;
    }
    if (name->type != NODE_SCALAR || !header_is_name(name->text)) {
        node_problem(problems, name, "`token_header` must be the name of a header");
        return RC_INVALID;
    }
    scheme->prefix = NULL;
    return take_text(name->text, arena, &scheme->header);
}

static enum rc check_header_names(const struct node *map, const struct written_signature *written,
                                  struct problems *problems)
{
    const struct {
        const char *member;
        struct slice name;
    } headers[] = { { "header", written->header },
                    { "time_header", written->time_header },
                    { "id_header", written->id_header } };

    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        if (slice_is_absent(headers[i].name) || header_is_name(headers[i].name))
            continue;
        node_problem(problems, node_find(map, headers[i].member),
                     "`%s` must be the name of a header", headers[i].member);
        return RC_INVALID;
    }
    return RC_OK;
}

static enum rc refuse_time(const struct node *map, const struct written_signature *written,
                           struct problems *problems)
{
    node_problem(problems, map,
                 written->time_header.len
                     ? "`over` must have {time} in it where there is a `time_header`: an unsigned "
                       "time proves nothing"
                     : "`over` has {time} in it: name its header as `time_header`");
    return RC_INVALID;
}

static enum rc check_over(const struct node *map, const struct written_signature *written,
                          const struct signature_scheme *scheme, struct problems *problems)
{
    const struct slice over = slice_of(scheme->over ? scheme->over : "{body}");
    struct signature_uses uses;

    if (signature_uses(scheme, &uses) != RC_OK || !uses.body) {
        node_problem(problems, map,
                     "`over` must have {body} in it, and may have {time} and {id}, not `%.*s`",
                     SLICE_ARG(over));
        return RC_INVALID;
    }
    if (uses.time != (written->time_header.len > 0))
        return refuse_time(map, written, problems);
    if (uses.id != (written->id_header.len > 0)) {
        node_problem(problems, map, "{id} in `over` and `id_header` belong together");
        return RC_INVALID;
    }
    return RC_OK;
}

static enum rc describe_signature(const struct node *map, struct arena *arena,
                                  struct problems *problems, struct signature_scheme *scheme)
{
    struct written_signature written = { .encoding = scheme->is_base64,
                                         .key = scheme->key_form == KEY_BASE64,
                                         .tolerance_ms = TOLERANCE_DEFAULT_MS };
    enum rc rc;

    if (scheme->kind != SIGNATURE_HMAC || scheme->time_mark) {
        node_problem(problems, map,
                     "`signature` says how a `secret` is used, and there is none "
                     "here");
        return RC_INVALID;
    }
    rc = settings_read(signature_settings, sizeof signature_settings / sizeof *signature_settings,
                       map, arena, problems, &written);
    if (!rc)
        rc = check_header_names(map, &written, problems);
    if (!rc)
        rc = take_text(written.header, arena, &scheme->header);
    if (!rc)
        rc = take_text(written.prefix, arena, &scheme->prefix);
    if (!rc)
        rc = take_text(written.over, arena, &scheme->over);
    if (!rc)
        rc = take_text(written.time_header, arena, &scheme->time_header);
    if (!rc)
        rc = take_text(written.id_header, arena, &scheme->id_header);
    if (rc)
        return rc;
    scheme->is_base64 = written.encoding == 1;
    scheme->key_form = written.key == 1 ? KEY_BASE64 : KEY_TEXT;
    scheme->tolerance_ms = scheme->time_header ? written.tolerance_ms : 0;
    return check_over(map, &written, scheme, problems);
}

static enum rc widen(const struct node *map, struct arena *arena, struct problems *problems,
                     struct signature_scheme *scheme)
{
    if (!scheme_signs_time(scheme)) {
        node_problem(problems, map,
                     "`signature` says how far a signed time may be from now, and `%s` signs none",
                     scheme->name);
        return RC_INVALID;
    }
    return settings_read(&tolerance_setting, 1, map, arena, problems, scheme);
}

static enum rc adapt(const struct node *map, struct arena *arena, struct problems *problems,
                     struct webhook *hook)
{
    const struct node *header = node_find(map, "token_header"),
                      *signature = node_find(map, "signature");
    struct signature_scheme *own;
    enum rc rc = RC_OK;

    if (!header && !signature)
        return RC_OK;
    own = arena_alloc(arena, 1, sizeof *own);
    if (!own)
        return RC_NO_MEMORY;
    *own = *hook->scheme;
    hook->scheme = own;
    if (header)
        rc = name_token_header(header, arena, problems, own);
    if (signature)
        rc = watcher_worse(rc, hook->sender->takes_any_signature
                                   ? describe_signature(signature, arena, problems, own)
                                   : widen(signature, arena, problems, own));
    return rc;
}

/* -- secrets -- */

static enum rc refuse_unproven(const struct node *map, const struct sender *sender,
                               struct arena *arena, struct problems *problems)
{
    struct slice names = { 0 };

    for (const struct signature_scheme *scheme = sender->schemes; scheme->name; scheme++) {
        const char *between = !names.len ? "" : scheme[1].name ? ", " : " or ";
        enum rc rc =
            arena_format(arena, &names, "%.*s%s`%s_file`", SLICE_ARG(names), between, scheme->name);

        if (rc)
            return rc;
    }
    node_problem(problems, map,
                 "a %s webhook needs %.*s: without it nobody could prove to be the sender",
                 sender->name, SLICE_ARG(names));
    return RC_INVALID;
}

static enum rc read_keys(const struct node *map, struct slice_list secrets, bool resolved,
                         struct arena *arena, struct problems *problems, struct webhook *hook)
{
    hook->keys.items = arena_alloc(arena, secrets.n_items + 1, sizeof *hook->keys.items);
    if (!hook->keys.items)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < secrets.n_items; i++) {
        struct signature_key *key = &hook->keys.items[i];
        const char *problem;
        enum rc rc = RC_OK;

        hook->keys.n_items++;
        if (resolved)
            rc = signature_key(hook->scheme, secrets.items[i], arena, key, &problem);
        if (rc == RC_INVALID)
            node_problem(problems, map, "`%s` of %.*s %s", hook->scheme->name,
                         SLICE_ARG(hook->name), problem);
        if (rc)
            return rc;
    }
    return RC_OK;
}

static enum rc choose_scheme(const struct node *map, const struct watcher_place *place,
                             struct arena *arena, struct problems *problems, struct webhook *hook,
                             struct slice_list *secrets)
{
    for (const struct signature_scheme *scheme = hook->sender->schemes; scheme->name; scheme++) {
        struct slice_list found = { 0 };
        enum rc rc = secret_read(map, scheme->name, place->base_dir, place->resolve_secrets, arena,
                                 problems, &found);

        if (rc == RC_NOT_FOUND)
            continue;
        if (rc)
            return rc;
        if (hook->scheme) {
            node_problem(problems, map, "`%s` and `%s` are two ways to prove the same: keep one",
                         hook->scheme->name, scheme->name);
            return RC_INVALID;
        }
        hook->scheme = scheme;
        *secrets = found;
    }
    if (!hook->scheme && hook->sender->fetches_keys)
        hook->scheme = hook->sender->schemes;
    return hook->scheme ? RC_OK : refuse_unproven(map, hook->sender, arena, problems);
}

enum rc webhook_read_signature(const struct node *map, const struct watcher_place *place,
                               struct arena *arena, struct problems *problems, struct webhook *hook)
{
    struct slice_list secrets = { 0 };
    enum rc rc = choose_scheme(map, place, arena, problems, hook, &secrets);

    if (!rc)
        rc = adapt(map, arena, problems, hook);
    if (!rc)
        rc = read_keys(map, secrets, place->resolve_secrets, arena, problems, hook);
    return rc;
}
