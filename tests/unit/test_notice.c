#include "actions/channels/notice.h"
#include "tests/unit/other_channel.h"

static const struct literal_rules markdown = { .escaped = "*" };

static enum rc load(struct other_channel *other, const char *text, struct template **template)
{
    struct channel_place where = { .arena = other->arena, .problems = other->problems };
    struct node node = { .type = NODE_SCALAR, .text = slice_of(text) };

    problems_clear(other->problems);
    *template = NULL;
    return notice_load_template(&node, &where, template);
}

static struct slice make(struct other_channel *other, const struct notice_form *form,
                         enum message_part part)
{
    struct slice text = { 0 };

    other_call(other, part);
    assert_int_equal(notice_make(&other->call, form, other->arena, &text), RC_OK);
    assert_true(literal_units(text) <= form->max_units);
    return text;
}

static void a_template_is_markup_and_its_values_are_not(void **state)
{
    struct other_channel *other = *state;
    struct notice_form form = { .rules = &markdown, .max_units = 2000 };
    struct template *template;

    other->proposal.title = SLICE("*red* {{url}}");
    assert_int_equal(load(other, "**{{headline}}** {{short}}: {{url}}\n", &template), RC_OK);
    form.template = template;
    assert_slice(make(other, &form, MESSAGE_CARD), "**high: \\*red\\* {{url}}** kmwrt: " PAGE_URL);
}

static void every_value_of_a_card_can_be_named(void **state)
{
    struct other_channel *other = *state;
    struct notice_form form = { .rules = &literal_plain, .max_units = 20000 };
    struct template *template;
    struct slice text;

    assert_int_equal(load(other,
                          "{{headline}}|{{state}}|{{when}}|{{conclusion}}|{{facts}}|{{plan}}|"
                          "{{expiry}}|{{deciders}}|{{short | upper}}",
                          &template),
                     RC_OK);
    form.template = template;
    text = make(other, &form, MESSAGE_CARD);
    assert_holds(text, "test is red on main");
    assert_holds(text, "/usr/bin/restart");
    assert_holds(text, "jane, john");
    assert_holds(text, "KMWRT");
    assert_true(slice_ends(text, SLICE("\n\n" PAGE_URL))); /* it does not name {{url}} */
}

static void a_name_that_no_card_has_is_refused_while_loading(void **state)
{
    struct other_channel *other = *state;
    struct template *template;

    assert_int_equal(load(other, "{{headlin}} {{secret}}", &template), RC_INVALID);
    other_problem(other, "did you mean `headline`");
    other_problem(other, "`secret`, which no card has");
    assert_int_equal(load(other, "{{headline", &template), RC_INVALID);
    other_problem(other, "`template` at byte");
    assert_int_equal(notice_load_template(NULL, NULL, &template), RC_OK);
}

static void without_a_template_it_is_the_whole_card_and_the_address(void **state)
{
    struct other_channel *other = *state;
    struct notice_form form = { .rules = &markdown, .max_units = 4000 };
    struct slice text;

    other->proposal.title = SLICE("*red*");
    text = make(other, &form, MESSAGE_CARD);
    assert_holds(text, "\\*red\\*");
    assert_true(slice_ends(text, SLICE("\n\n" PAGE_URL)));
    form.has_button = true;
    assert_false(slice_ends(make(other, &form, MESSAGE_CARD), SLICE("\n\n" PAGE_URL)));
    form.has_button = false;
    other->card.page_url = (struct slice){ 0 };
    assert_false(slice_ends(make(other, &form, MESSAGE_CARD), SLICE("\n\n" PAGE_URL)));
}

static void o13_the_address_is_never_what_is_cut(void **state)
{
    struct other_channel *other = *state;
    struct notice_form form = { .rules = &markdown, .max_units = 400 };
    struct template *template;

    other->proposal.title = other_repeat(other, "* ", 5000);
    assert_true(slice_ends(make(other, &form, MESSAGE_CARD), SLICE("\n\n" PAGE_URL)));
    assert_int_equal(load(other, "{{headline}} {{headline}} {{headline}}", &template), RC_OK);
    form.template = template;
    assert_true(slice_ends(make(other, &form, MESSAGE_CARD), SLICE("…\n\n" PAGE_URL)));
}

static void a_plan_that_does_not_fit_is_not_shown_in_part(void **state)
{
    struct other_channel *other = *state;
    struct notice_form form = { .rules = &markdown, .max_units = 1500 };
    struct template *template;
    struct slice text;

    other->argv[0] = other_repeat(other, "/bin/**********", 60); /* it would fit unescaped */
    text = make(other, &form, MESSAGE_CARD);
    assert_false(holds(text, "/bin/"));
    assert_int_equal(load(other, "{{headline}}\n{{plan}}", &template), RC_OK);
    form.template = template;
    text = make(other, &form, MESSAGE_CARD);
    assert_false(holds(text, "/bin/"));
    assert_holds(text, "test is red on main");
    assert_holds(text, "read it on the page");
}

static void a_note_says_what_it_is_about_where_it_stands_alone(void **state)
{
    struct other_channel *other = *state;
    struct notice_form form = { .rules = &markdown, .max_units = 2000 };

    other->note.text = SLICE("*done*");
    assert_slice(make(other, &form, MESSAGE_NOTE), "\\*done\\*");
    form.stands_alone = true;
    assert_slice(make(other, &form, MESSAGE_NOTE),
                 "high: test is red on main\n\\*done\\*\n\n" PAGE_URL);
    other_call(other, MESSAGE_NOTE);
    other->call.card = NULL; /* its proposal is gone */
    {
        struct slice text;

        assert_int_equal(notice_make(&other->call, &form, other->arena, &text), RC_OK);
        assert_slice(text, "\\*done\\*");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OTHER_TEST(a_template_is_markup_and_its_values_are_not),
        OTHER_TEST(every_value_of_a_card_can_be_named),
        OTHER_TEST(a_name_that_no_card_has_is_refused_while_loading),
        OTHER_TEST(without_a_template_it_is_the_whole_card_and_the_address),
        OTHER_TEST(o13_the_address_is_never_what_is_cut),
        OTHER_TEST(a_plan_that_does_not_fit_is_not_shown_in_part),
        OTHER_TEST(a_note_says_what_it_is_about_where_it_stands_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
