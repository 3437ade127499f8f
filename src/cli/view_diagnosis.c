#include "src/cli/value.h"
#include "src/cli/views.h"

static void show_sentence(const char *indent, struct slice text, struct buffer *out)
{
    buffer_add_text(out, indent);
    show_text(out, text);
}

static void show_facts(const struct json *facts, struct buffer *out)
{
    for (const struct json *fact = json_first(facts); fact; fact = json_next(fact)) {
        show_sentence("  - ", value_text(fact, "text"), out);
        view_citations(json_get_text(fact, "evidence"), "", out);
        buffer_add_text(out, "\n");
    }
}

static void show_hypotheses(const struct json *hypotheses, struct buffer *out)
{
    for (const struct json *one = json_first(hypotheses); one; one = json_next(one)) {
        show_sentence("  ? ", value_text(one, "text"), out);
        show_sentence(": ", value_text(one, "result"), out);
        view_citations(json_get_text(one, "for"), "for ", out);
        view_citations(json_get_text(one, "against"), "against ", out);
        buffer_add_text(out, "\n");
    }
}

static void show_conclusion(const struct json *conclusion, struct buffer *out)
{
    struct slice text = value_text(conclusion, "text");
    struct slice boundary = value_text(conclusion, "boundary");
    double confidence = 0;

    if (text.len) {
        show_sentence("  So: ", text, out);
        if (!json_number(json_get_text(conclusion, "confidence"), &confidence) && confidence > 0)
            buffer_format(out, " (confidence %.0f %%)", 100 * confidence);
        buffer_add_text(out, "\n");
    }
    if (boundary.len) {
        show_sentence("  Not claimed: ", boundary, out);
        buffer_add_text(out, "\n");
    }
}

void view_diagnosis(const struct screen *screen, const struct json *diagnosis, struct buffer *out)
{
    const struct json *gaps = json_get_text(diagnosis, "proof_gaps");
    struct slice next = value_text(diagnosis, "next_evidence");

    if (!value_text(diagnosis, "status").len)
        return;
    view_heading(screen, "Diagnosis", out);
    show_sentence("  ", value_text(diagnosis, "status"), out);
    show_sentence(", by ", value_text(diagnosis, "by"), out);
    buffer_add_text(out, "\n");
    show_block(out, "  ", value_text(diagnosis, "summary"), 0);
    show_facts(json_get_text(diagnosis, "facts"), out);
    show_hypotheses(json_get_text(diagnosis, "hypotheses"), out);
    show_conclusion(json_get_text(diagnosis, "conclusion"), out);
    if (json_first(gaps)) {
        buffer_add_text(out, "  Not known: ");
        value_show_list(gaps, "; ", out);
        buffer_add_text(out, "\n");
    }
    if (next.len) {
        show_sentence("  Would tell more: ", next, out);
        buffer_add_text(out, "\n");
    }
}

static void show_evidence_head(const struct screen *screen, const struct json *evidence,
                               struct buffer *out)
{
    struct slice source = value_text(evidence, "source");
    struct slice error = value_text(evidence, "error");

    buffer_add_text(out, "  ");
    show_colour(screen, out, COLOUR_STRONG);
    show_text(out, value_text(evidence, "id"));
    show_colour(screen, out, COLOUR_NONE);
    show_sentence(" ", value_text(evidence, "kind"), out);
    if (source.len)
        show_sentence(", ", source, out);
    if (!slice_eq(value_text(evidence, "state"), SLICE("held")))
        show_sentence(": ", value_text(evidence, "state"), out);
    if (error.len)
        show_sentence(": ", error, out);
    buffer_add_text(out, "\n");
}

void view_evidence(const struct screen *screen, const struct json *evidence, size_t max_lines,
                   struct buffer *out)
{
    if (!json_first(evidence))
        return;
    view_heading(screen, "Evidence", out);
    for (const struct json *one = json_first(evidence); one; one = json_next(one)) {
        show_evidence_head(screen, one, out);
        show_block(out, "     | ", value_text(one, "text"), max_lines);
    }
}
