#include "src/store/kept_values.h"

/* Of our own making, so it parses; what does not holds no field. */
static enum rc parse(struct slice text, struct json **tree)
{
    struct json_fault fault;
    enum rc rc = RC_OK;

    if (text.len)
        rc = json_parse(text, JSON_LIMITS_DEFAULT, tree, &fault);
    return rc == RC_NO_MEMORY ? rc : RC_OK;
}

static enum rc need_parsed(struct kept_values *kept)
{
    enum rc rc = RC_OK;

    if (!kept->is_parsed)
        rc = parse(kept->signal->last_event, &kept->last);
    if (!rc && !kept->is_parsed)
        rc = parse(kept->signal->fields, &kept->fields);
    kept->is_parsed = true;
    return rc;
}

enum rc kept_value(struct kept_values *kept, struct slice field, struct slice *value)
{
    enum rc rc = need_parsed(kept);

    *value = (struct slice){ 0 };
    if (rc)
        return rc;
    *value = json_text(json_get(kept->last, field));
    if (slice_is_absent(*value))
        *value = json_text(json_get(kept->fields, field));
    return RC_OK;
}

void kept_values_free(struct kept_values *kept)
{
    json_free(kept->last);
    json_free(kept->fields);
}
