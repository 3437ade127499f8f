#include "src/base/document.h"

#include <string.h>

/* On its way through a scalar as the file has it. */
struct place {
    const struct node *scalar;
    size_t at; /* in its raw bytes */
    struct mark mark;
};

static char raw_at(const struct place *place, size_t at)
{
    return at < place->scalar->raw.len ? place->scalar->raw.ptr[at] : '\0';
}

static bool is_at_end(const struct place *place)
{
    return place->at >= place->scalar->raw.len;
}

static void step(struct place *place, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes && !is_at_end(place); i++) {
        bool ends_line = raw_at(place, place->at++) == '\n';

        place->mark.line += ends_line;
        place->mark.column = ends_line ? 1 : place->mark.column + 1;
    }
}

/* The quote, or the line of a block's indicators. */
static void step_in(struct place *place)
{
    if (place->scalar->style == NODE_SINGLE_QUOTED || place->scalar->style == NODE_DOUBLE_QUOTED)
        step(place, 1);
    while (place->scalar->style == NODE_BLOCK && !is_at_end(place) &&
           raw_at(place, place->at) != '\n')
        step(place, 1);
}

static bool is_escape(const struct place *place)
{
    return place->scalar->style == NODE_DOUBLE_QUOTED && raw_at(place, place->at) == '\\';
}

/* How many raw bytes make the one byte of text here; 0 where that cannot be told. */
static size_t written_bytes(const struct place *place)
{
    if (is_escape(place))
        return strchr("xuUN_LP", raw_at(place, place->at + 1)) ? 0 : 2;
    return place->scalar->style == NODE_SINGLE_QUOTED && raw_at(place, place->at) == '\'' ? 2 : 1;
}

static bool is_layout(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* An end of line that says nothing: behind a backslash in double quotes. */
static bool is_joined_line(const struct place *place)
{
    char next = raw_at(place, place->at + 1);

    return is_escape(place) && (next == '\n' || next == '\r');
}

/* Moves over what is layout to where `byte` of the text stands; a blank may stand for an end of line, and nowhere itself. */
static void step_to(struct place *place, char byte)
{
    while (!is_at_end(place)) {
        char here = raw_at(place, place->at);

        if (is_joined_line(place))
            step(place, 1);
        else if (here == byte || !is_layout(here))
            return;
        step(place, 1);
    }
}

struct mark mark_inside(const struct node *scalar, size_t offset)
{
    struct place place = { .scalar = scalar, .mark = scalar->mark };

    if (slice_is_absent(scalar->raw)) {
        place.mark.column += (uint32_t)offset + (scalar->style == NODE_PLAIN ? 0 : 1);
        return place.mark;
    }
    step_in(&place);
    for (size_t i = 0; i < scalar->text.len; i++) {
        char byte = scalar->text.ptr[i];

        step_to(&place, byte);
        if (i == offset)
            return place.mark;
        if (is_layout(byte) && raw_at(&place, place.at) != byte && !is_escape(&place))
            continue;
        if (!written_bytes(&place))
            return scalar->mark;
        step(&place, written_bytes(&place));
    }
    return place.mark;
}
