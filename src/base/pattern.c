#include "src/base/pattern.h"

#include "src/base/utf8.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define PATTERN_MAX_BYTES ((size_t)16 * 1024)
#define GROUPS_MAX 100
#define SUBJECT_MAX_BYTES ((size_t)64 * 1024)
/* The interpreter's limits start anew at every offset: what is quadratic must stay small. */
#define SUBJECT_MAX_BYTES_WITHOUT_JIT ((size_t)2 * 1024)
/* Beside the codes of PCRE2, which are negative. */
#define SUBJECT_TOO_LONG 1
#define SUBJECT_NOT_UTF8 2
#define MATCH_LIMIT 100000
#define DEPTH_LIMIT 20000
#define HEAP_LIMIT_KIB 16384
#define JIT_STACK_START_BYTES ((size_t)32 * 1024)
#define JIT_STACK_MAX_BYTES ((size_t)1024 * 1024)

struct group {
    struct slice name; /* borrows the code's name table */
    uint32_t number;
};

/* What the first search makes of the code: most patterns of a large set never come to it, and machine code is most of what
 * they would take. Once `is_made` nothing of it changes. */
struct machine {
    _Atomic bool is_made;
    size_t subject_max_bytes;
};

struct pattern {
    pcre2_code *code; /* with the flag u it takes UTF-8 alone, and says so of other text */
    /* With the flag u: the same for text that has bad bytes. The interpreter alone has it, since the JIT of PCRE2 before 10.43
     * takes nothing beyond ASCII for \S, \D and \W when it has to expect bad bytes, and its [^k] in any case takes those. */
    pcre2_code *code_of_broken;
    struct machine *machine;
    char *source; /* `/pattern/flags` */
    size_t source_bytes;
    struct group *groups; /* the named ones, by number */
    size_t n_groups;
};

struct pattern_scratch {
    pcre2_match_data *match;
    pcre2_match_context *context;
    pcre2_jit_stack *jit_stack;
    struct slice subject; /* of the last match */
    int error;
};

/* -- how it is written -- */

static const struct {
    char letter;
    uint32_t option;
} flags[] = {
    { .letter = 'i', .option = PCRE2_CASELESS },
    { .letter = 'x', .option = PCRE2_EXTENDED },
    { .letter = 's', .option = PCRE2_DOTALL },
    { .letter = 'u', .option = PCRE2_UTF },
};

/* Flags of other languages, too, so that pattern_parse can say what is wrong with them. */
static bool is_flag_anywhere(char byte)
{
    return byte != '\0' && strchr("ixsugmy", byte) != NULL;
}

/* `/pattern/flags`: the last slash ends the pattern. False when it has not this form. */
static bool cut_parts(struct slice text, struct slice *inside, struct slice *letters)
{
    const char *last;

    if (slice_is_absent(text) || !slice_starts(text, SLICE("/")))
        return false;
    last = memrchr(text.ptr, '/', text.len);
    if (!last || last == text.ptr)
        return false;
    *inside = (struct slice){ text.ptr + 1, (size_t)(last - text.ptr - 1) };
    *letters = (struct slice){ last + 1, text.len - inside->len - 2 };
    for (size_t i = 0; i < letters->len; i++)
        if (!is_flag_anywhere(letters->ptr[i]))
            return false;
    return true;
}

bool pattern_is_written(struct slice text)
{
    struct slice inside;
    struct slice letters;

    return cut_parts(text, &inside, &letters);
}

static enum rc refuse(struct json_fault *fault, size_t offset, const char *text)
{
    *fault = (struct json_fault){ .offset = offset, .text = text };
    return RC_INVALID;
}

/* 0 for a letter that is no flag of ours. */
static uint32_t option_of(char letter)
{
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (flags[i].letter == letter)
            return flags[i].option;
    return 0;
}

static enum rc read_flags(struct slice text, struct slice letters, uint32_t *options,
                          struct json_fault *fault)
{
    *options = PCRE2_NEVER_BACKSLASH_C;
    for (size_t i = 0; i < letters.len; i++) {
        uint32_t option = option_of(letters.ptr[i]);

        if (!option)
            return refuse(
                fault, text.len - letters.len + i,
                "unknown flag; known: i (any case), x (blanks are layout), s (. is also a "
                "line end), u (UTF-8)");
        *options |= option;
    }
    /* Without the flag, nothing in the pattern may switch UTF mode on. */
    if (!(*options & PCRE2_UTF))
        *options |= PCRE2_NEVER_UTF;
    return RC_OK;
}

static enum rc check_controls(struct slice inside, struct json_fault *fault)
{
    for (size_t i = 0; i < inside.len; i++) {
        if (inside.ptr[i] == '\n')
            return refuse(fault, i + 1,
                          "a line end in the pattern: `>-` makes blanks of those that a long "
                          "pattern has (with the flag x)");
        if (slice_has_control((struct slice){ inside.ptr + i, 1 }))
            return refuse(fault, i + 1,
                          "a control character in the pattern: write it in single quotes, where "
                          "\\b stays as it is");
    }
    return RC_OK;
}

static enum rc check_inside(struct slice inside, struct json_fault *fault)
{
    if (inside.len == 0)
        return refuse(fault, 1, "the pattern is empty");
    if (inside.len > PATTERN_MAX_BYTES)
        return refuse(fault, 1, "the pattern is longer than 16 KiB");
    if (slice_starts(inside, SLICE("(*")))
        return refuse(fault, 1, "a pattern may not start with (*");
    return check_controls(inside, fault);
}

/* -- compiling -- */

static enum rc refuse_compile(int error, size_t offset, struct arena *arena,
                              struct json_fault *fault)
{
    PCRE2_UCHAR message[256] = "";
    struct slice text;

    if (error == PCRE2_ERROR_HEAP_FAILED)
        return RC_NO_MEMORY;
    /* Told behind the escape that it is about. */
    if (error == PCRE2_ERROR_BACKSLASH_C_CALLER_DISABLED && offset >= 2)
        offset -= 2;
    (void)pcre2_get_error_message(error, message, sizeof message);
    if (arena_copy(arena, slice_of((const char *)message), &text) != RC_OK)
        return RC_NO_MEMORY;
    return refuse(fault, offset + 1, text.ptr);
}

/* Gives what stands behind the first callout. */
static int is_callout(pcre2_callout_enumerate_block *block, void *offset)
{
    *(size_t *)offset = block->pattern_position;
    return 1;
}

/* Where the last `(?C` before `end` begins. */
static size_t callout_start(struct slice inside, size_t end)
{
    size_t start = end;

    while (start > 0 &&
           !slice_starts((struct slice){ inside.ptr + start, inside.len - start }, SLICE("(?C")))
        start--;
    return start;
}

static enum rc compile(struct pattern *pattern, struct slice inside, uint32_t options,
                       struct arena *arena, struct json_fault *fault)
{
    uint32_t n_groups = 0;
    size_t offset;
    int error;

    pattern->code =
        pcre2_compile((PCRE2_SPTR)inside.ptr, inside.len, options, &error, &offset, NULL);
    if (!pattern->code)
        return refuse_compile(error, offset, arena, fault);
    if (pcre2_callout_enumerate(pattern->code, is_callout, &offset) != 0)
        return refuse(fault, callout_start(inside, offset) + 1, "callouts are not allowed");
    (void)pcre2_pattern_info(pattern->code, PCRE2_INFO_CAPTURECOUNT, &n_groups);
    if (n_groups > GROUPS_MAX)
        return refuse(fault, 1, "more than 100 groups: use (?:…) where nothing is captured");
    if (!(options & PCRE2_UTF))
        return RC_OK;
    pattern->code_of_broken =
        pcre2_compile((PCRE2_SPTR)inside.ptr, inside.len, options | PCRE2_MATCH_INVALID_UTF, &error,
                      &offset, NULL);
    return pattern->code_of_broken ? RC_OK : RC_NO_MEMORY;
}

/* A pattern and its machine, in one piece of memory. */
static struct pattern *pattern_alloc(void)
{
    struct {
        struct pattern pattern;
        struct machine machine;
    } *made = calloc(1, sizeof(*made));

    if (!made)
        return NULL;
    made->pattern.machine = &made->machine;
    return &made->pattern;
}

static int compare_groups(const void *a, const void *b)
{
    const struct group *left = a;
    const struct group *right = b;

    return left->number < right->number ? -1 : left->number > right->number;
}

/* The name table holds two bytes of number, then a terminated name, sorted by name. */
static enum rc list_groups(struct pattern *pattern, struct json_fault *fault)
{
    PCRE2_SPTR table = NULL;
    uint32_t entry_bytes = 0;
    uint32_t n_names = 0;

    (void)pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMECOUNT, &n_names);
    (void)pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMEENTRYSIZE, &entry_bytes);
    (void)pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMETABLE, &table);
    if (n_names == 0)
        return RC_OK;
    pattern->groups = calloc(n_names, sizeof(*pattern->groups));
    if (!pattern->groups)
        return RC_NO_MEMORY;
    for (; pattern->n_groups < n_names; table += entry_bytes, pattern->n_groups++) {
        struct group *group = &pattern->groups[pattern->n_groups];

        group->number = (uint32_t)table[0] << 8 | table[1];
        group->name = slice_of((const char *)table + 2);
        if (pattern->n_groups && slice_eq(group->name, group[-1].name))
            return refuse(fault, 1, "two groups have the same name");
    }
    qsort(pattern->groups, pattern->n_groups, sizeof(*pattern->groups), compare_groups);
    return RC_OK;
}

static enum rc copy_source(struct pattern *pattern, struct slice text)
{
    pattern->source = malloc(text.len);
    if (!pattern->source)
        return RC_NO_MEMORY;
    memcpy(pattern->source, text.ptr, text.len);
    pattern->source_bytes = text.len;
    return RC_OK;
}

enum rc pattern_parse(struct slice text, struct arena *arena, struct pattern **pattern,
                      struct json_fault *fault)
{
    struct slice inside;
    struct slice letters;
    struct pattern *made = NULL;
    uint32_t options;
    enum rc rc;

    if (!cut_parts(text, &inside, &letters))
        return refuse(fault, 0, "a pattern stands between slashes: /pattern/ or /pattern/i");
    rc = read_flags(text, letters, &options, fault);
    if (rc == RC_OK)
        rc = check_inside(inside, fault);
    if (rc)
        return rc;
    *fault = (struct json_fault){ .text = "out of memory" };
    made = pattern_alloc();
    if (!made)
        return RC_NO_MEMORY;
    rc = copy_source(made, text);
    if (rc == RC_OK)
        rc = compile(made, inside, options, arena, fault);
    if (rc == RC_OK)
        rc = list_groups(made, fault);
    if (rc)
        pattern_free(made);
    else
        *pattern = made;
    return rc;
}

enum rc pattern_twin(const struct pattern *pattern, struct pattern **twin)
{
    struct pattern *made = pattern_alloc();

    if (!made)
        return RC_NO_MEMORY;
    made->code = pcre2_code_copy(pattern->code);
    made->code_of_broken = pcre2_code_copy(pattern->code_of_broken); /* NULL of NULL */
    if (!made->code || !made->code_of_broken != !pattern->code_of_broken) {
        pattern_free(made);
        return RC_NO_MEMORY;
    }
    *twin = made;
    return RC_OK;
}

void pattern_free(struct pattern *pattern)
{
    if (!pattern)
        return;
    pcre2_code_free(pattern->code);
    pcre2_code_free(pattern->code_of_broken);
    free(pattern->groups);
    free(pattern->source);
    free(pattern);
}

void patterns_give_back(void)
{
    pcre2_jit_free_unused_memory(NULL);
}

struct slice pattern_source(const struct pattern *pattern)
{
    return (struct slice){ pattern->source, pattern->source_bytes };
}

bool pattern_may_match_empty(const struct pattern *pattern)
{
    uint32_t may_match = 0;

    (void)pcre2_pattern_info(pattern->code, PCRE2_INFO_MATCHEMPTY, &may_match);
    return may_match != 0;
}

char pattern_needed_byte(const struct pattern *pattern)
{
    uint32_t is_known = 0;
    uint32_t byte = 0;

    (void)pcre2_pattern_info(pattern->code, PCRE2_INFO_LASTCODETYPE, &is_known);
    (void)pcre2_pattern_info(pattern->code, PCRE2_INFO_LASTCODEUNIT, &byte);
    return is_known ? (char)byte : '\0';
}

struct slice pattern_group(const struct pattern *pattern, size_t i)
{
    return i < pattern->n_groups ? pattern->groups[i].name : (struct slice){ 0 };
}

bool pattern_jit_available(void)
{
    int error;
    size_t offset;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR) "a+b", 3, 0, &error, &offset, NULL);
    bool is_available = code && pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0;

    pcre2_code_free(code);
    return is_available;
}

/* -- matching -- */

enum rc pattern_scratch_new(struct pattern_scratch **scratch)
{
    struct pattern_scratch *made = calloc(1, sizeof(*made));

    if (!made)
        return RC_NO_MEMORY;
    made->match = pcre2_match_data_create(GROUPS_MAX + 1, NULL);
    made->context = pcre2_match_context_create(NULL);
    made->jit_stack = pcre2_jit_stack_create(JIT_STACK_START_BYTES, JIT_STACK_MAX_BYTES, NULL);
    if (!made->match || !made->context) {
        pattern_scratch_free(made);
        return RC_NO_MEMORY;
    }
    (void)pcre2_set_match_limit(made->context, MATCH_LIMIT);
    (void)pcre2_set_depth_limit(made->context, DEPTH_LIMIT);
    (void)pcre2_set_heap_limit(made->context, HEAP_LIMIT_KIB);
    /* Without a stack of its own (no JIT here), the library's default stands in. */
    if (made->jit_stack)
        pcre2_jit_stack_assign(made->context, NULL, made->jit_stack);
    *scratch = made;
    return RC_OK;
}

void pattern_scratch_free(struct pattern_scratch *scratch)
{
    if (!scratch)
        return;
    pcre2_jit_stack_free(scratch->jit_stack);
    pcre2_match_context_free(scratch->context);
    pcre2_match_data_free(scratch->match);
    free(scratch);
}

/* Before anything is matched: nobody may match with a code that is being compiled. */
static void make_machine(const struct pattern *pattern)
{
    static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;
    struct machine *machine = pattern->machine;

    if (atomic_load_explicit(&machine->is_made, memory_order_acquire))
        return;
    pthread_mutex_lock(&making);
    if (!atomic_load_explicit(&machine->is_made, memory_order_relaxed)) {
        machine->subject_max_bytes = pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE) == 0
                                         ? SUBJECT_MAX_BYTES
                                         : SUBJECT_MAX_BYTES_WITHOUT_JIT;
        atomic_store_explicit(&machine->is_made, true, memory_order_release);
    }
    pthread_mutex_unlock(&making);
}

/* What PCRE2 says. */
static int match_part(const pcre2_code *code, struct slice subject, uint32_t options,
                      struct pattern_scratch *scratch)
{
    scratch->subject = subject;
    return pcre2_match(code, (PCRE2_SPTR)subject.ptr, subject.len, 0, options, scratch->match,
                       scratch->context);
}

/* With the flag u of a text that is not UTF-8; what `code_of_broken` finds is never told so. */
static bool is_of_broken_text(int result)
{
    return result <= PCRE2_ERROR_UTF8_ERR1 && result >= PCRE2_ERROR_UTF8_ERR21;
}

static enum pattern_result result_of(int result, struct pattern_scratch *scratch)
{
    if (result >= 0)
        return PATTERN_MATCH;
    if (result == PCRE2_ERROR_NOMATCH)
        return PATTERN_NO_MATCH;
    scratch->error = result;
    return PATTERN_ERROR;
}

/* How far the cut at `at` has to move so that it goes through no character of UTF-8: 0 as well where it goes through none. */
static size_t bytes_to_border(struct slice text, size_t at)
{
    for (size_t n_back = 1; n_back <= 3; n_back++) {
        size_t n_bytes = utf8_char_len(text.ptr + at - n_back, text.len - at + n_back, NULL);

        if (n_bytes)
            return n_bytes > n_back ? n_back : 0;
    }
    return 0;
}

/* The first and the last part of a longer text. */
static int search_ends(const pcre2_code *code, struct slice subject, size_t max_bytes,
                       struct pattern_scratch *scratch)
{
    const size_t half = max_bytes / 2;
    size_t begin = subject.len - half;
    int result;

    if (subject.len <= max_bytes)
        return match_part(code, subject, 0, scratch);
    result = match_part(code, (struct slice){ subject.ptr, half - bytes_to_border(subject, half) },
                        PCRE2_NOTEOL, scratch);
    if (result != PCRE2_ERROR_NOMATCH)
        return result;
    begin -= bytes_to_border(subject, begin);
    return match_part(code, (struct slice){ subject.ptr + begin, subject.len - begin },
                      PCRE2_NOTBOL, scratch);
}

enum pattern_result pattern_search(const struct pattern *pattern, struct slice subject,
                                   struct pattern_scratch *scratch)
{
    int result;

    if (slice_is_absent(subject))
        subject = SLICE("");
    make_machine(pattern);
    result = search_ends(pattern->code, subject, pattern->machine->subject_max_bytes, scratch);
    if (!is_of_broken_text(result))
        return result_of(result, scratch);
    result = search_ends(pattern->code_of_broken, subject, SUBJECT_MAX_BYTES_WITHOUT_JIT, scratch);
    /* A byte is all that it takes to get there: nobody is to hide behind one unseen. */
    if (result != PCRE2_ERROR_NOMATCH || subject.len <= SUBJECT_MAX_BYTES_WITHOUT_JIT)
        return result_of(result, scratch);
    scratch->error = SUBJECT_NOT_UTF8;
    return PATTERN_ERROR;
}

/* ENDANCHORED sends this to the interpreter. Anchored, there is one offset to start from, so that its limits hold for the
 * whole match. A bad byte matches nothing, so that a text with one never matches whole; `code_of_broken` would take
 * what stands between two of them for the whole. */
enum pattern_result pattern_match_whole(const struct pattern *pattern, struct slice subject,
                                        struct pattern_scratch *scratch)
{
    int result;

    if (slice_is_absent(subject))
        subject = SLICE("");
    if (subject.len > SUBJECT_MAX_BYTES) {
        scratch->error = SUBJECT_TOO_LONG;
        return PATTERN_ERROR;
    }
    make_machine(pattern);
    result = match_part(pattern->code, subject, PCRE2_ANCHORED | PCRE2_ENDANCHORED, scratch);
    return is_of_broken_text(result) ? PATTERN_NO_MATCH : result_of(result, scratch);
}

struct slice pattern_captured(const struct pattern *pattern, size_t i,
                              const struct pattern_scratch *scratch)
{
    const size_t *offsets = pcre2_get_ovector_pointer(scratch->match);
    size_t start;
    size_t end;

    if (i >= pattern->n_groups)
        return (struct slice){ 0 };
    start = offsets[2 * (size_t)pattern->groups[i].number];
    end = offsets[2 * (size_t)pattern->groups[i].number + 1];
    /* \K in a lookahead can put the start behind the end. */
    if (start == PCRE2_UNSET || start > end)
        return (struct slice){ 0 };
    return (struct slice){ scratch->subject.ptr + start, end - start };
}

const char *pattern_error_text(const struct pattern_scratch *scratch)
{
    switch (scratch->error) {
    case PCRE2_ERROR_MATCHLIMIT:
        return "match limit reached";
    case PCRE2_ERROR_DEPTHLIMIT:
        return "depth limit reached";
    case PCRE2_ERROR_HEAPLIMIT:
        return "heap limit reached";
    case PCRE2_ERROR_JIT_STACKLIMIT:
        return "JIT stack limit reached";
    case PCRE2_ERROR_NOMEMORY:
        return "out of memory";
    case SUBJECT_TOO_LONG:
        return "the text is longer than 64 KiB";
    case SUBJECT_NOT_UTF8:
        return "the text is not UTF-8: only its first and last KiB were searched";
    default:
        return "matching failed";
    }
}
