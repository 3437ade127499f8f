#include "src/cli/junit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_written(struct junit *junit, const char *expected)
{
    struct buffer xml;

    buffer_init(&xml, 0);
    assert_int_equal(junit_write(junit, &xml), RC_OK);
    buffer_add_byte(&xml, '\0');
    assert_string_equal(xml.ptr, expected);
    buffer_free(&xml);
    junit_free(junit);
}

static void each_file_is_a_suite_with_its_numbers_and_all_are_summed_up(void **state)
{
    struct junit junit;

    (void)state;
    junit_init(&junit);
    junit_begin_suite(&junit, SLICE("a.yaml"));
    junit_add_case(&junit, &(struct junit_case){ .file = SLICE("a.yaml"),
                                                 .name = SLICE("one"),
                                                 .line = 4,
                                                 .took_us = 1500,
                                                 .passed = true });
    junit_add_case(&junit, &(struct junit_case){ .file = SLICE("a.yaml"),
                                                 .name = SLICE("two"),
                                                 .line = 9,
                                                 .took_us = 500,
                                                 .message = SLICE("first"),
                                                 .text = SLICE("first\nsecond\n") });
    junit_begin_suite(&junit, SLICE("b.yaml"));
    junit_add_case(&junit, &(struct junit_case){ .file = SLICE("b.yaml"),
                                                 .name = SLICE("three"),
                                                 .line = 1,
                                                 .took_us = 1000000,
                                                 .passed = true });
    assert_written(
        &junit,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuites name=\"vedette\" tests=\"3\" failures=\"1\" errors=\"0\" "
        "time=\"1.002000\">\n"
        "  <testsuite name=\"a.yaml\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\" "
        "time=\"0.002000\">\n"
        "    <testcase classname=\"a.yaml\" name=\"one\" file=\"a.yaml\" line=\"4\" "
        "time=\"0.001500\"/>\n"
        "    <testcase classname=\"a.yaml\" name=\"two\" file=\"a.yaml\" line=\"9\" "
        "time=\"0.000500\">\n"
        "      <failure type=\"failure\" message=\"first\">first\nsecond</failure>\n"
        "    </testcase>\n"
        "  </testsuite>\n"
        "  <testsuite name=\"b.yaml\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\" "
        "time=\"1.000000\">\n"
        "    <testcase classname=\"b.yaml\" name=\"three\" file=\"b.yaml\" line=\"1\" "
        "time=\"1.000000\"/>\n"
        "  </testsuite>\n"
        "</testsuites>\n");
}

static void no_tests_are_a_document_too(void **state)
{
    struct junit junit;

    (void)state;
    junit_init(&junit);
    assert_written(&junit, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                           "<testsuites name=\"vedette\" tests=\"0\" failures=\"0\" errors=\"0\" "
                           "time=\"0.000000\">\n</testsuites>\n");
}

static void any_text_makes_valid_xml(void **state)
{
    struct junit junit;

    (void)state;
    junit_init(&junit);
    junit_begin_suite(&junit, SLICE("<&>.yaml"));
    junit_add_case(&junit, &(struct junit_case){ .file = SLICE("f"),
                                                 .name = SLICE("\"a\" 'b' \x1b[0m\t\xff"),
                                                 .line = 1,
                                                 .message = SLICE("]]>\n"),
                                                 .text = SLICE("\xef\xbf\xbe\xef\xbf\xbf ]]> ü\n"
                                                               "\x01") });
    assert_written(
        &junit,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuites name=\"vedette\" tests=\"1\" failures=\"1\" errors=\"0\" "
        "time=\"0.000000\">\n"
        "  <testsuite name=\"&lt;&amp;&gt;.yaml\" tests=\"1\" failures=\"1\" errors=\"0\" "
        "skipped=\"0\" time=\"0.000000\">\n"
        "    <testcase classname=\"f\" name=\"&quot;a&quot; &apos;b&apos; \\x1b[0m\\x09\\xff\" "
        "file=\"f\" line=\"1\" time=\"0.000000\">\n"
        "      <failure type=\"failure\" message=\"]]&gt;\\x0a\">"
        "\\xef\\xbf\\xbe\\xef\\xbf\\xbf ]]&gt; ü\n\\x01</failure>\n"
        "    </testcase>\n"
        "  </testsuite>\n"
        "</testsuites>\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_file_is_a_suite_with_its_numbers_and_all_are_summed_up),
        cmocka_unit_test(no_tests_are_a_document_too),
        cmocka_unit_test(any_text_makes_valid_xml),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
