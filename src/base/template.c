#include "src/base/template.h"
#include "src/base/clock.h"
#include "src/base/utf8.h"

#include <string.h>

#define NAMES_MAX 64
#define FILTERS_MAX 4
#define TRUNCATE_MAX 100000

struct filter {
    struct filter *next;
    const struct filter_type *type;
    struct slice text; /* argument of `default` */
    size_t n_chars;    /* argument of `truncate` */
};

struct filter_type {
    const char *name;
    bool has_argument;
    /* Static text of what is wrong with the argument, or NULL. */
    const char *(*read_argument)(struct filter *filter, struct slice argument);
    /* Writes what becomes of a value; NULL for `default`, which acts on an absent one. */
    void (*apply)(const struct filter *filter, struct slice value, int64_t now_ms,
                  struct buffer *out);
};

/* Literal text, then a name (absent in the last piece). */
struct piece {
    struct slice literal;
    struct slice name;
    struct filter *filters; /* in their order */
    size_t n_filters;
};

struct template
{
    struct slice source;
    struct piece *pieces;
    size_t n_pieces; /* names, and one for the text behind the last */
};

/* -- filters -- */

static const char *read_default(struct filter *filter, struct slice argument)
{
    filter->text = argument;
    return NULL;
}

static const char *read_truncate(struct filter *filter, struct slice argument)
{
    int64_t n_chars;

    if (slice_to_int(argument, &n_chars) != RC_OK || n_chars < 1 || n_chars > TRUNCATE_MAX)
        return "truncate needs a number of characters, from 1 to 100000";
    filter->n_chars = (size_t)n_chars;
    return NULL;
}

static void apply_json(const struct filter *filter, struct slice value, int64_t now_ms,
                       struct buffer *out)
{
    struct json_writer writer = json_writer_to(out);

    (void)filter;
    (void)now_ms;
    json_write_text(&writer, value);
}

static void apply_truncate(const struct filter *filter, struct slice value, int64_t now_ms,
                           struct buffer *out)
{
    size_t at = 0;

    (void)now_ms;
    for (size_t i = 0; i < filter->n_chars && at < value.len; i++) {
        size_t len = utf8_char_len(value.ptr + at, value.len - at, NULL);

        at += len ? len : 1;
    }
    buffer_add(out, (struct slice){ value.ptr, at });
    if (at < value.len)
        buffer_add(out, SLICE("…"));
}

/* ASCII letters only: what other letters become depends on a language that nobody told us. */
static void apply_case(struct slice value, char first, char last, struct buffer *out)
{
    for (size_t i = 0; i < value.len; i++) {
        char byte = value.ptr[i];

        buffer_add_byte(out, byte >= first && byte <= last ? (char)(byte ^ 0x20) : byte);
    }
}

static void apply_upper(const struct filter *filter, struct slice value, int64_t now_ms,
                        struct buffer *out)
{
    (void)filter;
    (void)now_ms;
    apply_case(value, 'a', 'z', out);
}

static void apply_lower(const struct filter *filter, struct slice value, int64_t now_ms,
                        struct buffer *out)
{
    (void)filter;
    (void)now_ms;
    apply_case(value, 'A', 'Z', out);
}

/* What is not a time stays as it is. */
static void apply_ago(const struct filter *filter, struct slice value, int64_t now_ms,
                      struct buffer *out)
{
    char text[TIME_TEXT_BYTES];
    int64_t time_ms;

    (void)filter;
    if (time_parse(value, &time_ms) != RC_OK)
        buffer_add(out, value);
    else if (time_ms > now_ms)
        buffer_format(out, "in %s", duration_format_rough(time_ms - now_ms, text));
    else
        buffer_format(out, "%s ago", duration_format_rough(now_ms - time_ms, text));
}

static const struct filter_type filter_types[] = {
    { .name = "default", .has_argument = true, .read_argument = read_default },
    { .name = "json", .apply = apply_json },
    { .name = "truncate",
      .has_argument = true,
      .read_argument = read_truncate,
      .apply = apply_truncate },
    { .name = "upper", .apply = apply_upper },
    { .name = "lower", .apply = apply_lower },
    { .name = "ago", .apply = apply_ago },
};
static const char unknown_filter[] =
    "unknown filter; known: default: TEXT, json, truncate: N, upper, lower, ago";

static const struct filter_type *find_filter(struct slice name)
{
    for (size_t i = 0; i < sizeof filter_types / sizeof *filter_types; i++)
        if (slice_eq(name, slice_of(filter_types[i].name)))
            return &filter_types[i];
    return NULL;
}

/* -- parsing -- */

struct reader {
    struct slice source;
    struct arena *arena;
    struct json_fault *fault;
};

static enum rc refuse(struct reader *reader, const char *at, const char *text)
{
    *reader->fault =
        (struct json_fault){ .offset = (size_t)(at - reader->source.ptr), .text = text };
    return RC_INVALID;
}

static struct filter *add_filter(struct reader *reader, struct piece *piece)
{
    struct filter *added = arena_alloc(reader->arena, 1, sizeof(*added));
    struct filter **end = &piece->filters;

    while (*end)
        end = &(*end)->next;
    *end = added;
    piece->n_filters++;
    return added;
}

/* "truncate: 80", "upper". */
static enum rc read_filter(struct reader *reader, struct slice text, struct piece *piece)
{
    struct slice rest = text;
    struct slice name = slice_trim(slice_cut(&rest, ':'));
    bool has_argument =
        name.ptr + name.len < text.ptr + text.len && memchr(text.ptr, ':', text.len) != NULL;
    const struct filter_type *type = find_filter(name);
    struct filter *filter;
    const char *wrong;

    if (!type)
        return refuse(reader, name.ptr, unknown_filter);
    if (piece->n_filters == FILTERS_MAX)
        return refuse(reader, name.ptr, "a name has at most 4 filters");
    if (has_argument != type->has_argument)
        return refuse(reader, name.ptr,
                      has_argument ? "this filter takes no argument"
                                   : "this filter needs an argument: default: TEXT, truncate: N");
    filter = add_filter(reader, piece);
    if (!filter)
        return RC_NO_MEMORY;
    filter->type = type;
    wrong = type->read_argument ? type->read_argument(filter, slice_trim(rest)) : NULL;
    if (wrong)
        return refuse(reader, name.ptr, wrong);
    return RC_OK;
}

/* Names are paths: `branch`, `first.branch`, `data["odd key"]`. */
static enum rc check_name(struct reader *reader, struct slice name)
{
    struct json_path *path;
    enum rc rc = json_path_parse(name, reader->arena, &path, reader->fault);

    if (rc == RC_INVALID)
        reader->fault->offset += (size_t)(name.ptr - reader->source.ptr);
    return rc;
}

/* The end of what starts at `at`: the first `sign` outside of double quotes, or the end of the text. */
static const char *find_sign(const char *at, const char *end, struct slice sign)
{
    bool is_quoted = false;

    for (; at < end; at++) {
        if (*at == '"')
            is_quoted = !is_quoted;
        if (!is_quoted && slice_starts((struct slice){ at, (size_t)(end - at) }, sign))
            return at;
    }
    return end;
}

/* What stands between {{ and }}. */
static enum rc read_inside(struct reader *reader, struct slice inside, struct piece *piece)
{
    const char *end = inside.ptr + inside.len;
    const char *bar = find_sign(inside.ptr, end, SLICE("|"));
    enum rc rc;

    piece->name = slice_trim((struct slice){ inside.ptr, (size_t)(bar - inside.ptr) });
    rc = check_name(reader, piece->name);
    while (rc == RC_OK && bar < end) {
        const char *start = bar + 1;
        struct slice filter;

        bar = find_sign(start, end, SLICE("|"));
        filter = (struct slice){ start, (size_t)(bar - start) };
        rc = read_filter(reader, filter, piece);
    }
    return rc;
}

/* Literal text and the name behind it; moves `rest` behind both. */
static enum rc read_piece(struct reader *reader, struct slice *rest, struct piece *piece)
{
    const char *end = rest->ptr + rest->len;
    const char *close;
    size_t open;

    if (slice_find(*rest, SLICE("{{"), &open) != RC_OK) {
        piece->literal = *rest;
        *rest = (struct slice){ end, 0 };
        return RC_OK;
    }
    piece->literal = (struct slice){ rest->ptr, open };
    close = find_sign(rest->ptr + open + 2, end, SLICE("}}"));
    if (close == end)
        return refuse(reader, rest->ptr + open, "this {{ is never closed by }}");
    *rest = (struct slice){ close + 2, (size_t)(end - close - 2) };
    open += (size_t)(piece->literal.ptr - reader->source.ptr) + 2;
    return read_inside(
        reader,
        (struct slice){ reader->source.ptr + open, (size_t)(close - reader->source.ptr) - open },
        piece);
}

/* Every {{ there is: at least as many as there are names. */
static size_t count_openings(struct slice text)
{
    size_t n = 0;
    size_t at;

    while (slice_find(text, SLICE("{{"), &at) == RC_OK) {
        text = (struct slice){ text.ptr + at + 2, text.len - at - 2 };
        n++;
    }
    return n;
}

static enum rc read_pieces(struct reader *reader, struct template *template)
{
    struct slice rest = reader->source;
    enum rc rc = RC_OK;

    do {
        rc = read_piece(reader, &rest, &template->pieces[template->n_pieces++]);
    } while (rc == RC_OK && rest.len);
    return rc;
}

enum rc template_parse(struct slice text, struct arena *arena, struct template **template,
                       struct json_fault *fault)
{
    struct reader reader = { .arena = arena, .fault = fault };
    struct template *made = arena_alloc(arena, 1, sizeof(*made));
    size_t n_openings = count_openings(text);
    enum rc rc;

    *fault = (struct json_fault){ .text = "out of memory" };
    if (!made)
        return RC_NO_MEMORY;
    rc = arena_copy(arena, slice_is_absent(text) ? SLICE("") : text, &reader.source);
    if (rc)
        return rc;
    if (n_openings > NAMES_MAX)
        return refuse(&reader, reader.source.ptr, "a template has at most 64 names");
    made->source = reader.source;
    made->pieces = arena_alloc(arena, n_openings + 1, sizeof(*made->pieces));
    if (!made->pieces)
        return RC_NO_MEMORY;
    rc = read_pieces(&reader, made);
    if (rc == RC_OK)
        *template = made;
    return rc;
}

/* -- rendering -- */

/* The value through all filters but `default`; each reads what the one before wrote. */
static void add_filtered(const struct piece *piece, struct slice value, int64_t now_ms,
                         struct buffer *out)
{
    struct buffer steps[2];
    size_t turn = 0;

    buffer_init(&steps[0], 0);
    buffer_init(&steps[1], 0);
    for (const struct filter *filter = piece->filters; filter; filter = filter->next) {
        if (!filter->type->apply)
            continue;
        buffer_clear(&steps[turn]);
        filter->type->apply(filter, value, now_ms, &steps[turn]);
        out->failed |= steps[turn].failed;
        value = buffer_slice(&steps[turn]);
        turn = 1 - turn;
    }
    buffer_add(out, value);
    buffer_free(&steps[0]);
    buffer_free(&steps[1]);
}

static struct slice default_of(const struct piece *piece)
{
    for (const struct filter *filter = piece->filters; filter; filter = filter->next)
        if (!filter->type->apply)
            return filter->text;
    return (struct slice){ 0 };
}

static void add_value(const struct piece *piece, const struct template_values *values,
                      struct buffer *out, struct slice *missing)
{
    struct slice value = values->get(values->context, piece->name);

    if (slice_is_absent(value))
        value = default_of(piece);
    if (!slice_is_absent(value))
        add_filtered(piece, value, values->now_ms, out);
    else if (missing && slice_is_absent(*missing))
        *missing = piece->name;
}

void template_render(const struct template *template, const struct template_values *values,
                     struct buffer *out, struct slice *missing)
{
    if (missing)
        *missing = (struct slice){ 0 };
    for (size_t i = 0; i < template->n_pieces; i++) {
        const struct piece *piece = &template->pieces[i];

        buffer_add(out, piece->literal);
        if (!slice_is_absent(piece->name))
            add_value(piece, values, out, missing);
    }
}

struct slice template_name(const struct template *template, size_t i)
{
    return i < template->n_pieces ? template->pieces[i].name : (struct slice){ 0 };
}

struct slice template_source(const struct template *template)
{
    return template->source;
}
