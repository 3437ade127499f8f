#include "rules/conditions/value.h"

#include "rules/loader.h"
#include "src/base/digest.h"

bool read_value_field(struct rule_reading *reading, const struct node *scalar,
                      struct value_field *field)
{
    return read_condition_field(reading, scalar, &field->field);
}

bool read_changing_field(struct rule_reading *reading, const struct node *scalar,
                         struct value_field *field)
{
    if (!read_value_field(reading, scalar, field))
        return false;
    field->passes_info = field->field.place == FIELD_OF_EVENT && field->field.field == FIELD_STATE;
    return true;
}

/* Absent when it says nothing that counts. */
static struct slice value_text(const struct value_field *field, const struct condition_input *input,
                               struct arena *arena)
{
    struct slice text = field_ref_get(&field->field, input->event, &input->captures, arena);

    if (field->passes_info && slice_eq(text, SLICE("info")))
        return (struct slice){ 0 };
    return text;
}

bool value_is_said(const struct value_field *field, const struct condition_input *input,
                   struct arena *arena)
{
    return !slice_is_absent(value_text(field, input, arena));
}

enum rc value_digest_of(struct slice text, uint64_t *digest)
{
    struct sha256 hash;
    enum rc rc = sha256_of(text, &hash);

    *digest = 0;
    for (size_t i = 0; !rc && i < sizeof(*digest); i++)
        *digest = *digest << 8 | hash.bytes[i];
    return rc;
}

int64_t value_weigh(const void *spec, const struct condition_input *input, struct arena *arena)
{
    return value_is_said(spec, input, arena) ? 1 : 0;
}

enum rc value_digest(const struct value_field *field, const struct condition_input *input,
                     struct arena *arena, uint64_t *digest)
{
    struct slice text = value_text(field, input, arena);

    *digest = 0;
    return slice_is_absent(text) ? RC_NOT_FOUND : value_digest_of(text, digest);
}
