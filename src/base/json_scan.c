#include "src/base/json.h"
#include "src/base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#define DEPTH_MAX 256
/* Longer ones do not fit cJSON's own copy of a number. */
#define NUMBER_MAX_BYTES 63
/* A power of two: enough keys for a usual webhook, 4 KiB of stack. */
#define SLOTS_AT_FIRST 256

/* Every key of the text in one table: an object is its number, so nothing is taken out when it ends. */
struct key_slot {
    const char *ptr; /* NULL: free */
    uint32_t len;
    uint32_t object;
};

struct key_set {
    struct key_slot first[SLOTS_AT_FIRST];
    struct key_slot *slots; /* `first`, or from malloc */
    size_t n_slots;         /* a power of two */
    size_t n_keys;
    uint64_t seed;
};

struct container {
    uint32_t object; /* its number, from 1; 0: an array */
};

struct scanner {
    const char *start, *at, *end;
    struct json_limits limits;
    struct json_fault *fault;
    struct container open[DEPTH_MAX];
    uint32_t depth;
    uint32_t n_nodes;
    uint32_t n_objects;
    struct key_set keys;
    struct arena *unescaped; /* keys with escapes, as they read; made when the first one comes */
};

static enum rc refuse(struct scanner *scanner, enum rc rc, const char *at, const char *text)
{
    *scanner->fault = (struct json_fault){ .offset = (size_t)(at - scanner->start), .text = text };
    return rc;
}

static enum rc refuse_here(struct scanner *scanner, const char *text)
{
    return refuse(scanner, RC_INVALID, scanner->at, text);
}

static enum rc count_node(struct scanner *scanner)
{
    if (scanner->n_nodes >= scanner->limits.n_nodes)
        return refuse(scanner, RC_LIMIT, scanner->at, "too many values");
    scanner->n_nodes++;
    return RC_OK;
}

static void skip_blanks(struct scanner *scanner)
{
    while (scanner->at < scanner->end && (*scanner->at == ' ' || *scanner->at == '\n' ||
                                          *scanner->at == '\r' || *scanner->at == '\t'))
        scanner->at++;
}

static bool is_next(const struct scanner *scanner, char byte)
{
    return scanner->at < scanner->end && *scanner->at == byte;
}

/* --- strings --- */

static uint64_t load_u64(const char *ptr)
{
    uint64_t word;

    memcpy(&word, ptr, sizeof word);
    return word;
}

/* Some byte of `word` is a quote, a backslash, a control character or not ASCII. */
static bool has_special(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t tops = ones * 0x80;
    uint64_t quote = word ^ (ones * '"');
    uint64_t backslash = word ^ (ones * '\\');

    return (((quote - ones) | (backslash - ones) | (word - ones * 0x20) | word) & tops) != 0;
}

static void skip_plain(struct scanner *scanner)
{
    while (scanner->end - scanner->at >= 8 && !has_special(load_u64(scanner->at)))
        scanner->at += 8;
    while (scanner->at < scanner->end && *scanner->at >= 0x20 && *scanner->at != '"' &&
           *scanner->at != '\\')
        scanner->at++;
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

/* The four digits of a \u escape that stands at `at`; -1 when it is not one. */
static int32_t read_unit(const char *at, const char *end)
{
    int32_t unit = 0;

    if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
        return -1;
    for (size_t i = 2; i < 6; i++) {
        int digit = hex_value(at[i]);

        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

static enum rc scan_unicode_escape(struct scanner *scanner)
{
    int32_t unit = read_unit(scanner->at, scanner->end);
    int32_t low;

    if (unit < 0)
        return refuse_here(scanner, "\\u needs four hexadecimal digits");
    if (unit == 0)
        return refuse_here(scanner, "\\u0000 is not allowed");
    if (unit >= 0xdc00 && unit <= 0xdfff)
        return refuse_here(scanner, "half of a surrogate pair");
    if (unit >= 0xd800 && unit <= 0xdbff) {
        low = read_unit(scanner->at + 6, scanner->end);
        if (low < 0xdc00 || low > 0xdfff)
            return refuse_here(scanner, "half of a surrogate pair");
        scanner->at += 6;
    }
    scanner->at += 6;
    return RC_OK;
}

static enum rc scan_escape(struct scanner *scanner)
{
    if (scanner->end - scanner->at < 2)
        return refuse_here(scanner, "the string is never closed");
    if (scanner->at[1] == 'u')
        return scan_unicode_escape(scanner);
    if (!memchr("\"\\/bfnrt", scanner->at[1], 8))
        return refuse_here(scanner, "unknown escape");
    scanner->at += 2;
    return RC_OK;
}

static enum rc scan_wide_char(struct scanner *scanner)
{
    size_t len = utf8_char_len(scanner->at, (size_t)(scanner->end - scanner->at), NULL);

    if (len == 0)
        return refuse_here(scanner, "not UTF-8");
    scanner->at += len;
    return RC_OK;
}

static enum rc scan_special(struct scanner *scanner)
{
    if (*scanner->at == '\\')
        return scan_escape(scanner);
    if ((uint8_t)*scanner->at >= 0x80)
        return scan_wide_char(scanner);
    if (*scanner->at == '\0')
        return refuse_here(scanner, "NUL is not allowed");
    return refuse_here(scanner, "a control character in a string must be escaped");
}

/* From the opening quote to behind the closing one; `inside` is what stands between them. */
static enum rc scan_string(struct scanner *scanner, struct slice *inside, bool *has_escape)
{
    const char *open = scanner->at++;
    enum rc rc = RC_OK;

    *has_escape = false;
    while (rc == RC_OK) {
        skip_plain(scanner);
        if (scanner->at >= scanner->end)
            return refuse(scanner, RC_INVALID, open, "the string is never closed");
        if (*scanner->at == '"')
            break;
        *has_escape |= *scanner->at == '\\';
        rc = scan_special(scanner);
    }
    *inside = (struct slice){ open + 1, (size_t)(scanner->at - open - 1) };
    scanner->at++;
    return rc;
}

/* --- keys --- */

static size_t encode_utf8(uint32_t code_point, char *out)
{
    if (code_point < 0x80) {
        out[0] = (char)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        out[0] = (char)(0xc0 | code_point >> 6);
        out[1] = (char)(0x80 | (code_point & 0x3f));
        return 2;
    }
    if (code_point < 0x10000) {
        out[0] = (char)(0xe0 | code_point >> 12);
        out[1] = (char)(0x80 | (code_point >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code_point & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code_point >> 18);
    out[1] = (char)(0x80 | (code_point >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code_point >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code_point & 0x3f));
    return 4;
}

/* The escape at `*at`, which was scanned before: writes what it stands for, moves behind it. */
static size_t unescape_one(const char **at, const char *end, char *out)
{
    static const char written[] = "bfnrt";
    static const char meant[] = "\b\f\n\r\t";
    const char *found;
    uint32_t code_point;

    if ((*at)[1] == 'u') {
        code_point = (uint32_t)read_unit(*at, end);
        *at += 6;
        if (code_point >= 0xd800 && code_point <= 0xdbff) {
            code_point =
                0x10000 + ((code_point - 0xd800) << 10) + ((uint32_t)read_unit(*at, end) - 0xdc00);
            *at += 6;
        }
        return encode_utf8(code_point, out);
    }
    found = strchr(written, (*at)[1]);
    *out = found ? meant[found - written] : (*at)[1];
    *at += 2;
    return 1;
}

/* "a" and "\u0061" are the same key, so keys are compared as they read. An escape is never shorter than what it means. */
static enum rc unescape_key(struct scanner *scanner, struct slice *key)
{
    const char *at = key->ptr;
    const char *end = key->ptr + key->len;
    size_t len = 0;
    char *out;

    if (!scanner->unescaped) {
        /* Each piece may be rounded up to a multiple of the strictest alignment: never more than 16 times its bytes. */
        size_t limit_bytes = 16 * (size_t)(scanner->end - scanner->start) + 4096;
        enum rc rc = arena_new(limit_bytes, &scanner->unescaped);

        if (rc)
            return refuse(scanner, rc, key->ptr, "out of memory");
    }
    out = arena_alloc(scanner->unescaped, key->len, 1);
    if (!out)
        return refuse(scanner, RC_NO_MEMORY, key->ptr, "out of memory");
    while (at < end) {
        if (*at == '\\')
            len += unescape_one(&at, end, out + len);
        else
            out[len++] = *at++;
    }
    *key = (struct slice){ out, len };
    return RC_OK;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Seeded, so that nobody can choose keys that collide. */
static uint64_t hash_key(const struct key_set *keys, const struct key_slot *key)
{
    uint64_t hash = keys->seed ^ mix(key->object, UINT64_C(0x9e3779b97f4a7c15));
    const char *at = key->ptr;
    size_t left = key->len;

    for (; left >= 8; at += 8, left -= 8)
        hash = mix(hash ^ load_u64(at), UINT64_C(0xa0761d6478bd642f));
    if (left) {
        uint64_t word = 0;

        memcpy(&word, at, left);
        hash = mix(hash ^ word, UINT64_C(0xe7037ed1a0b428db));
    }
    return mix(hash ^ key->len, UINT64_C(0x8ebc6af09c88c6e3));
}

/* The slot that holds `key`, or the free one where it belongs. */
static struct key_slot *find_slot(const struct key_set *keys, const struct key_slot *key)
{
    size_t i = (size_t)hash_key(keys, key) & (keys->n_slots - 1);

    for (;; i = (i + 1) & (keys->n_slots - 1)) {
        struct key_slot *slot = &keys->slots[i];

        if (!slot->ptr || (slot->object == key->object && slot->len == key->len &&
                           memcmp(slot->ptr, key->ptr, key->len) == 0))
            return slot;
    }
}

static bool grow_keys(struct key_set *keys)
{
    struct key_slot *old = keys->slots;
    size_t n_old = keys->n_slots;
    struct key_slot *slots = calloc(n_old * 4, sizeof *slots);

    if (!slots)
        return false;
    keys->slots = slots;
    keys->n_slots = n_old * 4;
    for (size_t i = 0; i < n_old; i++)
        if (old[i].ptr)
            *find_slot(keys, &old[i]) = old[i];
    if (old != keys->first)
        free(old);
    return true;
}

static enum rc add_key(struct scanner *scanner, struct slice text, uint32_t object, const char *at)
{
    struct key_set *keys = &scanner->keys;
    struct key_slot key = { .ptr = text.ptr, .len = (uint32_t)text.len, .object = object };
    struct key_slot *slot;

    if (keys->n_keys * 4 >= keys->n_slots * 3 && !grow_keys(keys))
        return refuse(scanner, RC_NO_MEMORY, at, "out of memory");
    slot = find_slot(keys, &key);
    if (slot->ptr)
        return refuse(scanner, RC_INVALID, at, "a key stands twice in one object");
    *slot = key;
    keys->n_keys++;
    return RC_OK;
}

/* A key and its colon, from the opening quote on. */
static enum rc scan_key(struct scanner *scanner)
{
    const char *at = scanner->at;
    struct slice key;
    bool has_escape;
    enum rc rc;

    if (!is_next(scanner, '"'))
        return refuse_here(scanner, "a key in double quotes was expected");
    rc = count_node(scanner);
    if (rc)
        return rc;
    rc = scan_string(scanner, &key, &has_escape);
    if (rc == RC_OK && has_escape)
        rc = unescape_key(scanner, &key);
    if (rc == RC_OK)
        rc = add_key(scanner, key, scanner->open[scanner->depth - 1].object, at);
    if (rc)
        return rc;
    skip_blanks(scanner);
    if (!is_next(scanner, ':'))
        return refuse_here(scanner, "a colon was expected after the key");
    scanner->at++;
    skip_blanks(scanner);
    return RC_OK;
}

/* --- values --- */

static size_t skip_digits(struct scanner *scanner)
{
    const char *start = scanner->at;

    while (scanner->at < scanner->end && *scanner->at >= '0' && *scanner->at <= '9')
        scanner->at++;
    return (size_t)(scanner->at - start);
}

static enum rc scan_integer_part(struct scanner *scanner)
{
    const char *start = scanner->at;
    size_t n_digits = skip_digits(scanner);

    if (n_digits == 0)
        return refuse_here(scanner, "a digit was expected");
    if (n_digits > 1 && *start == '0')
        return refuse(scanner, RC_INVALID, start, "a number may not start with 0");
    return RC_OK;
}

static enum rc scan_number(struct scanner *scanner)
{
    const char *start = scanner->at;
    enum rc rc;

    if (is_next(scanner, '-'))
        scanner->at++;
    rc = scan_integer_part(scanner);
    if (rc)
        return rc;
    if (is_next(scanner, '.')) {
        scanner->at++;
        if (skip_digits(scanner) == 0)
            return refuse_here(scanner, "a digit was expected after the point");
    }
    if (is_next(scanner, 'e') || is_next(scanner, 'E')) {
        scanner->at++;
        if (is_next(scanner, '+') || is_next(scanner, '-'))
            scanner->at++;
        if (skip_digits(scanner) == 0)
            return refuse_here(scanner, "a digit was expected in the exponent");
    }
    if (scanner->at - start > NUMBER_MAX_BYTES)
        return refuse(scanner, RC_LIMIT, start, "a number of more than 63 characters");
    return RC_OK;
}

static enum rc scan_word(struct scanner *scanner, struct slice word)
{
    if ((size_t)(scanner->end - scanner->at) < word.len ||
        memcmp(scanner->at, word.ptr, word.len) != 0)
        return refuse_here(scanner, "a value was expected");
    scanner->at += word.len;
    return RC_OK;
}

/* Goes into an object or array, to where its first member or element or its end stands. */
static enum rc open_container(struct scanner *scanner, bool is_object)
{
    if (scanner->depth >= scanner->limits.depth || scanner->depth >= DEPTH_MAX)
        return refuse(scanner, RC_LIMIT, scanner->at, "nested too deeply");
    scanner->open[scanner->depth++].object = is_object ? ++scanner->n_objects : 0;
    scanner->at++;
    skip_blanks(scanner);
    return RC_OK;
}

static enum rc scan_scalar(struct scanner *scanner)
{
    struct slice inside;
    bool has_escape;

    switch (*scanner->at) {
    case '"':
        return scan_string(scanner, &inside, &has_escape);
    case 't':
        return scan_word(scanner, SLICE("true"));
    case 'f':
        return scan_word(scanner, SLICE("false"));
    case 'n':
        return scan_word(scanner, SLICE("null"));
    default:
        break;
    }
    if (*scanner->at == '-' || (*scanner->at >= '0' && *scanner->at <= '9'))
        return scan_number(scanner);
    return refuse_here(scanner, "a value was expected");
}

static char closing_byte(const struct scanner *scanner)
{
    return scanner->open[scanner->depth - 1].object ? '}' : ']';
}

/* Down to the first scalar or empty container that begins here. */
static enum rc scan_down(struct scanner *scanner)
{
    for (;;) {
        bool is_object = is_next(scanner, '{');
        enum rc rc;

        if (scanner->at >= scanner->end)
            return refuse_here(scanner, "a value was expected");
        rc = count_node(scanner);
        if (rc)
            return rc;
        if (!is_object && *scanner->at != '[')
            return scan_scalar(scanner);
        rc = open_container(scanner, is_object);
        if (rc || is_next(scanner, closing_byte(scanner)))
            return rc;
        rc = is_object ? scan_key(scanner) : RC_OK;
        if (rc)
            return rc;
    }
}

/* Behind a value, or at the end of an empty container: closes what ends here. `is_done` when nothing is open any more, else the next value follows. */
static enum rc scan_up(struct scanner *scanner, bool *is_done)
{
    for (*is_done = false;;) {
        skip_blanks(scanner);
        if (scanner->depth == 0) {
            *is_done = true;
            return RC_OK;
        }
        if (is_next(scanner, ','))
            break;
        if (!is_next(scanner, closing_byte(scanner)))
            return refuse_here(scanner, "a comma or the end of the object or array was expected");
        scanner->at++;
        scanner->depth--;
    }
    scanner->at++;
    skip_blanks(scanner);
    return scanner->open[scanner->depth - 1].object ? scan_key(scanner) : RC_OK;
}

static enum rc scan_text(struct scanner *scanner)
{
    bool is_done = false;
    enum rc rc = RC_OK;

    if (scanner->end - scanner->at >= 3 && memcmp(scanner->at, "\xef\xbb\xbf", 3) == 0)
        return refuse_here(scanner, "a byte order mark is not allowed");
    skip_blanks(scanner);
    if (scanner->at >= scanner->end)
        return refuse_here(scanner, "empty");
    while (rc == RC_OK && !is_done) {
        rc = scan_down(scanner);
        if (rc == RC_OK)
            rc = scan_up(scanner, &is_done);
    }
    if (rc == RC_OK && scanner->at < scanner->end)
        return refuse_here(scanner, "trailing characters after the value");
    return rc;
}

/* The kernel's 16 random bytes for this process. */
static uint64_t process_seed(void)
{
    const void *random = (const void *)getauxval(AT_RANDOM); /* NOLINT(performance-no-int-to-ptr) */

    return random ? load_u64(random) : 0;
}

enum rc json_scan(struct slice text, struct json_limits limits, struct json_fault *fault)
{
    struct scanner scanner;
    enum rc rc;

    if (text.len > UINT32_MAX) {
        *fault = (struct json_fault){ .text = "longer than 4 GiB" };
        return RC_LIMIT;
    }
    if (!text.ptr)
        text = SLICE("");
    /* Not one initialiser: it would clear the stack of open containers, too. */
    scanner.start = scanner.at = text.ptr;
    scanner.end = text.ptr + text.len;
    scanner.limits = limits;
    scanner.fault = fault;
    scanner.depth = scanner.n_nodes = scanner.n_objects = 0;
    scanner.unescaped = NULL;
    memset(scanner.keys.first, 0, sizeof scanner.keys.first);
    scanner.keys.slots = scanner.keys.first;
    scanner.keys.n_slots = SLOTS_AT_FIRST;
    scanner.keys.n_keys = 0;
    scanner.keys.seed = process_seed();

    rc = scan_text(&scanner);

    if (scanner.keys.slots != scanner.keys.first)
        free(scanner.keys.slots);
    arena_free(scanner.unescaped);
    return rc;
}
