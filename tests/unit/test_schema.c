#include "src/base/clock.h"
#include "src/base/schema.h"
#include "src/base/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const modes[] = { "observe", "propose", NULL };
static const char *const flags[] = { "true", "7", NULL };
static const char *const cats[] = { "cat", NULL };
static const char *const never[] = { "never", NULL };

static const struct setting paw_rows[] = {
    { .name = "claws", .type = SETTING_INT, .required = true, .min = 1, .max = 5 },
};
static const struct shape paw = { .name = "paw", SHAPE_OF(paw_rows) };
static const struct shape paws = { .kind = SHAPE_ONE_OR_LIST, .item = &paw };
static const struct shape word = { .kind = SHAPE_WORD, .words = never };
static const struct shape *const either[] = { &paw, &word, NULL };
static const struct shape paw_or_never = { .kind = SHAPE_EITHER, .either = either };

static const struct setting rows[] = {
    { .name = "name", .type = SETTING_TEXT, .required = true, .help = "what it is called" },
    { .name = "on", .type = SETTING_BOOL },
    { .name = "mode", .type = SETTING_ENUM, .names = modes, .usual = "observe" },
    { .name = "flag", .type = SETTING_ENUM, .names = flags, .required = true },
    { .name = "wait",
      .type = SETTING_DURATION,
      .required = true,
      .min = SECOND_MS,
      .max = HOUR_MS,
      .help = "how long" },
    { .name = "paws", .type = SETTING_NODE, .shape = &paws },
    { .name = "sleep", .type = SETTING_NODE, .shape = &paw_or_never, .required = true },
};
static const char *const named_elsewhere[] = { "name", NULL };
static const struct shape animal = { .given_elsewhere = named_elsewhere, SHAPE_OF(rows) };

static struct json *schema_of_shape(const struct shape *root, const struct shape *const *elsewhere)
{
    const struct schema_text text = { .title = "Cats", .root = root, .elsewhere = elsewhere };
    struct json_fault fault = { 0 };
    struct json *json = NULL;
    struct buffer out;

    buffer_init(&out, 0);
    assert_int_equal(schema_write(&text, &out), RC_OK);
    assert_int_equal(json_parse(buffer_slice(&out), JSON_LIMITS_DEFAULT, &json, &fault), RC_OK);
    buffer_free(&out);
    return json;
}

/* The JSON of what `path` leads to. */
static void assert_at(const struct json *schema, const char *path, const char *expected)
{
    struct json_fault fault = { 0 };
    struct json_path *parsed;
    struct json_writer writer;
    struct arena *arena;
    struct buffer out;

    assert_int_equal(arena_new(1 << 16, &arena), RC_OK);
    assert_int_equal(json_path_parse(slice_of(path), arena, &parsed, &fault), RC_OK);
    buffer_init(&out, 0);
    writer = json_writer_to(&out);
    json_write_node(&writer, json_path_get(parsed, schema));
    buffer_add_byte(&out, '\0');
    assert_string_equal(out.ptr, expected);
    buffer_free(&out);
    arena_free(arena);
}

static void a_row_is_a_property_with_what_is_said_of_it(void **state)
{
    struct json *schema = schema_of_shape(&animal, NULL);

    (void)state;
    assert_at(schema, "properties.name.description", "\"what it is called\"");
    assert_at(schema, "properties.mode.default", "\"observe\"");
    assert_at(schema, "properties.wait.description", "\"how long (1s to 1h)\"");
    assert_at(schema, "properties.wait.type", "\"string\"");
    assert_at(schema, "additionalProperties", "false");
    json_free(schema);
}

static void what_is_left_out_may_be_null_and_what_is_required_may_not(void **state)
{
    struct json *schema = schema_of_shape(&animal, NULL);

    (void)state;
    assert_at(schema, "properties.on",
              "{\"anyOf\":[{\"type\":\"boolean\"},{\"$ref\":\"#/definitions/left_out\"}]}");
    assert_at(schema, "properties.flag", "{\"enum\":[true,\"true\",7,\"7\"]}");
    json_free(schema);
}

static void a_member_that_another_place_may_give_is_not_required(void **state)
{
    struct json *schema = schema_of_shape(&animal, NULL);

    (void)state;
    assert_at(schema, "required", "[\"flag\",\"wait\",\"sleep\"]");
    json_free(schema);
}

static void text_may_look_like_a_number_or_a_flag(void **state)
{
    struct json *schema = schema_of_shape(&animal, NULL);

    (void)state;
    assert_at(schema, "properties.name.anyOf",
              "[{\"type\":\"string\"},{\"$ref\":\"#/definitions/number_or_flag_or_left_out\"}]");
    json_free(schema);
}

static void a_named_shape_is_defined_once(void **state)
{
    struct json *schema = schema_of_shape(&animal, NULL);

    (void)state;
    assert_at(schema, "definitions.paw.properties.claws",
              "{\"type\":[\"integer\",\"string\"],\"pattern\":\"^-?[0-9]+$\","
              "\"patternErrorMessage\":\"a whole number is expected here\",\"minimum\":1,"
              "\"maximum\":5}");
    assert_at(schema, "properties.paws.then.items", "{\"$ref\":\"#/definitions/paw\"}");
    assert_at(schema, "properties.sleep.then.anyOf",
              "[{\"$ref\":\"#/definitions/paw\"},{\"enum\":[\"never\"]}]");
    assert_at(schema, "properties.sleep.else.anyOf", "[{\"enum\":[\"never\"]}]");
    json_free(schema);
}

/* -- choices -- */

static const struct setting cat_rows[] = { { .name = "kind", .type = SETTING_TEXT },
                                           { .name = "lives", .type = SETTING_INT } };
static const struct setting fish_rows[] = { { .name = "fins", .type = SETTING_INT } };
static const struct shape cat = { .name = "a_cat", SHAPE_OF(cat_rows) };
static const struct shape fish = { .name = "a_fish", SHAPE_OF(fish_rows) };

static void the_first_choice_that_fits_is_asked_for_its_members(void **state)
{
    static const struct shape_choice choices[] = {
        { .member = "kind", .values = cats, .shape = &cat },
        { .member = "fins", .shape = &fish },
        { .member = NULL },
    };
    static const struct shape pet = { .kind = SHAPE_CHOICE,
                                      .choices = choices,
                                      .wanted = "neither cat nor fish" };
    struct json *schema = schema_of_shape(&pet, NULL);

    (void)state;
    assert_at(schema, "if",
              "{\"type\":\"object\",\"required\":[\"kind\"],\"properties\":{\"kind\":{\"enum\":"
              "[\"cat\"]}}}");
    assert_at(schema, "then", "{\"$ref\":\"#/definitions/a_cat\"}");
    assert_at(schema, "else.if", "{\"type\":\"object\",\"required\":[\"fins\"]}");
    assert_at(schema, "else.then", "{\"$ref\":\"#/definitions/a_fish\"}");
    assert_at(schema, "else.else.errorMessage", "\"neither cat nor fish\"");
    assert_at(schema, "else.else.properties.kind.anyOf[0]", "{\"enum\":[\"cat\"]}");
    json_free(schema);
}

static void what_fits_no_choice_may_have_a_shape_of_its_own(void **state)
{
    static const struct shape_choice choices[] = {
        { .member = "fins", .shape = &fish },
        { .member = NULL, .shape = &cat },
    };
    static const struct shape pet = { .kind = SHAPE_CHOICE, .choices = choices };
    struct json *schema = schema_of_shape(&pet, NULL);

    (void)state;
    assert_at(schema, "else", "{\"$ref\":\"#/definitions/a_cat\"}");
    json_free(schema);
}

/* -- what is not all here -- */

static enum rc make_dog(struct arena *arena, struct shape *shape)
{
    struct setting *made = arena_alloc(arena, 1, sizeof(*made));

    if (!made)
        return RC_NO_MEMORY;
    made[0] = (struct setting){ .name = "bark", .type = SETTING_BOOL, .required = true };
    shape->settings = made;
    shape->n_settings = 1;
    return RC_OK;
}

static void what_is_made_when_asked_for_and_what_a_floor_above_brings_is_defined(void **state)
{
    static const struct shape dog = { .kind = SHAPE_MAP, .name = "dog", .make = make_dog };
    static const struct shape there = { .kind = SHAPE_ELSEWHERE, .name = "dog" };
    static const struct shape dogs = { .kind = SHAPE_LIST, .item = &there };
    static const struct shape *const brought[] = { &dog, NULL };
    struct json *schema = schema_of_shape(&dogs, brought);

    (void)state;
    assert_at(schema, "items", "{\"$ref\":\"#/definitions/dog\"}");
    assert_at(schema, "definitions.dog.required", "[\"bark\"]");
    json_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_a_property_with_what_is_said_of_it),
        cmocka_unit_test(what_is_left_out_may_be_null_and_what_is_required_may_not),
        cmocka_unit_test(a_member_that_another_place_may_give_is_not_required),
        cmocka_unit_test(text_may_look_like_a_number_or_a_flag),
        cmocka_unit_test(a_named_shape_is_defined_once),
        cmocka_unit_test(the_first_choice_that_fits_is_asked_for_its_members),
        cmocka_unit_test(what_fits_no_choice_may_have_a_shape_of_its_own),
        cmocka_unit_test(what_is_made_when_asked_for_and_what_a_floor_above_brings_is_defined),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
