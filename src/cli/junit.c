#include "src/cli/junit.h"

#include "src/base/utf8.h"

#include <string.h>

void junit_init(struct junit *junit)
{
    *junit = (struct junit){ 0 };
    buffer_init(&junit->done, 0);
    buffer_init(&junit->suite, 0);
}

void junit_free(struct junit *junit)
{
    buffer_free(&junit->done);
    buffer_free(&junit->suite);
}

/* -- XML -- */

static const char *entity_of(char c)
{
    static const struct {
        char c;
        const char *entity;
    } entities[] = {
        { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" }, { '\'', "&apos;" },
    };

    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        if (entities[i].c == c)
            return entities[i].entity;
    return NULL;
}

/* Two characters of Unicode are none of XML. */
static bool is_no_character(struct slice character)
{
    uint32_t code_point = 0;

    return utf8_char_len(character.ptr, character.len, &code_point) == character.len &&
           (code_point == 0xfffe || code_point == 0xffff);
}

static void add_character(struct slice character, struct buffer *out)
{
    const char *entity = character.len == 1 ? entity_of(character.ptr[0]) : NULL;

    if (entity)
        buffer_add_text(out, entity);
    else if (is_no_character(character))
        buffer_add_text(out, character.ptr[2] == '\xbe' ? "\\xef\\xbf\\xbe" : "\\xef\\xbf\\xbf");
    else
        buffer_add(out, character);
}

/* One line of it. */
static void add_text(struct slice text, struct buffer *out)
{
    char escaped[SHOWN_BYTES];

    while (text.len)
        add_character(slice_cut_shown(&text, escaped), out);
}

static void add_lines(struct slice text, struct buffer *out)
{
    while (text.len) {
        add_text(slice_cut(&text, '\n'), out);
        buffer_add_text(out, text.len ? "\n" : "");
    }
}

static void add_attribute(const char *name, struct slice value, struct buffer *out)
{
    buffer_format(out, " %s=\"", name);
    add_text(value, out);
    buffer_add_text(out, "\"");
}

static void add_seconds(int64_t us, struct buffer *out)
{
    buffer_format(out, " time=\"%lld.%06lld\"", (long long)(us / 1000000),
                  (long long)(us % 1000000));
}

/* -- suites -- */

static void end_suite(struct junit *junit)
{
    struct buffer *out = &junit->done;

    if (slice_is_absent(junit->name))
        return;
    buffer_add_text(out, "  <testsuite");
    add_attribute("name", junit->name, out);
    buffer_format(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"0\"", junit->n_tests,
                  junit->n_failures);
    add_seconds(junit->us, out);
    buffer_add_text(out, ">\n");
    buffer_add(out, buffer_slice(&junit->suite));
    buffer_add_text(out, "  </testsuite>\n");
    out->failed |= junit->suite.failed;
    buffer_clear(&junit->suite);
    junit->n_all_tests += junit->n_tests;
    junit->n_all_failures += junit->n_failures;
    junit->all_us += junit->us;
}

void junit_begin_suite(struct junit *junit, struct slice name)
{
    end_suite(junit);
    junit->name = name;
    junit->n_tests = junit->n_failures = 0;
    junit->us = 0;
}

static void add_failure(const struct junit_case *result, struct buffer *out)
{
    buffer_add_text(out, ">\n      <failure type=\"failure\"");
    add_attribute("message", result->message, out);
    buffer_add_text(out, ">");
    add_lines(result->text, out);
    buffer_add_text(out, "</failure>\n    </testcase>\n");
}

void junit_add_case(struct junit *junit, const struct junit_case *result)
{
    struct buffer *out = &junit->suite;

    junit->n_tests++;
    junit->n_failures += !result->passed;
    junit->us += result->took_us;
    buffer_add_text(out, "    <testcase");
    add_attribute("classname", result->file, out);
    add_attribute("name", result->name, out);
    add_attribute("file", result->file, out);
    buffer_format(out, " line=\"%u\"", result->line);
    add_seconds(result->took_us, out);
    if (result->passed)
        buffer_add_text(out, "/>\n");
    else
        add_failure(result, out);
}

enum rc junit_write(struct junit *junit, struct buffer *out)
{
    end_suite(junit);
    junit->name = (struct slice){ 0 };
    buffer_add_text(out,
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"vedette\"");
    buffer_format(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\"", junit->n_all_tests,
                  junit->n_all_failures);
    add_seconds(junit->all_us, out);
    buffer_add_text(out, ">\n");
    buffer_add(out, buffer_slice(&junit->done));
    buffer_add_text(out, "</testsuites>\n");
    return junit->done.failed ? RC_NO_MEMORY : buffer_rc(out);
}
