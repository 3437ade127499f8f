#include "src/store/dictionaries.h"

#include "src/base/log.h"
#include "src/store/meta.h"
#include "src/store/store_row.h"

#include <stdlib.h>
#include <string.h>

#define VAIN_MOST 6
/* Bodies, after a transaction that came to nothing although it had made one; twice as many after the next. */
#define REST_FIRST 16
#define REST_MOST 65536

#define AT(member) .offset = offsetof(struct dictionary, member)
static const struct record_field dictionary_fields[] = {
    { .tag = 1, .type = RECORD_TEXT, AT(watcher) },
    { .tag = 2, .type = RECORD_TEXT, AT(event_type) },
    { .tag = 3, .type = RECORD_BYTES, AT(text) },
};
#undef AT
static const struct record_shape dictionary_shape = RECORD_SHAPE(dictionary, dictionary_fields);

struct name {
    size_t len;
    char bytes[DICTIONARY_NAME_BYTES];
};

struct family {
    struct name watcher, event_type;
    struct pack_dictionary *dictionary;            /* NULL: none yet */
    uint64_t first_seq;                            /* the dictionary's key */
    uint64_t last_seq;                             /* of its bodies, or as much as is known */
    uint64_t n_bodies, n_text_bytes, n_kept_bytes; /* since then; of bodies that can be packed */
    unsigned n_vain;                               /* dictionaries in a row that helped nobody */
};

struct dictionaries {
    struct family families[DICTIONARY_FAMILIES];
    size_t n_families;
    bool is_read;
    bool has_made;              /* in this transaction */
    bool has_lost;              /* one to another family, in this transaction */
    uint64_t n_rest, next_rest; /* bodies until one may be made again */
};

struct dictionaries *dictionaries_new(void)
{
    struct dictionaries *made = calloc(1, sizeof *made);

    if (made)
        made->next_rest = REST_FIRST;
    return made;
}

static void forget_all(struct dictionaries *dictionaries)
{
    for (size_t i = 0; i < dictionaries->n_families; i++)
        pack_dictionary_free(dictionaries->families[i].dictionary);
    dictionaries->n_families = 0;
    dictionaries->is_read = false;
}

void dictionaries_free(struct dictionaries *dictionaries)
{
    if (!dictionaries)
        return;
    forget_all(dictionaries);
    free(dictionaries);
}

/* --- families --- */

static struct slice cut(struct slice name)
{
    return (struct slice){ name.ptr,
                           name.len < DICTIONARY_NAME_BYTES ? name.len : DICTIONARY_NAME_BYTES };
}

static struct name name_of(struct slice text)
{
    const struct slice kept = cut(text);
    struct name name = { .len = kept.len };

    if (kept.len)
        memcpy(name.bytes, kept.ptr, kept.len);
    return name;
}

static bool is_name(const struct name *name, struct slice text)
{
    const struct slice kept = cut(text);

    return name->len == kept.len && (!kept.len || !memcmp(name->bytes, kept.ptr, kept.len));
}

static struct family *find_family(struct dictionaries *dictionaries, struct slice watcher,
                                  struct slice event_type)
{
    for (size_t i = 0; i < dictionaries->n_families; i++)
        if (is_name(&dictionaries->families[i].event_type, event_type) &&
            is_name(&dictionaries->families[i].watcher, watcher))
            return &dictionaries->families[i];
    return NULL;
}

/* --- what the table holds --- */

static enum rc read_row(struct slice row, struct dictionary *stored)
{
    enum rc rc = record_borrow(&dictionary_shape, row, NULL, stored);

    if (!rc && (!stored->text.len || stored->text.len > PACK_DICTIONARY_MAX_BYTES))
        return RC_CORRUPT;
    return rc;
}

static void tell_damage(const char *what, uint64_t seq)
{
    static struct log_limit limit;

    log_limited(&limit, LOG_ERROR, "damaged row %s table=dictionaries seq=%llu", what,
                (unsigned long long)seq);
}

static struct store_key end_key(uint64_t end_seq, uint64_t first_seq)
{
    struct store_key key = key_of_u64(end_seq);

    key_add_u64(&key, first_seq);
    return key;
}

static enum rc get_row(struct store_txn *txn, uint64_t first_seq, struct dictionary *stored)
{
    const struct store_key key = key_of_u64(first_seq);
    struct slice row;
    enum rc rc = store_get(txn, TABLE_DICTIONARIES, key_slice(&key), &row);

    if (!rc)
        rc = read_row(row, stored);
    return rc == RC_NOT_FOUND ? RC_CORRUPT : rc;
}

/* While there is a place. */
static enum rc take_row(struct dictionaries *dictionaries, struct store_txn *txn,
                        uint64_t first_seq)
{
    struct dictionary stored;
    struct family *family;
    enum rc rc = get_row(txn, first_seq, &stored);

    if (rc == RC_CORRUPT)
        tell_damage("passed over", first_seq);
    if (rc)
        return rc == RC_CORRUPT ? RC_OK : rc;
    family = &dictionaries->families[dictionaries->n_families++];
    *family = (struct family){ .watcher = name_of(stored.watcher),
                               .event_type = name_of(stored.event_type),
                               .dictionary = pack_dictionary_new((struct slice){ 0 }, stored.text),
                               .first_seq = first_seq,
                               .last_seq = first_seq };
    return RC_OK;
}

/* The one that ends before `*key`. RC_NOT_FOUND: all that are left have ended before the entry `next_seq`. */
static enum rc find_serving(struct store_txn *txn, uint64_t next_seq, struct store_key *key,
                            uint64_t *first_seq)
{
    struct slice found, row;
    uint64_t end_seq;
    enum rc rc = row_before(txn, TABLE_DICTIONARY_ENDS, *key, &found, &row);

    if (!rc)
        rc = key_copy(found, key);
    if (rc)
        return rc;
    if (!key_read_u64(&found, &end_seq) || !key_read_u64(&found, first_seq))
        return RC_CORRUPT;
    return end_seq <= next_seq ? RC_NOT_FOUND : RC_OK;
}

enum rc dictionaries_read(struct dictionaries *dictionaries, struct store_txn *txn)
{
    struct store_key key = { .len = 0 };
    uint64_t last_seq, first_seq = 0;
    enum rc rc;

    if (dictionaries->is_read)
        return RC_OK;
    rc = meta_get(txn, META_SEQUENCE, &last_seq);
    while (!rc && dictionaries->n_families < DICTIONARY_FAMILIES) {
        rc = find_serving(txn, last_seq + 1, &key, &first_seq);
        if (!rc)
            rc = take_row(dictionaries, txn, first_seq);
    }
    if (rc == RC_CORRUPT)
        tell_damage("ends the reading", first_seq);
    dictionaries->is_read = !rc || rc == RC_NOT_FOUND || rc == RC_CORRUPT;
    if (dictionaries->is_read)
        return RC_OK;
    forget_all(dictionaries); /* it will be read from the begin again */
    return rc;
}

enum rc dictionary_text(struct store_txn *txn, uint64_t id, struct slice *text)
{
    struct dictionary stored = { 0 };
    enum rc rc = get_row(txn, id, &stored);

    *text = stored.text;
    return rc;
}

/* `n_more` and `n_less` bytes of rows. */
static enum rc count_bytes(struct store_txn *txn, uint64_t n_more, uint64_t n_less)
{
    uint64_t n_bytes;
    enum rc rc = meta_get(txn, META_DICTIONARY_BYTES, &n_bytes);

    n_bytes += n_more;
    return rc ? rc : meta_set(txn, META_DICTIONARY_BYTES, n_bytes < n_less ? 0 : n_bytes - n_less);
}

static enum rc forget_row(struct store_txn *txn, uint64_t first_seq, uint64_t *n_bytes)
{
    const struct store_key key = key_of_u64(first_seq);
    struct slice row;
    enum rc rc = store_get(txn, TABLE_DICTIONARIES, key_slice(&key), &row);

    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    *n_bytes += key.len + row.len;
    return store_delete(txn, TABLE_DICTIONARIES, key_slice(&key));
}

/* RC_NOT_FOUND: the first to end is needed. */
static enum rc expire_first(struct store_txn *txn, uint64_t oldest_seq, uint64_t *n_bytes)
{
    struct store_key stored_key;
    struct slice key, row;
    uint64_t end_seq, first_seq;
    enum rc rc = row_at_or_after(txn, TABLE_DICTIONARY_ENDS, key_of_u64(0), &key, &row);

    if (!rc)
        rc = key_copy(key, &stored_key);
    if (rc)
        return rc;
    /* What has no such numbers is no row of ours. */
    if (key_read_u64(&key, &end_seq) && key_read_u64(&key, &first_seq)) {
        if (end_seq > oldest_seq)
            return RC_NOT_FOUND;
        rc = forget_row(txn, first_seq, n_bytes);
    }
    return rc ? rc : row_forget(txn, TABLE_DICTIONARY_ENDS, stored_key);
}

enum rc dictionaries_expire(struct store_txn *txn, uint64_t oldest_seq, uint64_t *n_bytes)
{
    enum rc rc = RC_OK;

    *n_bytes = 0;
    while (!rc)
        rc = expire_first(txn, oldest_seq, n_bytes);
    if (rc != RC_NOT_FOUND)
        return rc;
    return *n_bytes ? count_bytes(txn, 0, *n_bytes) : RC_OK;
}

/* --- packing --- */

static void forget_counts(struct family *family)
{
    family->n_bodies = family->n_text_bytes = family->n_kept_bytes = 0;
}

static bool has_taken_enough(const struct family *family)
{
    return family->dictionary ? family->n_kept_bytes >= DICTIONARY_NEXT_BYTES << family->n_vain
                              : family->n_kept_bytes >= DICTIONARY_FIRST_BYTES &&
                                    family->n_bodies >= DICTIONARY_FIRST_BODIES;
}

/* It takes no less than the others do in the mean: a dictionary of what is packed well already would help nobody. */
static bool is_sample(const struct family *family, struct slice text, size_t n_kept_bytes)
{
    return (double)n_kept_bytes * (double)family->n_text_bytes >=
           (double)text.len * (double)family->n_kept_bytes;
}

/* Beside the one they have, bodies take clearly less than on their own. */
static bool is_helped(const struct family *family, struct slice text)
{
    struct buffer alone;
    size_t n_alone;

    buffer_init(&alone, 0);
    n_alone = pack(text, NULL, &alone) ? alone.len : text.len;
    buffer_free(&alone);
    return (double)family->n_kept_bytes * (double)text.len * 8 <
           (double)n_alone * (double)family->n_text_bytes * 7;
}

/* Those that another one would not help either have the next ones ever more seldom. */
static void judge(struct family *family, struct slice text)
{
    if (!family->dictionary || is_helped(family, text))
        family->n_vain = 0;
    else if (family->n_vain < VAIN_MOST)
        family->n_vain++;
}

static enum rc has_room(struct store_txn *txn, const struct dictionary_body *body, size_t n_more,
                        bool *may_make)
{
    static struct log_limit limit;
    const uint64_t share = body->n_journal_bytes / DICTIONARY_SHARE;
    const uint64_t n_most = share > DICTIONARY_ALL_BYTES ? share : DICTIONARY_ALL_BYTES;
    uint64_t n_bytes;
    enum rc rc = meta_get(txn, META_DICTIONARY_BYTES, &n_bytes);

    *may_make = n_bytes + n_more <= n_most;
    if (!rc && !*may_make)
        log_limited(
            &limit, LOG_INFO,
            "no room for another dictionary beside so short a journal: deliveries take more of it "
            "until older ones go dictionary_bytes=%llu most=%llu",
            (unsigned long long)n_bytes, (unsigned long long)n_most);
    return rc;
}

/* It serves up to the entry before `end_seq`, and not as long as it might. */
static enum rc end_early(struct store_txn *txn, const struct family *family, uint64_t end_seq)
{
    const struct store_key end = end_key(end_seq, family->first_seq);
    enum rc rc;

    if (!family->dictionary)
        return RC_OK;
    rc = row_forget(txn, TABLE_DICTIONARY_ENDS,
                    end_key(family->first_seq + DICTIONARY_SERVES, family->first_seq));
    return rc ? rc : store_put(txn, TABLE_DICTIONARY_ENDS, key_slice(&end), SLICE(""));
}

static enum rc put_dictionary(struct store_txn *txn, const struct family *family, struct slice text,
                              struct dictionary_body *body)
{
    const struct dictionary row = { .watcher = cut(body->watcher),
                                    .event_type = cut(body->event_type),
                                    .text = text };
    const uint64_t first_seq = body->seq + 1;
    const struct store_key end = end_key(first_seq + DICTIONARY_SERVES, first_seq);
    size_t n_bytes;
    enum rc rc = row_append(txn, TABLE_DICTIONARIES, &dictionary_shape, key_of_u64(first_seq), &row,
                            &n_bytes);

    body->n_bytes = n_bytes;
    if (!rc)
        rc = store_put(txn, TABLE_DICTIONARY_ENDS, key_slice(&end), SLICE(""));
    if (!rc)
        rc = end_early(txn, family, first_seq);
    return rc ? rc : count_bytes(txn, n_bytes, 0);
}

/* It takes the place of the one before. */
static enum rc take_over(struct dictionaries *dictionaries, struct store_txn *txn,
                         struct family *family, struct pack_dictionary *made,
                         struct dictionary_body *body)
{
    enum rc rc;

    dictionaries->has_made = true;
    rc = put_dictionary(txn, family, pack_dictionary_text(made), body);
    pack_dictionary_free(family->dictionary);
    family->dictionary = made;
    family->first_seq = body->seq + 1;
    return rc;
}

/* Without room or memory for it there is none, until as much has come once more. */
static enum rc make_dictionary(struct dictionaries *dictionaries, struct store_txn *txn,
                               struct family *family, struct dictionary_body *body)
{
    struct pack_dictionary *made =
        pack_dictionary_new(pack_dictionary_text(family->dictionary), body->text);
    bool may_make = false;
    enum rc rc = has_room(txn, body, pack_dictionary_text(made).len, &may_make);

    if (!rc && made && may_make)
        return take_over(dictionaries, txn, family, made, body);
    pack_dictionary_free(made);
    return rc;
}

/* One that has come to its end has none. */
static bool has_one(const struct family *family, uint64_t seq)
{
    return family->dictionary && seq < family->first_seq + DICTIONARY_SERVES;
}

static bool goes_first(const struct family *a, const struct family *b, uint64_t seq)
{
    if (has_one(a, seq) != has_one(b, seq))
        return has_one(b, seq);
    return a->last_seq < b->last_seq;
}

/* A place for one more: where all are taken, of one without a dictionary, of those the one that has not come for longest. */
static enum rc free_place(struct dictionaries *dictionaries, struct store_txn *txn, uint64_t seq,
                          struct family **place)
{
    struct family *first = dictionaries->families;
    enum rc rc = RC_OK;

    if (dictionaries->n_families < DICTIONARY_FAMILIES) {
        *place = &dictionaries->families[dictionaries->n_families++];
        return RC_OK;
    }
    for (size_t i = 1; i < DICTIONARY_FAMILIES; i++)
        if (goes_first(&dictionaries->families[i], first, seq))
            first = &dictionaries->families[i];
    if (has_one(first, seq)) {
        dictionaries->has_lost = true;
        rc = end_early(txn, first, seq);
    }
    pack_dictionary_free(first->dictionary);
    *place = first;
    return rc;
}

/* With the dictionary that serves this entry, or none. */
static enum rc family_of(struct dictionaries *dictionaries, struct store_txn *txn,
                         const struct dictionary_body *body, struct family **family)
{
    enum rc rc = RC_OK;

    *family = find_family(dictionaries, body->watcher, body->event_type);
    if (!*family) {
        rc = free_place(dictionaries, txn, body->seq, family);
        **family = (struct family){ .watcher = name_of(body->watcher),
                                    .event_type = name_of(body->event_type) };
    }
    if ((*family)->dictionary && !has_one(*family, body->seq)) {
        pack_dictionary_free((*family)->dictionary);
        (*family)->dictionary = NULL;
        forget_counts(*family);
    }
    (*family)->last_seq = body->seq;
    return rc;
}

/* What could not be stored with a dictionary may be stored without. */
static bool rests(struct dictionaries *dictionaries)
{
    if (!dictionaries->n_rest)
        return false;
    dictionaries->n_rest--;
    return true;
}

enum rc dictionaries_pack(struct dictionaries *dictionaries, struct store_txn *txn,
                          struct dictionary_body *body, struct buffer *packed)
{
    struct family *family;
    size_t n_kept_bytes;
    enum rc rc;

    body->dictionary = body->n_bytes = 0;
    if (body->text.len < PACK_LEAST_BYTES || body->text.len > DICTIONARY_BODY_MAX_BYTES) {
        body->is_packed = pack(body->text, NULL, packed);
        return RC_OK;
    }
    rc = family_of(dictionaries, txn, body, &family);
    if (rc)
        return rc;
    body->is_packed = pack(body->text, family->dictionary, packed);
    if (body->is_packed && family->dictionary)
        body->dictionary = family->first_seq;
    n_kept_bytes = body->is_packed ? packed->len : body->text.len;
    family->n_bodies++;
    family->n_text_bytes += body->text.len;
    family->n_kept_bytes += n_kept_bytes;
    if (rests(dictionaries) || !has_taken_enough(family) ||
        !is_sample(family, body->text, n_kept_bytes))
        return RC_OK;
    judge(family, body->text);
    forget_counts(family);
    return make_dictionary(dictionaries, txn, family, body);
}

void dictionaries_doubt(struct dictionaries *dictionaries)
{
    forget_all(dictionaries);
}

void dictionaries_end(struct dictionaries *dictionaries, bool is_committed)
{
    const bool has_made = dictionaries->has_made;

    if ((has_made || dictionaries->has_lost) && !is_committed)
        forget_all(dictionaries);
    if (has_made && is_committed) {
        dictionaries->next_rest = REST_FIRST;
    } else if (has_made) {
        dictionaries->n_rest = dictionaries->next_rest;
        dictionaries->next_rest *= dictionaries->next_rest < REST_MOST ? 2 : 1;
    }
    dictionaries->has_made = dictionaries->has_lost = false;
}
