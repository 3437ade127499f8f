#include "src/base/log_mark.h"

#include "src/base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define OUR_LINE "2026-11-29T10:00:00.000Z warn hook refused: bad signature hook=github"

static const uint8_t our_key[LOG_MARK_KEY_BYTES] = "our key of 16 b";
static const uint8_t other_key[LOG_MARK_KEY_BYTES] = "another of them";

/* `line` as it stands in the log. */
static const char *marked(const char *line, const char *before, const char *after)
{
    static char text[1024];
    char mark[LOG_MARK_BYTES];

    snprintf(text, sizeof text, "%s%s mark=%s%s", before, line, log_mark_of(slice_of(line), mark),
             after);
    return text;
}

static void a_line_of_ours_is_known_wherever_it_turns_up(void **state)
{
    (void)state;
    log_mark_use(our_key, true);
    assert_true(log_is_own(slice_of(marked(OUR_LINE, "", ""))));
    assert_true(log_is_own(slice_of(marked(OUR_LINE, "Nov 29 10:00:00 web-1 vedette[7]: ", ""))));
    assert_true(log_is_own(slice_of(marked(OUR_LINE, "", "\r"))));
    assert_true(log_is_own(slice_of(marked(OUR_LINE, "x mark=1.0000000000000000 ", " tail"))));
}

static void an_object_of_ours_is_known_too(void **state)
{
    static const char object[] = "{\"time\":\"2026-11-29T10:00:00.000Z\",\"text\":\"started\"";
    char line[512], mark[LOG_MARK_BYTES];

    (void)state;
    log_mark_use(our_key, true);
    snprintf(line, sizeof line, "%s,\"mark\":\"%s\"}", object, log_mark_of(slice_of(object), mark));
    assert_true(log_is_own(slice_of(line)));
    line[20]++;
    assert_false(log_is_own(slice_of(line)));
}

/* `line` as a container's log has it: with escapes, written `n` times over. */
static struct slice in_a_string(const char *line, int n)
{
    static char texts[2][4096];
    size_t len = 0;

    snprintf(texts[n % 2], sizeof texts[0], "%s", line);
    for (; n; n--, len = 0) {
        for (const char *at = texts[n % 2]; *at; at++) {
            if (*at == '"' || *at == '\\')
                texts[(n - 1) % 2][len++] = '\\';
            texts[(n - 1) % 2][len++] = *at;
        }
        texts[(n - 1) % 2][len] = '\0';
    }
    len = strlen(texts[0]);
    memmove(texts[0] + 8, texts[0], len);
    memcpy(texts[0], "{\"log\":\"", 8);
    snprintf(texts[0] + 8 + len, sizeof texts[0] - 8 - len, "\\n\",\"stream\":\"stderr\"}");
    return slice_of(texts[0]);
}

static const char *marked_object(const char *object)
{
    static char line[1024];
    char mark[LOG_MARK_BYTES];

    snprintf(line, sizeof line, "%s,\"mark\":\"%s\"}", object, log_mark_of(slice_of(object), mark));
    return line;
}

static void a_line_of_ours_is_known_in_the_string_that_a_container_s_log_makes_of_it(void **state)
{
    static const char quoted[] = OUR_LINE " path=\"/var/log/a\\x9b.log\"";
    static const char object[] = "{\"time\":\"2026-11-29T10:00:00.000Z\",\"text\":\"a \\u0022b\"";

    (void)state;
    log_mark_use(our_key, true);
    assert_true(log_is_own(in_a_string(marked(OUR_LINE, "", ""), 1)));
    assert_true(log_is_own(in_a_string(marked(quoted, "", ""), 1)));
    assert_true(log_is_own(in_a_string(marked_object(object), 1)));
    assert_false(log_is_own(in_a_string(marked(quoted, "", ""), 2)));
}

static void a_mark_within_a_string_hides_nothing_but_its_own_line(void **state)
{
    static const char quoted[] = OUR_LINE " path=\"/var/log/a.log\"";
    char line[1024];

    (void)state;
    log_mark_use(our_key, true);
    snprintf(line, sizeof line, "%s", marked(quoted, "", ""));
    assert_false(log_is_own(in_a_string(strstr(line, "hook="), 1)));
    line[30]++;
    assert_false(log_is_own(in_a_string(line, 1)));
    assert_false(log_is_own(SLICE("\\ mark=1.0123456789abcdef\\")));
    assert_false(log_is_own(SLICE("\\u00 mark=\\")));
}

static void a_line_without_text_has_no_mark_that_would_speak_for_all_others(void **state)
{
    char mark[LOG_MARK_BYTES];

    (void)state;
    log_mark_use(our_key, true);
    assert_string_equal(log_mark_of(SLICE(""), mark), "");
}

static void a_mark_hides_nothing_but_its_own_line(void **state)
{
    char line[1024];

    (void)state;
    log_mark_use(our_key, true);
    snprintf(line, sizeof line, "%s", marked(OUR_LINE, "", ""));
    assert_false(log_is_own(SLICE(OUR_LINE)));
    assert_false(log_is_own(SLICE("root logged in mark=")));
    assert_false(log_is_own(SLICE("root logged in mark=14.")));
    assert_false(log_is_own(SLICE("root logged in mark=14.0123456789abcdef")));
    assert_false(log_is_own(SLICE("x mark=99999999999999999999.0123456789abcdef")));
    assert_false(log_is_own(SLICE("x mark=-1.0123456789abcdef")));
    assert_false(log_is_own((struct slice){ 0 }));
    line[30]++; /* another text under the same mark */
    assert_false(log_is_own(slice_of(line)));
    assert_false(log_is_own(slice_of(strstr(marked("root logged in", "", ""), " in mark="))));
}

static void a_mark_of_another_store_is_foreign(void **state)
{
    char line[1024];

    (void)state;
    log_mark_use(other_key, true);
    snprintf(line, sizeof line, "%s", marked(OUR_LINE, "", ""));
    log_mark_use(our_key, true);
    assert_false(log_is_own(slice_of(line)));
}

static void lines_are_marked_only_where_somebody_may_read_them(void **state)
{
    char mark[LOG_MARK_BYTES];

    (void)state;
    log_mark_use(our_key, false);
    assert_string_equal(log_mark_of(SLICE(OUR_LINE), mark), "");
    log_mark_switch(true);
    assert_string_not_equal(log_mark_of(SLICE(OUR_LINE), mark), "");
    log_mark_switch(false);
    assert_string_equal(log_mark_of(SLICE(OUR_LINE), mark), "");
}

static int set_up(void **state)
{
    (void)state;
    return digest_init() ? -1 : 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_of_ours_is_known_wherever_it_turns_up),
        cmocka_unit_test(an_object_of_ours_is_known_too),
        cmocka_unit_test(a_line_of_ours_is_known_in_the_string_that_a_container_s_log_makes_of_it),
        cmocka_unit_test(a_mark_within_a_string_hides_nothing_but_its_own_line),
        cmocka_unit_test(a_line_without_text_has_no_mark_that_would_speak_for_all_others),
        cmocka_unit_test(a_mark_hides_nothing_but_its_own_line),
        cmocka_unit_test(a_mark_of_another_store_is_foreign),
        cmocka_unit_test(lines_are_marked_only_where_somebody_may_read_them),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
