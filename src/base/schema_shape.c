#include "src/base/schema_private.h"

#include <string.h>

/* {…} with the shape in it. */
static void write_object(struct schema_writing *writing, const struct shape *shape,
                         bool may_be_null)
{
    json_object_begin(&writing->json);
    schema_write_shape(writing, shape, may_be_null);
    json_object_end(&writing->json);
}

/* -- scalars -- */

/* A word that YAML takes for a flag or a number is that, unless it stands in quotes. */
void schema_write_words(struct schema_writing *writing, const char *const *words)
{
    json_key(&writing->json, "enum");
    json_array_begin(&writing->json);
    for (; *words; words++) {
        struct slice word = slice_of(*words);
        int64_t number;

        if (slice_eq(word, SLICE("true")) || slice_eq(word, SLICE("false")) ||
            !slice_to_int(word, &number))
            json_write_raw(&writing->json, word);
        json_write_text(&writing->json, word);
    }
    json_array_end(&writing->json);
}

void schema_write_pattern(struct schema_writing *writing, const char *pattern, const char *wanted)
{
    json_member_text(&writing->json, "pattern", slice_of(pattern));
    if (wanted)
        json_member_text(&writing->json, "patternErrorMessage", slice_of(wanted));
}

static void write_word_list(struct schema_writing *writing, const char *const *words)
{
    json_object_begin(&writing->json);
    schema_write_words(writing, words);
    json_object_end(&writing->json);
}

/* Text may look like a number or a flag. Words that mean something are proposed among others. */
static void write_text(struct schema_writing *writing, const struct shape *shape, bool may_be_null)
{
    json_key(&writing->json, "anyOf");
    json_array_begin(&writing->json);
    json_object_begin(&writing->json);
    schema_write_type(writing, "string");
    if (shape->pattern)
        schema_write_pattern(writing, shape->pattern, shape->wanted);
    json_object_end(&writing->json);
    if (shape->words)
        write_word_list(writing, shape->words);
    schema_write_ref_object(writing, may_be_null ? SCHEMA_NO_TEXT_OR_NULL : SCHEMA_NO_TEXT);
    json_array_end(&writing->json);
}

/* -- what editors propose -- */

static void hint_of(struct schema_writing *writing, const struct shape *shape)
{
    if (shape->words)
        write_word_list(writing, shape->words);
    if (shape->kind == SHAPE_ONE_OR_LIST)
        hint_of(writing, shape->item);
    for (const struct shape *const *either = shape->either; either && *either; either++)
        hint_of(writing, *either);
}

/* Holds of everything. Editors look for words in `anyOf`, not behind an `if`, and write `member: ` where they see that it may be text. */
static void begin_hints(struct schema_writing *writing)
{
    json_key(&writing->json, "anyOf");
    json_array_begin(&writing->json);
}

static void end_hints(struct schema_writing *writing)
{
    json_object_begin(&writing->json);
    schema_write_type(writing, "string");
    json_object_end(&writing->json);
    json_object_begin(&writing->json);
    json_object_end(&writing->json);
    json_array_end(&writing->json);
}

static void write_hints(struct schema_writing *writing, const struct shape *shape)
{
    begin_hints(writing);
    hint_of(writing, shape);
    end_hints(writing);
}

/* -- lists -- */

static void write_list(struct schema_writing *writing, const struct shape *item)
{
    schema_write_type(writing, "array");
    json_key(&writing->json, "items");
    write_object(writing, item, false);
}

static void begin_if(struct schema_writing *writing, const char *const *types)
{
    json_key(&writing->json, "if");
    json_object_begin(&writing->json);
    schema_write_texts(writing, "type", types);
    json_object_end(&writing->json);
    json_key(&writing->json, "then");
}

/* What is wrong in a list is told of the list, what is wrong in one item of that. */
static void write_one_or_list(struct schema_writing *writing, const struct shape *item,
                              bool may_be_null)
{
    static const char *const lists[] = { "array", NULL };

    begin_if(writing, lists);
    json_object_begin(&writing->json);
    write_list(writing, item);
    json_object_end(&writing->json);
    json_key(&writing->json, "else");
    write_object(writing, item, may_be_null);
    write_hints(writing, item);
}

/* -- maps -- */

static bool is_required(const struct shape *shape, const struct setting *setting)
{
    int i;

    return setting->required &&
           (!shape->given_elsewhere ||
            slice_to_enum(slice_of(setting->name), shape->given_elsewhere, &i) != RC_OK);
}

static void write_required(struct schema_writing *writing, const struct shape *shape)
{
    size_t n_required = 0;

    for (size_t i = 0; i < shape->n_settings; i++) {
        if (!is_required(shape, &shape->settings[i]))
            continue;
        if (!n_required++) {
            json_key(&writing->json, "required");
            json_array_begin(&writing->json);
        }
        json_write_text(&writing->json, slice_of(shape->settings[i].name));
    }
    if (n_required)
        json_array_end(&writing->json);
}

static void write_map(struct schema_writing *writing, const struct shape *shape)
{
    schema_write_type(writing, "object");
    json_key(&writing->json, "properties");
    json_object_begin(&writing->json);
    for (size_t i = 0; i < shape->n_settings; i++)
        schema_write_setting(writing, &shape->settings[i],
                             !is_required(shape, &shape->settings[i]));
    json_object_end(&writing->json);
    write_required(writing, shape);
    json_key(&writing->json, "additionalProperties");
    if (shape->item)
        write_object(writing, shape->item, false);
    else
        json_write_bool(&writing->json, false);
}

/* -- choices -- */

static bool is_first_of_its_member(const struct shape_choice *choices,
                                   const struct shape_choice *choice)
{
    while (choices != choice && strcmp(choices->member, choice->member) != 0)
        choices++;
    return choices == choice;
}

/* {required: [member]}, and what it must be. */
static void write_fit(struct schema_writing *writing, const struct shape_choice *choice,
                      const char *complaint)
{
    const char *const members[] = { choice->member, NULL };

    json_object_begin(&writing->json);
    schema_write_type(writing, "object");
    schema_write_texts(writing, "required", members);
    if (complaint)
        json_member_text(&writing->json, "errorMessage", slice_of(complaint));
    if (choice->values) {
        json_key(&writing->json, "properties");
        json_object_begin(&writing->json);
        json_key(&writing->json, choice->member);
        json_object_begin(&writing->json);
        schema_write_words(writing, choice->values);
        if (complaint)
            json_member_text(&writing->json, "errorMessage", slice_of(complaint));
        json_object_end(&writing->json);
        json_object_end(&writing->json);
    }
    json_object_end(&writing->json);
}

static void hint_values(struct schema_writing *writing, const struct shape_choice *choices,
                        const char *member)
{
    for (; choices && choices->member; choices++) {
        if (strcmp(choices->member, member) != 0)
            continue;
        if (choices->values)
            write_word_list(writing, choices->values);
        hint_values(writing, choices->shape->choices, member);
    }
}

/* The row of the member that says which it is, as far as it is known here. */
static const struct setting *find_chooser(const struct shape_choice *choice)
{
    const struct shape *shape = choice->shape;

    for (size_t i = 0; i < shape->n_settings; i++) {
        if (!strcmp(shape->settings[i].name, choice->member))
            return &shape->settings[i];
    }
    return shape->choices ? find_chooser(shape->choices) : NULL;
}

/* As it will be read; where the value decides, with all of them. That it must be one of them is said elsewhere. */
static void write_chooser(struct schema_writing *writing, const struct shape *shape,
                          const struct shape_choice *choice)
{
    const struct setting *row = find_chooser(choice);

    if (row && !choice->values && !choice->shape->choices) {
        schema_write_setting(writing, row, false);
        return;
    }
    json_key(&writing->json, choice->member);
    json_object_begin(&writing->json);
    if (row && row->help)
        json_member_text(&writing->json, "description", slice_of(row->help));
    begin_hints(writing);
    hint_values(writing, shape->choices, choice->member);
    end_hints(writing);
    json_object_end(&writing->json);
}

/* Of a map that fits none it is told, and shown, what it might be. */
static void write_unchosen(struct schema_writing *writing, const struct shape *shape)
{
    const struct shape_choice *choice;

    schema_write_type(writing, "object");
    json_member_text(&writing->json, "errorMessage", slice_of(shape->wanted));
    json_key(&writing->json, "properties");
    json_object_begin(&writing->json);
    for (choice = shape->choices; choice->member; choice++) {
        if (is_first_of_its_member(shape->choices, choice))
            write_chooser(writing, shape, choice);
    }
    json_object_end(&writing->json);
    json_key(&writing->json, "anyOf");
    json_array_begin(&writing->json);
    for (choice = shape->choices; choice->member; choice++)
        write_fit(writing, choice, shape->wanted);
    json_array_end(&writing->json);
}

/* As the reader asks: is it the first, else the second … */
static void write_choices(struct schema_writing *writing, const struct shape *shape)
{
    const struct shape_choice *choice = shape->choices;
    size_t n_open = 0;

    for (; choice->member; choice++) {
        json_key(&writing->json, "if");
        write_fit(writing, choice, NULL);
        json_key(&writing->json, "then");
        write_object(writing, choice->shape, false);
        json_key(&writing->json, "else");
        json_object_begin(&writing->json);
        n_open++;
    }
    if (choice->shape)
        schema_write_shape(writing, choice->shape, false);
    else
        write_unchosen(writing, shape);
    while (n_open--)
        json_object_end(&writing->json);
}

/* -- one of several -- */

static bool is_map(const struct shape *shape)
{
    return shape->kind == SHAPE_MAP || shape->kind == SHAPE_CHOICE;
}

static void write_each(struct schema_writing *writing, const struct shape *const *either,
                       bool of_maps)
{
    for (; *either; either++) {
        if (is_map(*either) == of_maps)
            write_object(writing, *either, false);
    }
}

/* {anyOf: […]} */
static void write_any(struct schema_writing *writing, const struct shape *const *either,
                      bool with_maps, bool may_be_null)
{
    json_object_begin(&writing->json);
    json_key(&writing->json, "anyOf");
    json_array_begin(&writing->json);
    if (with_maps)
        write_each(writing, either, true);
    write_each(writing, either, false);
    if (may_be_null)
        schema_write_ref_object(writing, SCHEMA_NULL);
    json_array_end(&writing->json);
    json_object_end(&writing->json);
}

/* What is wrong in a map is told of the map. Where nothing stands yet, editors propose everything. */
static void write_either(struct schema_writing *writing, const struct shape *shape,
                         bool may_be_null)
{
    const struct shape *const *either = shape->either;
    static const char *const maps[] = { "object", "null", NULL };

    begin_if(writing, maps);
    write_any(writing, either, true, may_be_null);
    json_key(&writing->json, "else");
    write_any(writing, either, false, may_be_null);
    write_hints(writing, shape);
}

/* -- shapes -- */

static const struct shape *find_elsewhere(const struct schema_writing *writing, const char *name)
{
    const struct shape *const *shape = writing->elsewhere;

    while (strcmp((*shape)->name, name) != 0)
        shape++;
    return *shape;
}

/* What has no null of its own. */
static void write_solid(struct schema_writing *writing, const struct shape *shape)
{
    switch (shape->kind) {
    case SHAPE_WORD:
        schema_write_words(writing, shape->words);
        break;
    case SHAPE_LIST:
        write_list(writing, shape->item);
        break;
    case SHAPE_MAP:
        write_map(writing, shape);
        break;
    case SHAPE_CHOICE:
        write_choices(writing, shape);
        break;
    case SHAPE_ELSEWHERE:
        schema_write_shape(writing, find_elsewhere(writing, shape->name), false);
        break;
    case SHAPE_ANY:
    case SHAPE_TEXT:
    case SHAPE_ONE_OR_LIST:
    case SHAPE_EITHER:
        break;
    }
}

void schema_write_inline(struct schema_writing *writing, const struct shape *shape,
                         bool may_be_null)
{
    switch (shape->kind) {
    case SHAPE_ANY:
        write_hints(writing, shape);
        break;
    case SHAPE_TEXT:
        write_text(writing, shape, may_be_null);
        break;
    case SHAPE_ONE_OR_LIST:
        write_one_or_list(writing, shape->item, may_be_null);
        break;
    case SHAPE_EITHER:
        write_either(writing, shape, may_be_null);
        break;
    case SHAPE_WORD:
    case SHAPE_LIST:
    case SHAPE_MAP:
    case SHAPE_CHOICE:
    case SHAPE_ELSEWHERE:
        schema_begin_or_null(writing, may_be_null);
        write_solid(writing, shape);
        schema_end_or_null(writing, may_be_null);
        break;
    }
}

static void write_named(struct schema_writing *writing, const struct shape *shape, bool may_be_null)
{
    schema_need(writing, shape);
    schema_begin_or_null(writing, may_be_null);
    schema_write_ref(writing, shape->name);
    schema_end_or_null(writing, may_be_null);
}

void schema_write_shape(struct schema_writing *writing, const struct shape *shape, bool may_be_null)
{
    if (writing->rc)
        return;
    if (shape->name && shape->kind != SHAPE_ELSEWHERE)
        write_named(writing, shape, may_be_null);
    else
        schema_write_inline(writing, shape, may_be_null);
}
