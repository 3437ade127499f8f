#include "src/cli/remote.h"

#include "src/base/ulid.h"

#define SHORT_LETTERS 5

static bool is_short(struct slice id)
{
    for (size_t i = 0; i < id.len; i++)
        if (id.ptr[i] < 'a' || id.ptr[i] > 'z')
            return false;
    return id.len == SHORT_LETTERS;
}

const char *remote_kind(struct slice id)
{
    static const struct {
        const char *prefix;
        const char *kind;
    } kinds[] = {
        { "prp_", "proposals" }, { "sig_", "signals" },  { "tsk_", "tasks" },
        { "evt_", "events" },    { "sil_", "silences" },
    };
    struct ulid ulid;

    if (is_short(id))
        return "proposals";
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!ulid_parse(id, kinds[i].prefix, &ulid))
            return kinds[i].kind;
    return NULL;
}

static void write_path(struct buffer *path, const char *kind, struct slice id)
{
    buffer_init(path, 0);
    buffer_format(path, "/api/v1/%s/", kind);
    url_add_encoded(path, id);
}

enum exit_code remote_get(struct client *client, const char *kind, struct slice id,
                          struct json **object)
{
    struct buffer path;
    enum exit_code code;

    write_path(&path, kind, id);
    code = client_get(client, buffer_slice(&path), object);
    buffer_free(&path);
    return code;
}

enum exit_code remote_post(struct client *client, const char *kind, struct slice id,
                           const char *verb, struct slice body, struct json **answer)
{
    struct client_request request = { .method = "POST", .body = body };
    struct buffer path;
    enum exit_code code;

    write_path(&path, kind, id);
    buffer_format(&path, "/%s", verb);
    request.path = buffer_slice(&path);
    code = client_ask(client, &request, answer);
    buffer_free(&path);
    return code;
}
