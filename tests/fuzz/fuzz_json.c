/* What the scan accepts, cJSON can read, nothing of it is changed, and what is written of it is accepted again. */
#include "tests/fuzz/fuzz.h"

static void write_tree(const struct json *tree, struct buffer *out)
{
    struct json_writer writer = json_writer_to(out);

    buffer_init(out, 0);
    json_write_node(&writer, tree);
    CLAIM(buffer_rc(out) == RC_OK);
}

/* Numbers stand in the output as they stood in the input, digit by digit. */
static struct slice cut_number(struct slice *rest)
{
    static const char number[] = "+-.0123456789eE";
    const char *start;
    bool in_text = false;

    for (; rest->len; rest->ptr++, rest->len--) {
        if (*rest->ptr == '"')
            in_text = !in_text;
        else if (in_text && *rest->ptr == '\\')
            rest->ptr++, rest->len--;
        else if (!in_text && memchr("-0123456789", *rest->ptr, 11))
            break;
    }
    for (start = rest->ptr; rest->len && memchr(number, *rest->ptr, sizeof(number) - 1);)
        rest->ptr++, rest->len--;
    return (struct slice){ .ptr = start, .len = (size_t)(rest->ptr - start) };
}

static void claim_same_numbers(struct slice before, struct slice after)
{
    struct slice number;

    do {
        number = cut_number(&before);
        CLAIM(slice_eq(number, cut_number(&after)));
    } while (number.len);
}

static void claim_sound(const struct json *node)
{
    struct slice text = json_text(node);
    char room[JSON_NUMBER_TEXT_BYTES];
    int64_t number, same;

    if (json_type_of(node) == JSON_STRING)
        CLAIM(slice_is_utf8(text) && slice_eq(text, json_string(node)));
    if (json_type_of(node) == JSON_NUMBER && !slice_to_int(json_number_written(node), &number))
        CLAIM(json_int(node, &same) == RC_OK && same == number);
    if (json_type_of(node) == JSON_NUMBER)
        CLAIM(slice_eq(json_number_text(text, room), text));
    for (const struct json *item = json_first(node); item; item = json_next(item)) {
        if (json_type_of(node) == JSON_OBJECT)
            CLAIM(json_get(node, json_name(item)) == item);
        claim_sound(item);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = fuzz_input(data, size);
    struct json_fault scanned = { 0 }, parsed = { 0 };
    struct json *tree = NULL, *again = NULL;
    struct buffer first, second;
    enum rc rc = json_scan(text, JSON_LIMITS_DEFAULT, &scanned);

    CLAIM(json_parse(text, JSON_LIMITS_DEFAULT, &tree, &parsed) == rc);
    if (rc) {
        CLAIM(scanned.text && scanned.offset <= size && scanned.offset == parsed.offset);
        return 0;
    }
    claim_sound(tree);
    write_tree(tree, &first);
    claim_same_numbers(text, buffer_slice(&first));
    CLAIM(json_parse(buffer_slice(&first), JSON_LIMITS_DEFAULT, &again, &parsed) == RC_OK);
    write_tree(again, &second);
    CLAIM(slice_eq(buffer_slice(&first), buffer_slice(&second)));
    buffer_free(&first);
    buffer_free(&second);
    json_free(tree);
    json_free(again);
    return 0;
}
