#include "rules/field_nature.h"

/* Words of ours, names that are made of words, addresses. */
static bool is_of_words(const struct field_ref *field)
{
    static const bool are_of_words[EVENT_N_FIELDS] = {
        [FIELD_SOURCE] = true,   [FIELD_TYPE] = true,  [FIELD_KIND] = true,
        [FIELD_WATCHER] = true,  [FIELD_TITLE] = true, [FIELD_STATE] = true,
        [FIELD_SEVERITY] = true, [FIELD_URL] = true,   [FIELD_RULE] = true,
    };

    return field->place == FIELD_OF_EVENT && are_of_words[field->field];
}

static bool is_duration(const struct field_ref *field)
{
    return field->place == FIELD_OF_EVENT && field->field == FIELD_DURATION;
}

bool field_is_never_quantity(const struct field_ref *field)
{
    return field->place == FIELD_OF_TIME || is_of_words(field);
}

bool field_is_never_plain_number(const struct field_ref *field)
{
    return field_is_never_quantity(field) || is_duration(field);
}

bool field_is_never_time(const struct field_ref *field)
{
    return is_of_words(field) || is_duration(field);
}
