#include "src/base/document.h"
#include "src/base/file.h"
#include "src/base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define FILE_MAX_BYTES ((size_t)1 << 20)
#define DEPTH_MAX 16

struct reader {
    yaml_parser_t parser;
    struct slice file;
    struct slice text;
    struct arena *arena;
    struct problems *problems;
    bool has_problem;
    bool is_cut; /* something is not in the tree as it was meant */
    /* Start of a line of `text`, from which the next mark is looked for: marks mostly ascend. */
    size_t line_start;
    uint32_t line;
};

/* --- marks and problems --- */

/* Moves to the start of the next line; false at the end of the text. CR, LF and CR LF end a line, as for libyaml. */
static bool next_line(struct reader *reader)
{
    for (size_t at = reader->line_start; at < reader->text.len; at++) {
        char byte = reader->text.ptr[at];

        if (byte == '\r' && at + 1 < reader->text.len && reader->text.ptr[at + 1] == '\n')
            continue;
        if (byte == '\n' || byte == '\r') {
            reader->line_start = at + 1;
            reader->line++;
            return true;
        }
    }
    return false;
}

/* Where it is in the text. libyaml counts from 0, and columns in characters. */
static size_t offset_of(struct reader *reader, yaml_mark_t where)
{
    size_t at;

    if (where.line + 1 < reader->line) {
        reader->line = 1;
        reader->line_start = 0;
    }
    while (where.line + 1 > reader->line && next_line(reader))
        ;
    at = reader->line_start;
    for (size_t i = 0; i < where.column && at < reader->text.len; i++)
        at += utf8_char_len(reader->text.ptr + at, reader->text.len - at, NULL);
    return at;
}

static struct mark mark_at(struct reader *reader, yaml_mark_t where)
{
    size_t at = offset_of(reader, where);

    return (struct mark){ .file = reader->file,
                          .line = (uint32_t)where.line + 1,
                          .column = (uint32_t)(at - reader->line_start) + 1 };
}

__attribute__((format(printf, 3, 4))) static void add_problem(struct reader *reader,
                                                              struct mark mark, const char *format,
                                                              ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    problems_add(reader->problems, PROBLEM_ERROR, mark.file, mark.line, mark.column, "%s", text);
    reader->has_problem = true;
}

/* --- before parsing: the bytes --- */

/* Characters that libyaml refuses, or counts as ends of lines where an editor does not. */
static bool is_allowed(uint32_t code_point)
{
    if (code_point < 0x20)
        return code_point == '\t' || code_point == '\n' || code_point == '\r';
    return (code_point < 0x7f || code_point >= 0xa0) && code_point != 0x2028 &&
           code_point != 0x2029 && code_point != 0xfeff;
}

static struct mark mark_of_offset(struct reader *reader, size_t offset)
{
    struct mark mark = { .file = reader->file };
    size_t before;

    reader->line = 1;
    reader->line_start = 0;
    do {
        before = reader->line_start;
        mark.line = reader->line;
    } while (next_line(reader) && reader->line_start <= offset);
    mark.column = (uint32_t)(offset - before) + 1;
    reader->line = 1;
    reader->line_start = 0;
    return mark;
}

static enum rc check_characters(struct reader *reader)
{
    size_t at = 0;

    while (at < reader->text.len) {
        uint32_t code_point = 0;
        size_t len = utf8_char_len(reader->text.ptr + at, reader->text.len - at, &code_point);

        if (len == 0) {
            add_problem(reader, mark_of_offset(reader, at), "byte 0x%02x is not UTF-8",
                        (unsigned)(uint8_t)reader->text.ptr[at]);
            return RC_INVALID;
        }
        if (!is_allowed(code_point)) {
            add_problem(reader, mark_of_offset(reader, at),
                        "control character U+%04X is not allowed", (unsigned)code_point);
            return RC_INVALID;
        }
        at += len;
    }
    return RC_OK;
}

/* --- libyaml's messages in our words --- */

struct translation {
    const char *context, *problem; /* what libyaml says, or the start of it; NULL: anything */
    const char *text;              /* ours, up to the place of the context */
    const char *after;             /* behind that place; NULL: no place in it */
    bool at_context;               /* what to repair stands where the context began */
};

static const struct translation translations[] = {
    { .context = "while scanning a quoted scalar",
      .problem = "found unexpected",
      .text = "the quote opened at ",
      .after = " is never closed",
      .at_context = true },
    { .context = "while scanning a simple key",
      .text = "a `:` is missing after the text at ",
      .after = " (a member is `name: value`)",
      .at_context = true },
    { .problem = "mapping values are not allowed",
      .text =
          "a `:` is not expected here: quote the text, or indent the member like its neighbours" },
    { .problem = "found character that cannot start any token",
      .text = "a value cannot start with this character (tab, @, ` or %): quote it; indent with "
              "blanks, not tabs" },
    { .context = "while parsing a block mapping",
      .text = "in the map that begins at ",
      .after = " another member was expected here: look at the indentation and the quotes" },
    { .context = "while parsing a block collection",
      .text = "in the list that begins at ",
      .after = " another `- ` was expected here: look at the indentation" },
    { .context = "while parsing a flow sequence",
      .text = "the list opened at ",
      .after = " needs a `,` or `]` here" },
    { .context = "while parsing a flow mapping",
      .text = "the map opened at ",
      .after = " needs a `,` or `}` here" },
    { .problem = "block sequence entries are not allowed",
      .text = "a `- ` is not expected here: indent the items of a list alike, each on its line" },
    { .context = "while parsing a quoted scalar",
      .text = "the double quotes opened at ",
      .after = " hold an unknown escape: patterns and backslashes stand in single quotes" },
    { .context = "while scanning an alias",
      .text = "`*` begins an alias, and aliases are refused: quote the text",
      .at_context = true },
    { .context = "while scanning an anchor",
      .text = "`&` begins an anchor, and anchors are refused: quote the text",
      .at_context = true },
    { .context = "while scanning a tag",
      .text = "`!` begins a tag, and tags are refused: quote the text",
      .at_context = true },
    { .context = "while scanning a block scalar",
      .text = "the block of text that begins at ",
      .after = " breaks here: indent it with blanks; behind its `|` or `>` stands nothing" },
    { .problem = "did not find expected node content", .text = "a value was expected here" },
    { .problem = "did not find expected <document start>",
      .text = "the document has ended before this: a file holds one document" },
};

static bool begins_with(const char *text, const char *start)
{
    return !start || (text && strncmp(text, start, strlen(start)) == 0);
}

static const struct translation *find_translation(const yaml_parser_t *parser)
{
    for (size_t i = 0; i < sizeof translations / sizeof *translations; i++)
        if (begins_with(parser->context, translations[i].context) &&
            begins_with(parser->problem, translations[i].problem))
            return &translations[i];
    return NULL;
}

/* Where a path with an index ends that begins at `at`: behind the last `]` that is its own. */
static size_t end_of_path(struct slice text, size_t at)
{
    size_t n_open = 0;

    for (; at < text.len; at++) {
        if (text.ptr[at] == ']' && !n_open)
            break;
        n_open += text.ptr[at] == '[';
        n_open -= text.ptr[at] == ']';
        if (!n_open && text.ptr[at] != ']' && memchr(" \t\n{},:", text.ptr[at], 8))
            break;
    }
    return at;
}

/* Of a path whose `[` begins a list for YAML, as in `{data.x[0]: a}`: what to do. Else nothing. */
static void advise_quotes(const struct reader *reader, size_t at, struct buffer *advice)
{
    struct slice text = reader->text;
    size_t begin, end;

    if (at && at < text.len && text.ptr[at] == '*')
        at--;
    if (at >= text.len || text.ptr[at] != '[')
        return;
    for (begin = at; begin && !memchr(" \t\n{}[],:\"'", text.ptr[begin - 1], 11);)
        begin--;
    end = end_of_path(text, begin);
    if (begin < at && end - begin <= 80)
        buffer_format(advice, "; a path with `[` stands in quotes inside {} and []: '%.*s'",
                      (int)(end - begin), text.ptr + begin);
}

static enum rc refuse_syntax(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    const struct translation *translation = find_translation(parser);
    struct mark context = mark_at(reader, parser->context_mark);
    struct mark mark = mark_at(reader, parser->problem_mark);
    struct buffer advice;

    if (parser->error == YAML_MEMORY_ERROR)
        return RC_NO_MEMORY;
    if (!translation) {
        add_problem(reader, mark, "not YAML: %s", parser->problem ? parser->problem : "unreadable");
        return RC_INVALID;
    }
    if (translation->at_context)
        mark = context;
    buffer_init(&advice, 0);
    advise_quotes(
        reader,
        offset_of(reader, translation->at_context ? parser->context_mark : parser->problem_mark),
        &advice);
    buffer_add_byte(&advice, '\0');
    if (translation->after)
        add_problem(reader, mark, "%s%u:%u%s%s", translation->text, context.line, context.column,
                    translation->after, advice.failed ? "" : advice.ptr);
    else
        add_problem(reader, mark, "%s%s", translation->text, advice.failed ? "" : advice.ptr);
    buffer_free(&advice);
    return RC_INVALID;
}

/* --- events to nodes --- */

static enum rc next_event(struct reader *reader, yaml_event_t *event)
{
    return yaml_parser_parse(&reader->parser, event) ? RC_OK : refuse_syntax(reader);
}

/* What every value may have in YAML and none may have here. Goes on after it, so that one run shows all. */
static void refuse_decoration(struct reader *reader, struct mark mark, const yaml_char_t *anchor,
                              const yaml_char_t *tag)
{
    if (anchor)
        add_problem(reader, mark, "anchors (&) are refused: quote the text, or write it out");
    if (tag)
        add_problem(reader, mark, "tags (!) are refused: quote the text");
}

static enum node_style style_of(int style)
{
    switch (style) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE:
        return NODE_SINGLE_QUOTED;
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
        return NODE_DOUBLE_QUOTED;
    case YAML_LITERAL_SCALAR_STYLE:
    case YAML_FOLDED_SCALAR_STYLE:
        return NODE_BLOCK;
    default:
        return NODE_PLAIN;
    }
}

static bool is_null_word(struct slice text)
{
    return text.len == 0 || slice_eq(text, SLICE("null")) || slice_eq(text, SLICE("~"));
}

/* Double quotes can make any character: `\b` is a backspace there. Line ends and tabs are text. */
static bool is_bad_control(char byte)
{
    return byte == 0x7f || ((uint8_t)byte < 0x20 && byte != '\n' && byte != '\t');
}

static bool has_bad_control(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (is_bad_control(text.ptr[i]))
            return true;
    return false;
}

/* What has been told once: whoever reads on finds nothing wrong with it. */
static enum rc without_controls(struct arena *arena, struct slice *text)
{
    char *copy = arena_alloc(arena, text->len + 1, 1);

    if (!copy)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < text->len; i++)
        copy[i] = is_bad_control(text->ptr[i]) ? ' ' : text->ptr[i];
    *text = (struct slice){ copy, text->len };
    return RC_OK;
}

/* Is each byte of the text one of `raw`, between quotes if any? Not where quotes are doubled, escapes stand, lines are folded or indented. */
static bool is_written_plainly(const yaml_event_t *event, const struct node *scalar,
                               struct slice raw)
{
    size_t n_quotes = scalar->style == NODE_PLAIN ? 0 : 2;

    return event->start_mark.line == event->end_mark.line && scalar->style != NODE_BLOCK &&
           raw.len == scalar->text.len + n_quotes;
}

static enum rc keep_raw(struct reader *reader, const yaml_event_t *event, struct node *scalar)
{
    size_t start = offset_of(reader, event->start_mark);
    size_t end = offset_of(reader, event->end_mark);
    struct slice raw = { reader->text.ptr + start, end - start };

    if (is_written_plainly(event, scalar, raw))
        return RC_OK;
    return arena_copy(reader->arena, raw, &scalar->raw);
}

static enum rc read_scalar(struct reader *reader, const yaml_event_t *event, struct node *node)
{
    struct slice value = { (const char *)event->data.scalar.value, event->data.scalar.length };
    enum rc rc;

    refuse_decoration(reader, node->mark, event->data.scalar.anchor, event->data.scalar.tag);
    rc = arena_copy(reader->arena, value, &node->text);
    if (rc)
        return rc;
    node->type = NODE_SCALAR;
    node->style = style_of((int)event->data.scalar.style);
    node->is_null = node->style == NODE_PLAIN && is_null_word(node->text);
    rc = keep_raw(reader, event, node);
    if (rc)
        return rc;
    if (!has_bad_control(node->text))
        return RC_OK;
    add_problem(reader, node->mark,
                "a control character in the text: double quotes turn \\b and the like into "
                "one; use single quotes");
    return without_controls(reader->arena, &node->text);
}

static enum rc read_node(struct reader *reader, yaml_event_t *event, unsigned depth,
                         struct node **node);

static enum rc read_list(struct reader *reader, unsigned depth, struct node *node)
{
    node->type = NODE_LIST;
    for (;;) {
        yaml_event_t event;
        struct node **items;
        enum rc rc = next_event(reader, &event);

        if (rc)
            return rc;
        if (event.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete(&event);
            return RC_OK;
        }
        items = arena_grow(reader->arena, node->items, node->n_items, sizeof(*items));
        if (!items) {
            yaml_event_delete(&event);
            return RC_NO_MEMORY;
        }
        node->items = items;
        rc = read_node(reader, &event, depth, &items[node->n_items]);
        if (rc)
            return rc;
        node->n_items++;
    }
}

/* Sorted, because a map of a hostile file may have 100,000 members. */
static enum rc refuse_doubles(struct reader *reader, const struct node *map)
{
    const struct node_pair **sorted = arena_alloc(reader->arena, map->n_pairs, sizeof(*sorted));

    if (!sorted)
        return RC_NO_MEMORY;
    node_sort_pairs(map, sorted);
    for (size_t i = 1; i < map->n_pairs; i++)
        if (slice_eq(sorted[i - 1]->key, sorted[i]->key))
            add_problem(reader, sorted[i]->key_mark, "`%.80s` stands twice here; first at %u:%u",
                        sorted[i]->key.ptr, sorted[i - 1]->key_mark.line,
                        sorted[i - 1]->key_mark.column);
    return RC_OK;
}

static enum rc read_key(struct reader *reader, yaml_event_t *event, unsigned depth,
                        struct node_pair *pair)
{
    struct node *key;
    enum rc rc = read_node(reader, event, depth, &key);

    if (rc)
        return rc;
    pair->key = key->text;
    pair->key_mark = key->mark;
    if (key->type != NODE_SCALAR) {
        add_problem(reader, key->mark, "a name must be text, not %s: quote `{{names}}`",
                    node_type_text(key));
        pair->key = SLICE("");
        return RC_INVALID;
    }
    if (key->text.len == 0) {
        add_problem(reader, key->mark, "a name is missing before the `:`");
        reader->is_cut = true;
    }
    return RC_OK;
}

static enum rc read_pair(struct reader *reader, yaml_event_t *event, unsigned depth,
                         struct node_pair *pair)
{
    yaml_event_t value;
    enum rc rc = read_key(reader, event, depth, pair);

    if (rc == RC_OK)
        rc = next_event(reader, &value);
    if (rc == RC_OK)
        rc = read_node(reader, &value, depth, &pair->value);
    return rc;
}

static enum rc read_map(struct reader *reader, unsigned depth, struct node *node)
{
    node->type = NODE_MAP;
    for (;;) {
        yaml_event_t event;
        struct node_pair *pairs;
        enum rc rc = next_event(reader, &event);

        if (rc)
            return rc;
        if (event.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&event);
            return refuse_doubles(reader, node);
        }
        pairs = arena_grow(reader->arena, node->pairs, node->n_pairs, sizeof(*pairs));
        if (!pairs) {
            yaml_event_delete(&event);
            return RC_NO_MEMORY;
        }
        node->pairs = pairs;
        rc = read_pair(reader, &event, depth, &pairs[node->n_pairs]);
        if (rc)
            return rc;
        node->n_pairs++;
    }
}

static enum rc check_depth(struct reader *reader, unsigned depth, struct mark mark)
{
    if (depth <= DEPTH_MAX)
        return RC_OK;
    add_problem(reader, mark, "nested more than %d deep", DEPTH_MAX);
    return RC_INVALID;
}

/* Takes `event`. `depth` is the number of lists and maps around it. */
static enum rc read_node(struct reader *reader, yaml_event_t *event, unsigned depth,
                         struct node **node)
{
    struct node *made = arena_alloc(reader->arena, 1, sizeof(*made));
    enum rc rc = made ? RC_OK : RC_NO_MEMORY;

    if (rc)
        goto out;
    made->mark = mark_at(reader, event->start_mark);
    *node = made;
    switch ((int)event->type) {
    case YAML_SCALAR_EVENT:
        rc = read_scalar(reader, event, made);
        break;
    case YAML_SEQUENCE_START_EVENT:
        refuse_decoration(reader, made->mark, event->data.sequence_start.anchor,
                          event->data.sequence_start.tag);
        rc = check_depth(reader, depth + 1, made->mark);
        if (rc == RC_OK)
            rc = read_list(reader, depth + 1, made);
        break;
    case YAML_MAPPING_START_EVENT:
        refuse_decoration(reader, made->mark, event->data.mapping_start.anchor,
                          event->data.mapping_start.tag);
        rc = check_depth(reader, depth + 1, made->mark);
        if (rc == RC_OK)
            rc = read_map(reader, depth + 1, made);
        break;
    default: /* the only other event that can stand for a value */
        add_problem(reader, made->mark, "aliases (*) are refused: quote the text, or write it out");
        reader->is_cut = true;
        made->is_null = true;
        made->text = SLICE("");
        break;
    }
out:
    yaml_event_delete(event);
    return rc;
}

/* The one document between the start and the end of the stream. */
static enum rc read_document(struct reader *reader, struct node **root)
{
    bool has_root = false;
    bool is_end = false;
    enum rc rc = RC_OK;

    while (rc == RC_OK && !is_end) {
        yaml_event_t event;
        int type;

        rc = next_event(reader, &event);
        if (rc)
            return rc;
        type = (int)event.type;
        if (type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_END_EVENT ||
            (type == YAML_DOCUMENT_START_EVENT && !has_root)) {
            yaml_event_delete(&event);
        } else if (type == YAML_DOCUMENT_START_EVENT) {
            add_problem(reader, mark_at(reader, event.start_mark),
                        "a second document begins here: a file holds one");
            yaml_event_delete(&event);
            rc = RC_INVALID;
        } else if (type == YAML_STREAM_END_EVENT) {
            yaml_event_delete(&event);
            is_end = true;
        } else {
            rc = read_node(reader, &event, 0, root);
            has_root = true;
        }
    }
    return rc;
}

static enum rc empty_map(struct reader *reader, struct node **root)
{
    *root = arena_alloc(reader->arena, 1, sizeof(**root));
    if (!*root)
        return RC_NO_MEMORY;
    **root =
        (struct node){ .type = NODE_MAP, .mark = { .file = reader->file, .line = 1, .column = 1 } };
    return RC_OK;
}

static enum rc parse_text(struct reader *reader, struct node **root)
{
    enum rc rc;

    *root = NULL;
    if (!yaml_parser_initialize(&reader->parser))
        return RC_NO_MEMORY;
    yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader->parser, (const unsigned char *)reader->text.ptr,
                                 reader->text.len);
    rc = read_document(reader, root);
    yaml_parser_delete(&reader->parser);
    if (rc || reader->is_cut)
        *root = NULL;
    if (rc)
        return rc;
    if (reader->has_problem)
        return RC_INVALID;
    if (!*root || ((*root)->type == NODE_SCALAR && (*root)->is_null && (*root)->text.len == 0))
        return empty_map(reader, root);
    return RC_OK;
}

enum rc document_parse(struct slice file, struct slice text, struct arena *arena,
                       struct problems *problems, struct node **root)
{
    struct reader reader = { .file = file, .arena = arena, .problems = problems, .line = 1 };
    enum rc rc;

    *root = NULL;
    if (text.len > FILE_MAX_BYTES) {
        problems_add(problems, PROBLEM_ERROR, file, 0, 0, "the file is larger than 1 MiB");
        return RC_INVALID;
    }
    /* Some editors begin a file with a byte order mark. */
    if (slice_starts(text, SLICE("\xef\xbb\xbf")))
        text = (struct slice){ text.ptr + 3, text.len - 3 };
    reader.text = slice_is_absent(text) ? SLICE("") : text;
    rc = check_characters(&reader);
    if (rc)
        return rc;
    return parse_text(&reader, root);
}

enum rc document_load(const char *path, struct arena *arena, struct problems *problems,
                      struct node **root)
{
    struct slice file = slice_of(path);
    struct slice text;
    enum rc rc;

    errno = 0;
    rc = file_read(path, FILE_MAX_BYTES, arena, &text);
    if (rc == RC_LIMIT) {
        problems_add(problems, PROBLEM_ERROR, file, 0, 0, "the file is larger than 1 MiB");
        return RC_INVALID;
    }
    if (rc) {
        const char *why = errno ? strerrordesc_np(errno) : NULL;

        problems_add(problems, PROBLEM_ERROR, file, 0, 0, "cannot be read: %s",
                     why ? why : rc_text(rc));
        return rc;
    }
    rc = arena_copy(arena, file, &file);
    return rc ? rc : document_parse(file, text, arena, problems, root);
}
