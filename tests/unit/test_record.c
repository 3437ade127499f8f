#include "src/store/record.h"

#include "src/store/proposals.h"
#include "src/store/signals.h"
#include "src/store/tasks.h"
#include "tests/unit/store_fixture.h"

static const char *const colour_names[] = { "red", "green", "blue", NULL };
enum colour { RED, GREEN, BLUE };

struct point {
    int64_t x;
    struct slice label;
};

struct thing {
    int64_t number;
    bool is_new;
    int64_t at_ms;
    double share;
    enum colour colour;
    struct slice text;
    struct slice_list texts;
    struct slice json;
    struct ulid id;
    struct ulid_list ids;
    struct slice bytes;
    struct point point;
    struct record_list points;
    int64_t hidden;
    struct slice digest;
    struct slice first_json;
};

#define AT(member) .offset = offsetof(struct point, member)
static const struct record_field point_fields[] = {
    { .tag = 1, .type = RECORD_INT, .name = "x", AT(x) },
    { .tag = 2, .type = RECORD_TEXT, .name = "label", AT(label) },
};
#undef AT
static const struct record_shape point_shape = RECORD_SHAPE(point, point_fields);

#define AT(member) .offset = offsetof(struct thing, member)
static const struct record_field thing_fields[] = {
    { .tag = 1, .type = RECORD_INT, .name = "number", AT(number) },
    { .tag = 2, .type = RECORD_BOOL, .name = "new", AT(is_new) },
    { .tag = 3, .type = RECORD_TIME, .name = "at", AT(at_ms) },
    { .tag = 4, .type = RECORD_REAL, .name = "share", AT(share) },
    { .tag = 5, .type = RECORD_ENUM, .name = "colour", .names = colour_names, AT(colour) },
    { .tag = 6, .type = RECORD_TEXT, .name = "text", AT(text) },
    { .tag = 7, .type = RECORD_TEXTS, .name = "texts", AT(texts) },
    { .tag = 8, .type = RECORD_JSON, .name = "json", AT(json) },
    { .tag = 9, .type = RECORD_ID, .name = "id", .prefix = "evt_", AT(id) },
    { .tag = 10, .type = RECORD_IDS, .name = "ids", .prefix = "sig_", AT(ids) },
    { .tag = 11, .type = RECORD_BYTES, .name = "bytes", AT(bytes) },
    { .tag = 12, .type = RECORD_STRUCT, .name = "point", .shape = &point_shape, AT(point) },
    { .tag = 13, .type = RECORD_LIST, .name = "points", .shape = &point_shape, AT(points) },
    { .tag = 14, .type = RECORD_INT, AT(hidden) },
    { .tag = 15, .type = RECORD_HEX, .name = "digest", AT(digest) },
    { .tag = 16,
      .type = RECORD_JSON,
      .name = "first_json",
      .same_as = offsetof(struct thing, json),
      AT(first_json) },
};
static const struct record_shape thing_shape = RECORD_SHAPE(thing, thing_fields);
/* An older version, that knew less. */
static const struct record_field older_fields[] = {
    { .tag = 6, .type = RECORD_TEXT, .name = "text", AT(text) },
};
static const struct record_shape older_shape = RECORD_SHAPE(thing, older_fields);
#undef AT

static struct arena *arena;
static struct buffer bytes;

static int set_up(void **state)
{
    (void)state;
    buffer_init(&bytes, 0);
    return digest_init() || arena_new((size_t)16 << 20, &arena) ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    buffer_free(&bytes);
    arena_free(arena);
    return 0;
}

/* Everything filled in. Static, for it is only read. */
static struct thing full_thing(void)
{
    static struct slice texts[] = { { .ptr = "one", .len = 3 },
                                    { .ptr = "", .len = 0 },
                                    { .ptr = "t\0o", .len = 3 } };
    static struct point points[] = { { .x = -1, .label = { .ptr = "a", .len = 1 } },
                                     { .x = 0 },
                                     { .x = 2 } };
    static struct ulid ids[2];

    ids[0] = ulid_number(1);
    ids[1] = ulid_number(2);
    return (struct thing){
        .number = INT64_MIN,
        .is_new = true,
        .at_ms = 1500,
        .share = 0.1,
        .colour = BLUE,
        .text = SLICE("te\0xt"),
        .texts = { .items = texts, .n_items = 3 },
        .json = SLICE("{\"a\":[1]}"),
        .id = ulid_number(3),
        .ids = { .items = ids, .n_items = 2 },
        .bytes = SLICE("\xff\x00\x01"),
        .point = { .label = SLICE("p") },
        .points = { .items = points, .n_items = 3 },
        .hidden = 7,
        .digest = SLICE("00ff7e"),
        .first_json = SLICE("{}"),
    };
}

static struct slice encoded(const struct record_shape *shape, const void *object)
{
    buffer_clear(&bytes);
    assert_int_equal(record_encode(shape, object, &bytes), RC_OK);
    return buffer_slice(&bytes);
}

static struct slice json_of(const struct record_shape *shape, const void *object)
{
    struct json_writer writer = json_writer_to(&bytes);

    buffer_clear(&bytes);
    record_write_json(shape, object, &writer);
    assert_int_equal(buffer_rc(&bytes), RC_OK);
    return buffer_slice(&bytes);
}

/* As if an attacker, or a program of ours with a fault, had made the CRC right. */
static void seal(struct buffer *record)
{
    uint32_t crc = crc32_of((struct slice){ .ptr = record->ptr + 5, .len = record->len - 5 });

    for (size_t i = 0; i < 4; i++)
        record->ptr[1 + i] = (char)(crc >> (8 * (3 - i)) & 0xff);
}

static void what_is_encoded_is_decoded_member_by_member(void **state)
{
    const struct thing thing = full_thing();
    const struct point *points;
    struct thing back;

    (void)state;
    assert_int_equal(record_decode(&thing_shape, encoded(&thing_shape, &thing), arena, &back),
                     RC_OK);
    buffer_free(&bytes); /* nothing of `back` lies there */
    assert_true(back.number == thing.number && back.is_new && back.at_ms == 1500 &&
                back.hidden == 7);
    assert_true(back.share >= 0.1 && back.share <= 0.1);
    assert_int_equal(back.colour, BLUE);
    assert_true(slice_eq(back.text, thing.text) && slice_eq(back.json, thing.json));
    assert_true(slice_eq(back.bytes, thing.bytes));
    assert_int_equal(back.texts.n_items, 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(slice_eq(back.texts.items[i], thing.texts.items[i]));
    assert_int_equal(ulid_compare(back.id, thing.id), 0);
    assert_int_equal(back.ids.n_items, 2);
    assert_int_equal(ulid_compare(back.ids.items[1], thing.ids.items[1]), 0);
    assert_true(back.point.x == 0 && slice_eq(back.point.label, SLICE("p")));
    points = back.points.items;
    assert_int_equal(back.points.n_items, 3);
    assert_true(points[0].x == -1 && slice_eq(points[0].label, SLICE("a")));
    assert_true(points[1].x == 0 && slice_is_absent(points[1].label) && points[2].x == 2);
    assert_slice(back.digest, "00ff7e");
    assert_slice(back.first_json, "{}");
}

static void numbers_of_every_length_come_back(void **state)
{
    struct thing thing = { 0 }, back;

    (void)state;
    for (unsigned shift = 0; shift < 63; shift++) {
        const int64_t values[] = { (int64_t)1 << shift, ((int64_t)1 << shift) - 1,
                                   -((int64_t)1 << shift) };

        for (size_t i = 0; i < 3; i++) {
            thing.number = values[i];
            assert_int_equal(
                record_decode(&thing_shape, encoded(&thing_shape, &thing), arena, &back), RC_OK);
            assert_true(back.number == values[i]);
        }
    }
}

static void lengths_on_both_sides_of_a_further_byte_come_back(void **state)
{
    static const size_t lengths[] = { 0, 1, 127, 128, 129, 16383, 16384, 16385, 2097151, 2097152 };
    char *text = malloc(2097152);
    struct thing back;

    (void)state;
    assert_non_null(text);
    memset(text, 'x', 2097152);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        struct slice long_text = { text, lengths[i] };
        struct point points[] = { { .x = 1, .label = long_text }, { .x = 2 } };
        const struct thing thing = { .text = long_text,
                                     .texts = { .items = &long_text, .n_items = 1 },
                                     .points = { .items = points, .n_items = 2 },
                                     .hidden = 9 };

        arena_reset(arena);
        assert_int_equal(record_decode(&thing_shape, encoded(&thing_shape, &thing), arena, &back),
                         RC_OK);
        assert_true(slice_eq(back.text, long_text) && slice_eq(back.texts.items[0], long_text));
        assert_true(slice_eq(((const struct point *)back.points.items)[0].label, long_text));
        assert_true(((const struct point *)back.points.items)[1].x == 2 && back.hidden == 9);
    }
    free(text);
}

static void a_length_of_more_than_five_bytes_is_refused(void **state)
{
    struct thing back;

    (void)state;
    (void)encoded(&thing_shape, &(struct thing){ 0 });
    buffer_add(&bytes, SLICE("\x06\x80\x80\x80\x80\x80\x00"));
    seal(&bytes);
    assert_int_equal(record_decode(&thing_shape, buffer_slice(&bytes), arena, &back), RC_CORRUPT);
}

static void hex_is_stored_as_its_bytes_and_other_text_as_itself(void **state)
{
    static const struct {
        const char *text;
        size_t stored_bytes; /* with its tag and length */
    } cases[] = {
        { "", 3 },
        { "0a", 4 },
        { "000102030405060708090a0b0c0d0e0f", 19 },
        { "0a1", 5 },
        { "0A", 4 },
        { "xy", 4 },
        { "0000000000000000000000000000000000000000000000000000000000000000", 35 },
        { "000000000000000000000000000000000000000000000000000000000000000000", 68 },
    };
    struct thing back;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct thing thing = { .digest = slice_of(cases[i].text) };
        struct slice record = encoded(&thing_shape, &thing);

        print_message("%s\n", cases[i].text);
        assert_int_equal(record.len - 5, cases[i].stored_bytes);
        assert_int_equal(record_decode(&thing_shape, record, arena, &back), RC_OK);
        assert_slice(back.digest, cases[i].text);
    }
}

static void what_is_the_same_as_another_member_is_stored_once(void **state)
{
    struct thing thing = { .json = SLICE("{\"a\":1}"), .first_json = SLICE("{\"a\":1}") };
    struct thing back;

    (void)state;
    assert_int_equal(encoded(&thing_shape, &thing).len, 5 + 2 + 7 + 2);
    assert_int_equal(record_decode(&thing_shape, buffer_slice(&bytes), arena, &back), RC_OK);
    assert_slice(back.first_json, "{\"a\":1}");
    thing.json = SLICE("{\"a\":2}");
    assert_int_equal(encoded(&thing_shape, &thing).len, 5 + 2 + 7 + 2 + 7);
    assert_int_equal(record_decode(&thing_shape, buffer_slice(&bytes), arena, &back), RC_OK);
    assert_slice(back.first_json, "{\"a\":1}");
    thing.first_json = (struct slice){ 0 };
    assert_int_equal(record_decode(&thing_shape, encoded(&thing_shape, &thing), arena, &back),
                     RC_OK);
    assert_true(slice_is_absent(back.first_json));
}

/* --- what an older program wrote --- */

/* Of format 1: u32 lengths, numbers of 8 bytes, hex and repeated members as text. */
static const char wide_fields[] = "\x01\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x01\x02"
                                  "\x02\x00\x00\x00\x01\x01"
                                  "\x03\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x05\xdc"
                                  "\x05\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x02"
                                  "\x06\x00\x00\x00\x02hi"
                                  "\x07\x00\x00\x00\x0b\x00\x00\x00\x03one\x00\x00\x00\x00"
                                  "\x08\x00\x00\x00\x02{}"
                                  "\x0c\x00\x00\x00\x06\x02\x00\x00\x00\x01p"
                                  "\x0d\x00\x00\x00\x11\x00\x00\x00\x0d\x01\x00\x00\x00\x08"
                                  "\x00\x00\x00\x00\x00\x00\x00\x03"
                                  "\x0f\x00\x00\x00\x04"
                                  "0a0b"
                                  "\x10\x00\x00\x00\x02{}";

static void a_record_of_the_older_format_is_read_and_stored_again_in_the_newer(void **state)
{
    struct thing thing, again;

    (void)state;
    buffer_clear(&bytes);
    buffer_add(&bytes, SLICE("\x01\0\0\0\0"));
    buffer_add(&bytes, SLICE(wide_fields));
    seal(&bytes);
    assert_int_equal(record_decode(&thing_shape, buffer_slice(&bytes), arena, &thing), RC_OK);
    for (size_t i = 0; i < 2; i++) {
        assert_true(thing.number == 258 && thing.is_new && thing.at_ms == 1500);
        assert_int_equal(thing.colour, BLUE);
        assert_slice(thing.text, "hi");
        assert_int_equal(thing.texts.n_items, 2);
        assert_slice(thing.texts.items[0], "one");
        assert_slice(thing.json, "{}");
        assert_slice(thing.point.label, "p");
        assert_int_equal(thing.points.n_items, 1);
        assert_true(((const struct point *)thing.points.items)->x == 3);
        assert_slice(thing.digest, "0a0b");
        assert_slice(thing.first_json, "{}");
        assert_int_equal(*encoded(&thing_shape, &thing).ptr, 2);
        assert_int_equal(record_decode(&thing_shape, buffer_slice(&bytes), arena, &again), RC_OK);
        thing = again;
    }
}

static void a_format_that_is_not_known_is_refused(void **state)
{
    struct thing back;

    (void)state;
    (void)encoded(&thing_shape, &(struct thing){ .number = 1 });
    for (unsigned format = 0; format < 256; format++) {
        bytes.ptr[0] = (char)format;
        assert_int_equal(record_decode(&thing_shape, buffer_slice(&bytes), arena, &back),
                         format == 2 ? RC_OK : RC_CORRUPT);
    }
}

static void a_record_has_the_bytes_that_the_header_states(void **state)
{
    static const char expected[] = "\x02"             /* format */
                                   "\xf6\xdb\x51\xa3" /* CRC-32 of what follows */
                                   "\x01\x02\x01\x02"
                                   "\x06\x02hi"
                                   "\x0c\x03\x02\x01p"
                                   "\x0f\x03\x00\x0a\x0b";
    const struct thing thing = { .number = 258,
                                 .text = SLICE("hi"),
                                 .point = { .label = SLICE("p") },
                                 .digest = SLICE("0a0b") };
    struct slice record = encoded(&thing_shape, &thing);

    (void)state;
    assert_int_equal(record.len, sizeof(expected) - 1);
    assert_memory_equal(record.ptr + 5, expected + 5, record.len - 5);
    assert_memory_equal(record.ptr, expected, 5);
}

static void nothing_costs_five_bytes_and_empty_is_not_absent(void **state)
{
    const struct thing nothing = { 0 };
    const struct thing empty = { .text = SLICE("") };
    struct thing back;

    (void)state;
    assert_int_equal(encoded(&thing_shape, &nothing).len, 5);
    assert_int_equal(record_decode(&thing_shape, buffer_slice(&bytes), arena, &back), RC_OK);
    assert_true(slice_is_absent(back.text) && ulid_is_absent(back.id) && !back.texts.n_items);
    assert_int_equal(record_decode(&thing_shape, encoded(&thing_shape, &empty), arena, &back),
                     RC_OK);
    assert_false(slice_is_absent(back.text));
    assert_int_equal(back.text.len, 0);
}

static void a_record_is_appended_to_what_the_buffer_holds(void **state)
{
    const struct thing thing = full_thing();
    struct thing back;
    struct slice record;

    (void)state;
    buffer_add_text(&bytes, "before");
    assert_int_equal(record_encode(&thing_shape, &thing, &bytes), RC_OK);
    record = buffer_slice(&bytes);
    assert_true(slice_starts(record, SLICE("before")));
    record.ptr += 6;
    record.len -= 6;
    assert_int_equal(record_decode(&thing_shape, record, arena, &back), RC_OK);
}

static void a_record_that_outgrows_its_buffer_is_refused(void **state)
{
    const struct thing thing = full_thing();
    struct buffer small;

    (void)state;
    for (size_t limit = 1; limit < 64; limit++) {
        buffer_init(&small, limit);
        assert_int_equal(record_encode(&thing_shape, &thing, &small), RC_LIMIT);
        buffer_free(&small);
    }
}

static void members_that_an_older_or_newer_version_has_are_passed_over(void **state)
{
    const struct thing thing = full_thing();
    struct thing back;

    (void)state;
    assert_int_equal(record_decode(&older_shape, encoded(&thing_shape, &thing), arena, &back),
                     RC_OK);
    assert_true(slice_eq(back.text, thing.text));
    assert_int_equal(back.number, 0);
    assert_int_equal(record_decode(&thing_shape, encoded(&older_shape, &thing), arena, &back),
                     RC_OK);
    assert_true(slice_eq(back.text, thing.text));
    assert_int_equal(back.hidden, 0);
}

static void what_is_only_looked_at_borrows_the_record(void **state)
{
    const struct thing thing = full_thing();
    struct slice record = encoded(&older_shape, &thing);
    struct thing back;

    (void)state;
    assert_int_equal(record_borrow(&older_shape, record, NULL, &back), RC_OK);
    assert_true(back.text.ptr > record.ptr && back.text.ptr < record.ptr + record.len);
}

static void s07_every_flipped_or_missing_byte_is_noticed(void **state)
{
    const struct thing thing = full_thing();
    struct slice record = encoded(&thing_shape, &thing);
    struct thing back;

    (void)state;
    for (size_t i = 0; i < record.len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes.ptr[i] = (char)(bytes.ptr[i] ^ 1 << bit);
            assert_int_equal(record_decode(&thing_shape, record, arena, &back), RC_CORRUPT);
            bytes.ptr[i] = (char)(bytes.ptr[i] ^ 1 << bit);
        }
        assert_int_equal(record_decode(&thing_shape, (struct slice){ .ptr = record.ptr, .len = i },
                                       arena, &back),
                         RC_CORRUPT);
    }
    assert_int_equal(record_decode(&thing_shape, (struct slice){ 0 }, arena, &back), RC_CORRUPT);
}

static void s07_any_bytes_under_a_right_crc_are_read_or_refused_but_never_past_their_end(
    void **state)
{
    const struct thing thing = full_thing();
    unsigned seed = 1;
    size_t n_read = 0;

    (void)state;
    for (size_t round = 0; round < 20000; round++) {
        size_t n_changes = 1 + (size_t)rand_r(&seed) % 4;
        struct thing back;
        struct slice record;
        char *copy;
        enum rc rc;

        encoded(&thing_shape, &thing);
        bytes.ptr[0] = (char)(1 + round % 2);
        for (size_t i = 0; i < n_changes; i++)
            bytes.ptr[5 + (size_t)rand_r(&seed) % (bytes.len - 5)] = (char)rand_r(&seed);
        if (round % 3 == 0)
            bytes.len = 5 + (size_t)rand_r(&seed) % (bytes.len - 5);
        seal(&bytes);
        copy = malloc(bytes.len); /* so that the sanitizer sees the end */
        assert_non_null(copy);
        memcpy(copy, bytes.ptr, bytes.len);
        record = (struct slice){ .ptr = copy, .len = bytes.len };
        arena_reset(arena);
        rc = record_decode(&thing_shape, record, arena, &back);
        free(copy);
        assert_true(rc == RC_OK || rc == RC_CORRUPT || rc == RC_NO_MEMORY);
        if (rc)
            continue;
        n_read++;
        json_of(&thing_shape, &back); /* what was read can be shown */
    }
    assert_true(n_read > 1000 && n_read < 19000); /* both happened */
}

static void a_value_without_a_name_is_not_acted_on(void **state)
{
    static const char *const more_names[] = { "red", "green", "blue", "violet", NULL };
    const struct record_field newer_fields[] = {
        { .tag = 5,
          .type = RECORD_ENUM,
          .names = more_names,
          .offset = offsetof(struct thing, colour) },
    };
    const struct record_shape newer_shape = RECORD_SHAPE(thing, newer_fields);
    const int violet = 3;
    struct thing thing = { 0 }, back;

    (void)state;
    memcpy(&thing.colour, &violet, sizeof(violet));
    assert_int_equal(record_decode(&thing_shape, encoded(&newer_shape, &thing), arena, &back),
                     RC_CORRUPT);
}

static void a_small_arena_refuses_a_record_and_nothing_else(void **state)
{
    const struct thing thing = full_thing();
    struct slice record = encoded(&thing_shape, &thing);
    struct arena *small;
    struct thing back;

    (void)state;
    assert_int_equal(arena_new(64, &small), RC_OK);
    assert_int_equal(record_decode(&thing_shape, record, small, &back), RC_NO_MEMORY);
    arena_free(small);
}

static void json_leaves_out_what_is_absent_and_shows_every_kind(void **state)
{
    struct thing thing = { .colour = GREEN };

    (void)state;
    assert_slice(json_of(&thing_shape, &thing), "{\"colour\":\"green\"}");
    thing = full_thing();
    thing.number = -5;
    thing.share = 0.5;
    thing.text = SLICE("a\"b");
    thing.texts.n_items = 2;
    thing.id = (struct ulid){ .bytes = { 1 } };
    thing.ids.n_items = 0;
    assert_slice(json_of(&thing_shape, &thing),
                 "{\"number\":-5,\"new\":true,\"at\":\"1970-01-01T00:00:01.500Z\",\"share\":0.5,"
                 "\"colour\":\"blue\","
                 "\"text\":\"a\\\"b\",\"texts\":[\"one\",\"\"],\"json\":{\"a\":[1]},"
                 "\"id\":\"evt_01000000000000000000000000\",\"point\":{\"label\":\"p\"},"
                 "\"points\":[{\"x\":-1,\"label\":\"a\"},{},{\"x\":2}],\"digest\":\"00ff7e\","
                 "\"first_json\":{}}");
}

static void members_can_stand_among_those_of_others(void **state)
{
    const struct thing thing = { .text = SLICE("t") };
    struct json_writer writer = json_writer_to(&bytes);

    (void)state;
    json_object_begin(&writer);
    json_member_int(&writer, "before", 1);
    record_write_members(&older_shape, &thing, &writer);
    json_member_int(&writer, "after", 2);
    json_object_end(&writer);
    assert_slice(buffer_slice(&bytes), "{\"before\":1,\"text\":\"t\",\"after\":2}");
}

static const struct record_shape *const stored_shapes[] = { &signal_shape,   &task_shape,
                                                            &evidence_shape, &diagnosis_shape,
                                                            &proposal_shape, &decision_shape,
                                                            &step_shape };

static void no_shape_uses_a_tag_or_a_name_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(stored_shapes) / sizeof(*stored_shapes); i++) {
        const struct record_shape *shape = stored_shapes[i];

        for (size_t j = 0; j < shape->n_fields; j++) {
            const struct record_field *field = &shape->fields[j];

            assert_true(field->tag > 0);
            assert_true(field->offset < shape->bytes);
            for (size_t k = 0; k < j; k++) {
                assert_int_not_equal(field->tag, shape->fields[k].tag);
                assert_int_not_equal(field->offset, shape->fields[k].offset);
                assert_false(field->name &&
                             slice_eq(slice_of(field->name), slice_of(shape->fields[k].name)));
            }
        }
    }
}

static void the_objects_of_the_interface_have_their_members_from_the_start(void **state)
{
    const struct signal signal = { .id = { .bytes = { 1 } },
                                   .rule = SLICE("r"),
                                   .state = SIGNAL_FIRING };
    const struct proposal proposal = { .id = { .bytes = { 1 } },
                                       .short_id = SLICE("bcdfg"),
                                       .revision = 1 };

    (void)state;
    assert_slice(json_of(&signal_shape, &signal),
                 "{\"id\":\"sig_01000000000000000000000000\",\"rule\":\"r\",\"key\":[],"
                 "\"state\":\"firing\",\"severity\":\"low\",\"count\":0}");
    assert_slice(json_of(&proposal_shape, &proposal),
                 "{\"id\":\"prp_01000000000000000000000000\",\"short\":\"bcdfg\",\"revision\":1,"
                 "\"state\":\"open\",\"key\":[],"
                 "\"signals\":[],\"severity\":\"low\",\"count\":0,\"approvers\":{\"from\":[],"
                 "\"need\":0},\"plan\":[],"
                 "\"decisions\":[],\"verify\":\"none\",\"track_record\":{\"proposed\":0,"
                 "\"approved\":0,\"rejected\":0,"
                 "\"ignored\":0,\"verified\":0,\"recurred\":0}}");
}

#define RECORD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORD(what_is_encoded_is_decoded_member_by_member),
        RECORD(numbers_of_every_length_come_back),
        RECORD(lengths_on_both_sides_of_a_further_byte_come_back),
        RECORD(a_length_of_more_than_five_bytes_is_refused),
        RECORD(hex_is_stored_as_its_bytes_and_other_text_as_itself),
        RECORD(what_is_the_same_as_another_member_is_stored_once),
        RECORD(a_record_of_the_older_format_is_read_and_stored_again_in_the_newer),
        RECORD(a_format_that_is_not_known_is_refused),
        RECORD(a_record_has_the_bytes_that_the_header_states),
        RECORD(nothing_costs_five_bytes_and_empty_is_not_absent),
        RECORD(a_record_is_appended_to_what_the_buffer_holds),
        RECORD(a_record_that_outgrows_its_buffer_is_refused),
        RECORD(members_that_an_older_or_newer_version_has_are_passed_over),
        RECORD(what_is_only_looked_at_borrows_the_record),
        RECORD(s07_every_flipped_or_missing_byte_is_noticed),
        RECORD(s07_any_bytes_under_a_right_crc_are_read_or_refused_but_never_past_their_end),
        RECORD(a_value_without_a_name_is_not_acted_on),
        RECORD(a_small_arena_refuses_a_record_and_nothing_else),
        RECORD(json_leaves_out_what_is_absent_and_shows_every_kind),
        RECORD(members_can_stand_among_those_of_others),
        RECORD(no_shape_uses_a_tag_or_a_name_twice),
        RECORD(the_objects_of_the_interface_have_their_members_from_the_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
