#include "actions/json_body.h"

/* What one text with its values may come to. */
#define TEXT_MAX_BYTES ((size_t)64 << 10)

struct body_reader {
    const struct parameter_list *params;
    struct arena *arena;
    struct problems *problems;
    struct json_body *body;
    struct buffer literal; /* JSON since the last cut */
    struct json_writer writer;
};

static enum rc cut_piece(struct body_reader *reader, struct template *text)
{
    struct json_piece *piece = &reader->body->pieces[reader->body->n_pieces];
    enum rc rc = buffer_rc(&reader->literal);

    if (!rc)
        rc = arena_copy(reader->arena, buffer_slice(&reader->literal), &piece->json);
    if (rc)
        return rc;
    piece->text = text;
    reader->body->n_pieces++;
    buffer_clear(&reader->literal);
    return RC_OK;
}

static enum rc read_text(struct body_reader *reader, const struct node *node)
{
    struct template *text = NULL;
    enum rc rc = parameter_template(node, reader->params, reader->arena, reader->problems, &text);

    if (rc)
        return rc;
    if (slice_is_absent(template_name(text, 0))) {
        node_write_json(node, &reader->writer);
        return RC_OK;
    }
    if (reader->body->n_pieces + 1 == JSON_BODY_MAX_PIECES) {
        node_problem(reader->problems, node, "more than %d texts with parameters in one body",
                     JSON_BODY_MAX_PIECES - 1);
        return RC_INVALID;
    }
    json_write_raw(&reader->writer, SLICE("")); /* sets the comma that belongs before the text */
    return cut_piece(reader, text);
}

static enum rc read_node(struct body_reader *reader, const struct node *node);

static enum rc read_list(struct body_reader *reader, const struct node *node)
{
    json_array_begin(&reader->writer);
    for (size_t i = 0; i < node->n_items; i++) {
        enum rc rc = read_node(reader, node->items[i]);

        if (rc)
            return rc;
    }
    json_array_end(&reader->writer);
    return RC_OK;
}

static enum rc read_map(struct body_reader *reader, const struct node *node)
{
    json_object_begin(&reader->writer);
    for (size_t i = 0; i < node->n_pairs; i++) {
        const struct node_pair *pair = &node->pairs[i];
        size_t offset;
        enum rc rc;

        if (!slice_find(pair->key, SLICE("{{"), &offset)) {
            mark_problem(reader->problems, PROBLEM_ERROR, pair->key_mark,
                         "names in `json` are literal; parameters stand in its texts");
            return RC_INVALID;
        }
        json_key_slice(&reader->writer, pair->key);
        rc = read_node(reader, pair->value);
        if (rc)
            return rc;
    }
    json_object_end(&reader->writer);
    return RC_OK;
}

/* NOLINTNEXTLINE(misc-no-recursion): a document is at most 16 deep */
static enum rc read_node(struct body_reader *reader, const struct node *node)
{
    switch (node->type) {
    case NODE_LIST:
        return read_list(reader, node);
    case NODE_MAP:
        return read_map(reader, node);
    case NODE_SCALAR:
        break;
    }
    if (node->is_null) {
        json_write_null(&reader->writer);
        return RC_OK;
    }
    return read_text(reader, node);
}

enum rc json_body_load(const struct node *node, const struct parameter_list *params,
                       struct arena *arena, struct problems *problems, struct json_body *body)
{
    struct body_reader reader = {
        .params = params, .arena = arena, .problems = problems, .body = body
    };
    enum rc rc;

    body->pieces = arena_alloc(arena, JSON_BODY_MAX_PIECES, sizeof(*body->pieces));
    if (!body->pieces)
        return RC_NO_MEMORY;
    buffer_init(&reader.literal, 0);
    reader.writer = json_writer_to(&reader.literal);
    rc = read_node(&reader, node);
    if (!rc)
        rc = cut_piece(&reader, NULL);
    buffer_free(&reader.literal);
    return rc;
}

void json_body_write(const struct json_body *body, const struct parameter_values *values,
                     struct json_writer *writer)
{
    struct buffer text;

    buffer_init(&text, TEXT_MAX_BYTES);
    for (size_t i = 0; i < body->n_pieces; i++) {
        const struct json_piece *piece = &body->pieces[i];
        struct json_writer quoted = json_writer_to(writer->out);

        /* The pieces hold their own commas. */
        buffer_add(writer->out, piece->json);
        if (!piece->text)
            continue;
        buffer_clear(&text);
        parameter_template_render(piece->text, values, &text);
        if (text.failed)
            writer->out->failed = true;
        json_write_text(&quoted, buffer_slice(&text));
    }
    writer->needs_comma = true;
    buffer_free(&text);
}
