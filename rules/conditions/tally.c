#include "rules/conditions/tally.h"

#include <string.h>

#define HEAD_BYTES ((size_t)(7 * 8 + 4 * 4))
#define NUMBER_BYTES 10                /* of a base-128 number at most */
#define ENTRY_BYTES (3 * NUMBER_BYTES) /* at most */
#define SLICES 4096

static const struct tally nothing_yet = { .known_ms = TALLY_NEVER,
                                          .next_ms = TALLY_NEVER,
                                          .stride = 1 };

/* -- numbers -- */

static uint64_t get_fixed(const char *bytes, size_t n_bytes)
{
    uint64_t value = 0;

    for (size_t i = 0; i < n_bytes; i++)
        value = value << 8 | (uint8_t)bytes[i];
    return value;
}

static void put_fixed(char *bytes, size_t n_bytes, uint64_t value)
{
    for (size_t i = n_bytes; i > 0; i--) {
        bytes[i - 1] = (char)(value & 0xff);
        value >>= 8;
    }
}

static bool take_number(struct slice *rest, uint64_t *value)
{
    *value = 0;
    for (unsigned i = 0; i < NUMBER_BYTES && i < rest->len; i++) {
        uint8_t byte = (uint8_t)rest->ptr[i];

        *value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            rest->ptr += i + 1;
            rest->len -= i + 1;
            return true;
        }
    }
    return false;
}

static size_t put_number(char *bytes, uint64_t value)
{
    size_t n_bytes = 0;

    for (; value >= 0x80; value >>= 7)
        bytes[n_bytes++] = (char)(value | 0x80);
    bytes[n_bytes++] = (char)value;
    return n_bytes;
}

/* Small numbers of either sign are short. */
static uint64_t zigzag(int64_t value)
{
    return value < 0 ? ~((uint64_t)value << 1) : (uint64_t)value << 1;
}

static int64_t unzigzag(uint64_t value)
{
    return (int64_t)(value >> 1 ^ (0 - (value & 1)));
}

/* -- reading -- */

void tally_take(struct slice state, struct tally *tally)
{
    const char *head = state.ptr;

    *tally = nothing_yet;
    if (state.len < HEAD_BYTES)
        return;
    tally->known_ms = (int64_t)get_fixed(head, 8);
    tally->coarse_ms = (int64_t)get_fixed(head + 8, 8);
    tally->next_ms = (int64_t)get_fixed(head + 16, 8);
    tally->judged_ms = (int64_t)get_fixed(head + 24, 8);
    tally->base_ms = (int64_t)get_fixed(head + 32, 8);
    tally->newest_ms = (int64_t)get_fixed(head + 40, 8);
    tally->seen_ms = (int64_t)get_fixed(head + 48, 8);
    tally->n_entries = (uint32_t)get_fixed(head + 56, 4);
    tally->n_last_bytes = (uint32_t)get_fixed(head + 60, 4);
    tally->stride = (uint32_t)get_fixed(head + 64, 4);
    tally->n_passed_over = (uint32_t)get_fixed(head + 68, 4);
    tally->entries = (struct slice){ state.ptr + HEAD_BYTES, state.len - HEAD_BYTES };
    if (tally->n_last_bytes > tally->entries.len || !tally->stride)
        *tally = nothing_yet;
}

static void read_next(struct tally_cursor *cursor)
{
    uint64_t since_ms, value = 0;

    cursor->has_next = take_number(&cursor->rest, &since_ms) &&
                       take_number(&cursor->rest, &cursor->next.n_matches) &&
                       (!cursor->has_values || take_number(&cursor->rest, &value));
    if (!cursor->has_next)
        return;
    cursor->next.time_ms += (int64_t)since_ms;
    cursor->next.value = unzigzag(value);
}

struct tally_cursor tally_begin(const struct tally_kind *kind, const struct tally *tally)
{
    struct tally_cursor cursor = { .rest = tally->entries,
                                   .has_values = kind->values != TALLY_NO_VALUES,
                                   .next = { .time_ms = tally->base_ms } };

    read_next(&cursor);
    return cursor;
}

void tally_pass(struct tally_cursor *cursor)
{
    read_next(cursor);
}

/* -- writing -- */

/* A tally being written, with the room that it was given: `bytes` has the head before its entries. */
struct writing {
    const struct tally_kind *kind;
    struct tally *tally;
    char *bytes;
    size_t n_bytes; /* of entries */
};

static enum rc begin_writing(const struct tally_kind *kind, size_t n_bytes, struct arena *arena,
                             struct tally *tally, struct writing *writing)
{
    *writing = (struct writing){ .kind = kind, .tally = tally };
    writing->bytes = arena_alloc(arena, HEAD_BYTES + n_bytes, 1);
    return writing->bytes ? RC_OK : RC_NO_MEMORY;
}

static void append(struct writing *writing, const struct tally_entry *entry)
{
    struct tally *tally = writing->tally;
    int64_t before_ms = tally->n_entries ? tally->newest_ms : entry->time_ms;
    char *bytes = writing->bytes + HEAD_BYTES + writing->n_bytes;
    size_t n_bytes = put_number(bytes, (uint64_t)(entry->time_ms - before_ms));

    n_bytes += put_number(bytes + n_bytes, entry->n_matches);
    if (writing->kind->values != TALLY_NO_VALUES)
        n_bytes += put_number(bytes + n_bytes, zigzag(entry->value));
    if (!tally->n_entries)
        tally->base_ms = entry->time_ms;
    tally->n_entries++;
    tally->newest_ms = entry->time_ms;
    tally->n_last_bytes = (uint32_t)n_bytes;
    writing->n_bytes += n_bytes;
}

static int64_t add_values(int64_t a, int64_t b)
{
    int64_t sum;

    if (!__builtin_add_overflow(a, b, &sum))
        return sum;
    return a < 0 ? INT64_MIN : INT64_MAX;
}

static int64_t join_values(enum tally_values values, int64_t a, int64_t b)
{
    switch (values) {
    case TALLY_ADDS:
        return add_values(a, b);
    case TALLY_KEEPS_GREATEST:
        return a > b ? a : b;
    case TALLY_KEEPS_LEAST:
        return a < b ? a : b;
    case TALLY_NO_VALUES:
    case TALLY_THINS:
        break;
    }
    return a;
}

static struct tally_entry join(const struct tally_kind *kind, const struct tally_entry *older,
                               const struct tally_entry *newer, int64_t time_ms)
{
    return (struct tally_entry){ .time_ms = time_ms,
                                 .n_matches = older->n_matches + newer->n_matches,
                                 .value = join_values(kind->values, older->value, newer->value) };
}

/* The last entry is taken back to be written again together with `entry`. */
static void join_last(struct writing *writing, const struct tally_entry *entry)
{
    struct tally *tally = writing->tally;
    struct tally_cursor last = { .has_values = writing->kind->values != TALLY_NO_VALUES };
    struct tally_entry both;

    writing->n_bytes -= tally->n_last_bytes;
    last.rest =
        (struct slice){ writing->bytes + HEAD_BYTES + writing->n_bytes, tally->n_last_bytes };
    read_next(&last);
    both = join(writing->kind, &last.next, entry, entry->time_ms);
    tally->n_entries--;
    tally->newest_ms -= last.next.time_ms; /* which is what it stands behind the one before */
    append(writing, &both);
}

static void add(struct writing *writing, const struct tally_entry *entry)
{
    const struct tally *tally = writing->tally;

    if (writing->kind->values != TALLY_THINS && tally->n_entries &&
        tally->newest_ms == entry->time_ms)
        join_last(writing, entry);
    else
        append(writing, entry);
}

static void end_writing(struct writing *writing)
{
    writing->tally->entries = (struct slice){ writing->bytes + HEAD_BYTES, writing->n_bytes };
}

/* -- updating -- */

/* Passes what is `oldest_ms` old or older: what is kept counts from the time of the last of these. */
static struct slice drop_front(const struct tally_kind *kind, int64_t oldest_ms,
                               struct tally *tally)
{
    struct tally_cursor cursor = tally_begin(kind, tally);
    struct slice kept = tally->entries;

    while (cursor.has_next && cursor.next.time_ms <= oldest_ms) {
        kept = cursor.rest;
        tally->base_ms = cursor.next.time_ms;
        tally->n_entries--;
        tally_pass(&cursor);
    }
    if (!cursor.has_next) {
        tally->n_entries = 0;
        tally->n_last_bytes = 0;
        kept.len = 0;
    }
    return kept;
}

/* It goes to the end: what stands before is copied as it is. */
static enum rc add_newest(const struct tally_kind *kind, const struct tally_entry *added,
                          struct slice kept, struct arena *arena, struct tally *tally)
{
    struct writing writing;
    enum rc rc = begin_writing(kind, kept.len + ENTRY_BYTES, arena, tally, &writing);

    if (rc)
        return rc;
    if (kept.len)
        memcpy(writing.bytes + HEAD_BYTES, kept.ptr, kept.len);
    writing.n_bytes = kept.len;
    if (added)
        add(&writing, added);
    end_writing(&writing);
    return RC_OK;
}

/* It goes between others. */
static enum rc add_older(const struct tally_kind *kind, const struct tally_entry *added,
                         struct arena *arena, struct tally *tally)
{
    struct tally_cursor cursor = tally_begin(kind, tally);
    bool is_added = false;
    struct writing writing;
    enum rc rc =
        begin_writing(kind, tally->entries.len + (size_t)2 * ENTRY_BYTES, arena, tally, &writing);

    if (rc)
        return rc;
    tally->n_entries = 0;
    for (; cursor.has_next; tally_pass(&cursor)) {
        if (!is_added && cursor.next.time_ms > added->time_ms) {
            add(&writing, added);
            is_added = true;
        }
        add(&writing, &cursor.next);
    }
    end_writing(&writing);
    return RC_OK;
}

/* -- beyond what is exact -- */

static int64_t slice_of_time(const struct tally_kind *kind, int64_t split_ms, int64_t time_ms)
{
    int64_t span_ms = time_ms > split_ms ? kind->within_ms : kind->against_ms;

    return time_ms / (span_ms / SLICES + 1);
}

static bool falls_together(const struct tally_kind *kind, int64_t split_ms,
                           const struct tally_entry *a, const struct tally_entry *b)
{
    return (a->time_ms > split_ms) == (b->time_ms > split_ms) &&
           slice_of_time(kind, split_ms, a->time_ms) == slice_of_time(kind, split_ms, b->time_ms);
}

/* Which of the two times makes less come true. */
static int64_t joint_time(const struct tally_kind *kind, int64_t split_ms,
                          const struct tally_entry *older, const struct tally_entry *newer)
{
    bool is_in_window = older->time_ms > split_ms;

    return is_in_window == kind->fades_late ? newer->time_ms : older->time_ms;
}

static void join_slices(const struct tally *from, int64_t split_ms, struct writing *writing)
{
    const struct tally_kind *kind = writing->kind;
    struct tally_cursor cursor = tally_begin(kind, from);
    struct tally_entry joint = cursor.next;

    if (!cursor.has_next)
        return;
    for (tally_pass(&cursor); cursor.has_next; tally_pass(&cursor)) {
        if (falls_together(kind, split_ms, &joint, &cursor.next)) {
            joint =
                join(kind, &joint, &cursor.next, joint_time(kind, split_ms, &joint, &cursor.next));
        } else {
            append(writing, &joint);
            joint = cursor.next;
        }
    }
    append(writing, &joint);
}

/* Every second one stands for the one before it, too; those to come are thinned likewise. */
static void thin(const struct tally *from, struct writing *writing)
{
    struct tally_cursor cursor = tally_begin(writing->kind, from);
    uint64_t n_before = 0;

    for (bool is_kept = false; cursor.has_next; tally_pass(&cursor), is_kept = !is_kept) {
        if (is_kept) {
            cursor.next.n_matches += n_before;
            append(writing, &cursor.next);
        }
        n_before = is_kept ? 0 : cursor.next.n_matches;
    }
    writing->tally->stride *= 2;
    writing->tally->n_passed_over = (uint32_t)n_before;
}

static enum rc coarsen(const struct tally_kind *kind, int64_t newest_ms, struct arena *arena,
                       struct tally *tally)
{
    const struct tally from = *tally;
    struct writing writing;
    enum rc rc;

    if (tally->n_entries <= TALLY_ENTRIES_MAX)
        return RC_OK;
    /* Written again an entry may be longer, for what stood between it and the one before it; never by as much as that was. */
    rc = begin_writing(kind, from.entries.len + ENTRY_BYTES, arena, tally, &writing);
    if (rc)
        return rc;
    tally->n_entries = 0;
    tally->coarse_ms = newest_ms;
    if (kind->values == TALLY_THINS)
        thin(&from, &writing);
    else
        join_slices(&from, newest_ms - kind->within_ms, &writing);
    end_writing(&writing);
    return RC_OK;
}

/* Of values that are thinned, is this one of those that stand for the ones passed over? */
static bool is_kept(const struct tally_kind *kind, struct tally *tally, struct tally_entry *added)
{
    if (kind->values != TALLY_THINS)
        return true;
    if (tally->stride > 1 && tally->n_entries < TALLY_ENTRIES_MAX / 8)
        tally->stride /= 2;
    if (++tally->n_passed_over < tally->stride)
        return false;
    added->n_matches = tally->n_passed_over;
    tally->n_passed_over = 0;
    return true;
}

enum rc tally_update(const struct tally_kind *kind, int64_t newest_ms,
                     const struct tally_entry *added, struct arena *arena, struct tally *tally)
{
    int64_t oldest_ms = newest_ms - kind->within_ms - kind->against_ms; /* itself already out */
    struct tally_entry one = added ? *added : (struct tally_entry){ 0 };
    bool is_added = added && one.time_ms > oldest_ms;
    struct slice kept;
    enum rc rc;

    if (added && one.time_ms < tally->known_ms)
        tally->known_ms = one.time_ms;
    kept = drop_front(kind, oldest_ms, tally);
    if (is_added)
        is_added = is_kept(kind, tally, &one);
    if (is_added && tally->n_entries && one.time_ms < tally->newest_ms) {
        tally->entries = kept;
        rc = add_older(kind, &one, arena, tally);
    } else {
        rc = add_newest(kind, is_added ? &one : NULL, kept, arena, tally);
    }
    return rc ? rc : coarsen(kind, newest_ms, arena, tally);
}

bool tally_is_coarse(const struct tally_kind *kind, const struct tally *tally)
{
    return tally->coarse_ms &&
           tally->coarse_ms > tally->newest_ms - kind->within_ms - kind->against_ms;
}

struct slice tally_store(const struct tally *tally)
{
    /* What stands before the entries is the head that begin_writing made room for. */
    char *head = (char *)(uintptr_t)tally->entries.ptr - HEAD_BYTES;

    put_fixed(head, 8, (uint64_t)tally->known_ms);
    put_fixed(head + 8, 8, (uint64_t)tally->coarse_ms);
    put_fixed(head + 16, 8, (uint64_t)tally->next_ms);
    put_fixed(head + 24, 8, (uint64_t)tally->judged_ms);
    put_fixed(head + 32, 8, (uint64_t)tally->base_ms);
    put_fixed(head + 40, 8, (uint64_t)tally->newest_ms);
    put_fixed(head + 48, 8, (uint64_t)tally->seen_ms);
    put_fixed(head + 56, 4, tally->n_entries);
    put_fixed(head + 60, 4, tally->n_last_bytes);
    put_fixed(head + 64, 4, tally->stride);
    put_fixed(head + 68, 4, tally->n_passed_over);
    return (struct slice){ head, HEAD_BYTES + tally->entries.len };
}
