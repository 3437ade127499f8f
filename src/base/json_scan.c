#include "src/base/json.h"
#include "src/base/json_escape.h"
#include "src/base/json_keys.h"
#include "src/base/utf8.h"

#include <endian.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include <string.h>

#define DEPTH_MAX 256
/* Longer ones do not fit cJSON's own copy of a number. */
#define NUMBER_MAX_BYTES 63

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
    struct json_keys keys;
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
    return le64toh(word);
}

/* Marks at the top bit of each byte of `word` that is a quote, a backslash, a control character or not ASCII; above the first of them, marks may be wrong. */
static uint64_t specials(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t tops = ones * 0x80;
    uint64_t quote = word ^ (ones * '"');
    uint64_t backslash = word ^ (ones * '\\');

    return ((quote - ones) | (backslash - ones) | (word - ones * 0x20) | word) & tops;
}

/* True: a special one was found. Most keys and values end within one of these steps, which makes a branch that can be foreseen. */
static bool skip_blocks(struct scanner *scanner)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'),
                  blank = _mm_set1_epi8(' ');

    for (; scanner->end - scanner->at >= 16; scanner->at += 16) {
        __m128i block = _mm_loadu_si128((const __m128i *)(const void *)scanner->at);
        /* Signed: what is not ASCII is below a blank, too. */
        __m128i marks = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, backslash)),
            _mm_cmplt_epi8(block, blank));
        unsigned mask = (unsigned)_mm_movemask_epi8(marks);

        if (mask) {
            scanner->at += __builtin_ctz(mask);
            return true;
        }
    }
#else
    (void)scanner;
#endif
    return false;
}

static void skip_plain(struct scanner *scanner)
{
    if (skip_blocks(scanner))
        return;
    for (; scanner->end - scanner->at >= 8; scanner->at += 8) {
        uint64_t marks = specials(load_u64(scanner->at));

        if (marks) {
            scanner->at += __builtin_ctzll(marks) / 8;
            return;
        }
    }
    /* Signed: what is not ASCII is below a blank, too. */
    while (scanner->at < scanner->end && (int8_t)*scanner->at >= 0x20 && *scanner->at != '"' &&
           *scanner->at != '\\')
        scanner->at++;
}

static enum rc scan_unicode_escape(struct scanner *scanner)
{
    int32_t unit = json_read_unit(scanner->at, scanner->end);
    int32_t low;

    if (unit < 0)
        return refuse_here(scanner, "\\u needs four hexadecimal digits");
    if (unit == 0)
        return refuse_here(scanner, "\\u0000 is not allowed");
    if (unit >= 0xdc00 && unit <= 0xdfff)
        return refuse_here(scanner, "half of a surrogate pair");
    if (unit >= 0xd800 && unit <= 0xdbff) {
        low = json_read_unit(scanner->at + 6, scanner->end);
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
    if (rc)
        return rc;
    rc = json_keys_add(&scanner->keys, scanner->open[scanner->depth - 1].object, key, has_escape);
    if (rc == RC_CONFLICT)
        return refuse(scanner, RC_INVALID, at, "a key stands twice in one object");
    if (rc)
        return refuse(scanner, rc, at, "out of memory");
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
    json_keys_init(&scanner.keys, text.len);
    rc = scan_text(&scanner);
    json_keys_free(&scanner.keys);
    return rc;
}
