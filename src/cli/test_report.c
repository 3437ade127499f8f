#include "src/cli/test_report.h"

static void add_place(struct mark mark, struct buffer *out)
{
    buffer_add(out, mark.file);
    buffer_format(out, ":%u:%u: ", mark.line, mark.column);
}

static void add_row(const char *label, struct slice text, struct buffer *out)
{
    buffer_format(out, "    %-9s ", label);
    buffer_add(out, text);
    buffer_add_text(out, "\n");
}

static void add_failure(const struct rule_test_failure *failure, struct buffer *out)
{
    buffer_add_text(out, "  ");
    add_place(failure->mark, out);
    buffer_add(out, slice_is_absent(failure->text) ? SLICE("what is expected did not come")
                                                   : failure->text);
    buffer_add_text(out, "\n");
    if (!slice_is_absent(failure->expected))
        add_row("expected", failure->expected, out);
    if (!slice_is_absent(failure->expected) || !slice_is_absent(failure->got))
        add_row("got", slice_is_absent(failure->got) ? SLICE("nothing") : failure->got, out);
    if (!slice_is_absent(failure->differs))
        add_row("differs", failure->differs, out);
}

void test_report_text(const struct rule_test_report *report, struct buffer *out)
{
    struct slice came = report->came;

    for (size_t i = 0; i < report->n_failures; i++)
        add_failure(&report->failures[i], out);
    while (came.len) {
        buffer_add_text(out, "  ");
        buffer_add(out, slice_cut(&came, '\n'));
        buffer_add_text(out, "\n");
    }
}

void test_report_for_people(const struct screen *screen, const struct rule_test_report *report,
                            struct buffer *out)
{
    struct buffer text;

    if (report->passed)
        return;
    buffer_init(&text, 0);
    show_colour(screen, out, COLOUR_BAD);
    buffer_add_text(out, "FAILED ");
    show_colour(screen, out, COLOUR_NONE);
    add_place(report->mark, &text);
    buffer_add(&text, report->name);
    show_text(out, buffer_slice(&text));
    buffer_add_text(out, "\n");
    buffer_clear(&text);
    test_report_text(report, &text);
    show_block(out, "", buffer_slice(&text), 0);
    buffer_free(&text);
}

static void write_failure(const struct rule_test_failure *failure, struct json_writer *writer)
{
    json_object_begin(writer);
    json_member_int(writer, "line", failure->mark.line);
    json_member_int(writer, "column", failure->mark.column);
    json_member_text(writer, "text", failure->text);
    json_member_text(writer, "expected", failure->expected);
    json_member_text(writer, "got", failure->got);
    json_member_text(writer, "differs", failure->differs);
    json_object_end(writer);
}

static void write_failures(const struct rule_test_report *report, struct json_writer *writer)
{
    struct buffer text;

    buffer_init(&text, 0);
    test_report_text(report, &text);
    json_member_text(writer, "failure", buffer_slice(&text));
    buffer_free(&text);
    json_key(writer, "failures");
    json_array_begin(writer);
    for (size_t i = 0; i < report->n_failures; i++)
        write_failure(&report->failures[i], writer);
    json_array_end(writer);
}

void test_report_as_json(const struct rule_test_report *report, int64_t took_us, struct buffer *out)
{
    struct json_writer writer = json_writer_to(out);

    json_object_begin(&writer);
    json_member_text(&writer, "file", report->mark.file);
    json_member_int(&writer, "line", report->mark.line);
    json_member_int(&writer, "column", report->mark.column);
    json_member_text(&writer, "name", report->name);
    json_member_bool(&writer, "passed", report->passed);
    json_key(&writer, "seconds");
    json_write_real(&writer, (double)took_us / 1000000);
    if (!report->passed)
        write_failures(report, &writer);
    json_object_end(&writer);
    buffer_add_text(out, "\n");
}
