/* What rules ask of the members of a line (data.…), found by the bytes of the line: whatever the full evaluation matches is a candidate.
 *
 * A member's text need not stand in its line as it is. JSON may write every byte as \uXXXX, and quotes, slashes and what is no UTF-8 otherwise; logfmt and structured elements have
 * escapes of their own; of logfmt a bare name is true; and syslog's facility and severity are words for the number of its <PRI>. VEDETTE_SEED picks another sequence of lines and rules,
 * VEDETTE_ROUNDS more of it. */
#include "random.h"
#include "rule_fixture.h"
#include "rules/match.h"
#include "rules/prefilter.h"
#include "watchers/log_lines.h"

#define DEFAULT_SEED 20260102
#define DEFAULT_ROUNDS 400
#define N_RULES 12
#define N_LINES 24

/* What members say, and rules ask for. */
static const char *const words[] = {
    "error",
    "timeout",
    "disk full",
    "a/b/c d",
    "say \"no\" now",
    "back\\slash",
    "two\nrows",
    "caf\xc3\xa9",
    "\xf0\x9f\x94\xa5 fire",
    "true",
    "false",
    "rue",
    "1e5",
    "1.0",
    "100000",
    "-0.5",
    "Kelvin",
    "tab\there",
    "\x7f del",
    "k=v",
    "]brackets]",
    "null",
    "warning",
    "daemon",
    "u0065",
    "\\u0065r",
    "local7",
    "emerg",
    "x",
    "  blanks  ",
    "10.0.0.7",
    "2001:db8::7",
    "2026-11-21T08:00:00Z",
};

static const char *const members[] = {
    "level",
    "msg",
    "code",
    "a.b",
    "list[*]",
    "list[1]",
    "severity",
    "facility",
    "program",
    "pid",
    "message",
    "msgid",
    "host",
    "structured.ex.k",
    "structured.ex.severity",
    "[\"severity\"]",
    "flag",
    "[\"level\"]",
};

struct lines {
    uint64_t state;
    bool has_numbers; /* characters of this line may be written as \u and a number */
    struct buffer rules;
    struct buffer text;
    size_t n_pairs, n_matches, n_told;
};

static const char *pick_word(struct lines *lines)
{
    return RANDOM_OF(&lines->state, words);
}

/* -- rules -- */

/* A piece of the word as a pattern. */
static void write_matches(struct lines *lines, const char *word)
{
    size_t len = strlen(word), from = random_pick(&lines->state, (unsigned)len);
    size_t n_bytes = 1 + random_pick(&lines->state, (unsigned)(len - from));

    if (random_pick(&lines->state, 2)) {
        from = 0;
        n_bytes = len;
    }
    buffer_add_text(&lines->rules, random_pick(&lines->state, 4) ? "'/" : "'/^");
    for (size_t i = from; i < from + n_bytes; i++) {
        unsigned char byte = (unsigned char)word[i];

        if (byte == '/' || byte == ' ' || byte == '"')
            buffer_add_byte(&lines->rules, word[i]);
        else if ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z')
            buffer_add_byte(&lines->rules, word[i]);
        else
            buffer_format(&lines->rules, "\\x%02x", byte);
    }
    buffer_add_text(&lines->rules, random_pick(&lines->state, 2) ? "/'" : "/i'");
}

/* In double quotes, as YAML has it. A rule file holds no control characters: what has some is asked for by a pattern. */
static void write_equal(struct lines *lines, const char *word)
{
    if (slice_has_control(slice_of(word))) {
        write_matches(lines, word);
        return;
    }
    buffer_add_byte(&lines->rules, '"');
    for (; *word; word++) {
        if (*word == '"' || *word == '\\')
            buffer_add_byte(&lines->rules, '\\');
        buffer_add_byte(&lines->rules, *word);
    }
    buffer_add_byte(&lines->rules, '"');
}

/* What they ask for may be written in many ways. */
static const char *const without_literals[] = {
    "{ge: 1}",
    "{before: 3650d}",
    "{after: 3650d}",
    "{cidr: 10.0.0.0/8}",
    "{not: {cidr: 10.0.0.0/8}}",
    "[{cidr: '::/0'}, error]",
    "{some: {x: {exists: false}}}",
};

static void write_test(struct lines *lines)
{
    switch (random_pick(&lines->state, 16)) {
    case 0:
        buffer_add_text(&lines->rules, "{not: ");
        write_equal(lines, pick_word(lines));
        buffer_add_text(&lines->rules, "}");
        break;
    case 1:
        buffer_add_text(&lines->rules, "{exists: true}");
        break;
    case 2:
        buffer_add_text(&lines->rules, RANDOM_OF(&lines->state, without_literals));
        break;
    case 3:
        buffer_add_text(&lines->rules, "[");
        write_matches(lines, pick_word(lines));
        buffer_add_text(&lines->rules, ", ");
        write_equal(lines, pick_word(lines));
        buffer_add_text(&lines->rules, "]");
        break;
    case 4:
    case 5:
    case 6:
        write_matches(lines, pick_word(lines));
        break;
    default:
        write_equal(lines, pick_word(lines));
    }
}

static void write_rules(struct lines *lines)
{
    size_t n_members = sizeof(members) / sizeof(*members);

    lines->rules.len = 0;
    buffer_add_text(&lines->rules, "rules:\n");
    for (int i = 0; i < N_RULES; i++) {
        unsigned first = random_pick(&lines->state, (unsigned)n_members);

        buffer_format(&lines->rules,
                      "  - {id: r%d, on: log, key: [watcher], where: {'data.%s': ", i,
                      members[first]);
        write_test(lines);
        if (random_pick(&lines->state, 4) == 0) {
            buffer_format(&lines->rules,
                          ", 'data.%s': ", members[(first + 1) % (unsigned)n_members]);
            write_test(lines);
        }
        buffer_add_text(&lines->rules, "}}\n");
    }
    buffer_add_byte(&lines->rules, '\0');
}

/* -- lines -- */

static unsigned code_point(const char **text)
{
    const unsigned char *at = (const unsigned char *)*text;
    unsigned n_more = *at >= 0xf0 ? 3 : *at >= 0xe0 ? 2 : *at >= 0xc0 ? 1 : 0;
    unsigned value = n_more == 3 ? *at & 7U : n_more == 2 ? *at & 15U : n_more ? *at & 31U : *at;

    for (unsigned i = 1; i <= n_more; i++)
        value = value << 6 | (at[i] & 0x3fU);
    *text += n_more + 1;
    return value;
}

static void write_unit(struct lines *lines, unsigned unit)
{
    if (random_pick(&lines->state, 2))
        buffer_format(&lines->text, "\\u%04x", unit);
    else
        buffer_format(&lines->text, "\\u%04X", unit);
}

static void write_unicode(struct lines *lines, unsigned value)
{
    if (value >= 0x10000) {
        write_unit(lines, 0xd800 + ((value - 0x10000) >> 10));
        value = 0xdc00 + ((value - 0x10000) & 0x3ff);
    }
    write_unit(lines, value);
}

/* Each character as it is, or in one of the ways that JSON has for it, with \\u or without; `n_escapes` of a hundred may be either. */
static void write_json_text(struct lines *lines, const char *word, unsigned n_escapes)
{
    static const char shorts[] = "\"\"\\\\//\bb\ff\nn\rr\tt";
    bool has_numbers = lines->has_numbers;

    buffer_add_byte(&lines->text, '"');
    while (*word) {
        const char *start = word;
        unsigned value = code_point(&word);
        bool is_free = random_pick(&lines->state, 100) >= n_escapes && value >= 0x20 &&
                       value != '"' && value != '\\';
        size_t i = 0;

        while (i < sizeof(shorts) - 1 && (unsigned char)shorts[i] != value)
            i += 2;
        if (is_free)
            buffer_add(&lines->text, (struct slice){ start, (size_t)(word - start) });
        else if (i < sizeof(shorts) - 1 && (!has_numbers || random_pick(&lines->state, 2)))
            buffer_format(&lines->text, "\\%c", shorts[i + 1]);
        else if (has_numbers || value < 0x20)
            write_unicode(lines, value);
        else
            buffer_add(&lines->text, (struct slice){ start, (size_t)(word - start) });
    }
    if (random_pick(&lines->state, 30) == 0)
        buffer_add_byte(&lines->text, '\xff');
    buffer_add_byte(&lines->text, '"');
}

static void write_json_value(struct lines *lines)
{
    static const char *const plain[] = { "true",   "false", "null",    "1e5",     "1.0",
                                         "100000", "-0.5",  "1E5",     "10.0e+4", "-5e-1",
                                         "1.00",   "-0.50", "100000.0" };

    if (random_pick(&lines->state, 4) == 0)
        buffer_add_text(&lines->text, RANDOM_OF(&lines->state, plain));
    else
        write_json_text(lines, pick_word(lines), random_pick(&lines->state, 2) ? 0 : 30);
}

static void write_json_member(struct lines *lines, const char *name)
{
    write_json_text(lines, name, random_pick(&lines->state, 40) ? 0 : 30);
    buffer_add_text(&lines->text, random_pick(&lines->state, 4) ? ":" : " : ");
}

static void write_json_line(struct lines *lines)
{
    static const char *const names[] = { "level",   "msg",     "code", "severity", "facility",
                                         "program", "message", "pid",  "flag",     "host" };

    lines->has_numbers = random_pick(&lines->state, 2);
    buffer_add_byte(&lines->text, '{');
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (random_pick(&lines->state, 2))
            continue;
        write_json_member(lines, names[i]);
        write_json_value(lines);
        buffer_add_text(&lines->text, ", ");
    }
    write_json_member(lines, "a");
    buffer_add_text(&lines->text, "{\"b\":");
    write_json_value(lines);
    buffer_add_text(&lines->text, "},\"list\":[");
    write_json_value(lines);
    buffer_add_text(&lines->text, ",");
    write_json_value(lines);
    buffer_add_text(&lines->text, random_pick(&lines->state, 20) ? "]}" : "]");
}

/* In quotes, with the escapes that are known there. */
static void write_quoted(struct lines *lines, const char *word, const char *must, const char *may)
{
    buffer_add_byte(&lines->text, '"');
    for (; *word; word++) {
        if (*word == '\n' || *word == '\t')
            buffer_add_text(&lines->text, *word == '\n' ? "\\n" : "\\t");
        else if (strchr(must, *word) || (strchr(may, *word) && random_pick(&lines->state, 2)))
            buffer_format(&lines->text, "\\%c", *word);
        else
            buffer_add_byte(&lines->text, *word);
    }
    buffer_add_byte(&lines->text, '"');
}

static void write_logfmt_line(struct lines *lines)
{
    static const char *const names[] = { "level", "msg", "code", "severity", "facility", "flag" };

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const char *word = pick_word(lines);

        if (random_pick(&lines->state, 3) == 0)
            continue;
        buffer_format(&lines->text, " %s", names[i]);
        if (random_pick(&lines->state, 5) == 0)
            continue;
        buffer_add_byte(&lines->text, '=');
        if (strpbrk(word, " \n\t\"") || random_pick(&lines->state, 2))
            write_quoted(lines, word, "\"", "\\");
        else
            buffer_add_text(&lines->text, word);
        if (random_pick(&lines->state, 30) == 0)
            buffer_add_byte(&lines->text, '\xfe');
    }
}

static void write_one_row(struct lines *lines, const char *word)
{
    for (; *word; word++)
        buffer_add_byte(&lines->text, *word == '\n' ? ' ' : *word);
}

static void write_name(struct lines *lines)
{
    for (const char *word = pick_word(lines); *word; word++)
        if ((unsigned char)*word > ' ' && !strchr("[]:\"", *word))
            buffer_add_byte(&lines->text, *word);
}

static void write_syslog_line(struct lines *lines)
{
    if (random_pick(&lines->state, 3)) {
        buffer_format(&lines->text, "<%u>1 - h", random_pick(&lines->state, 192));
        for (int i = 0; i < 3; i++) {
            buffer_add_text(&lines->text, " z");
            write_name(lines);
        }
        buffer_add_text(&lines->text, " [ex k=");
        write_quoted(lines, pick_word(lines), "\"]", "\\");
        buffer_add_text(&lines->text, " severity=");
        write_quoted(lines, pick_word(lines), "\"]", "\\");
        buffer_add_text(&lines->text, "] ");
    } else {
        buffer_format(&lines->text, "<%u>Nov 29 10:00:00 h z", random_pick(&lines->state, 192));
        write_name(lines);
        buffer_add_text(&lines->text, "[12]: ");
    }
    write_one_row(lines, pick_word(lines));
    if (random_pick(&lines->state, 30) == 0)
        buffer_add_byte(&lines->text, '\xfe');
}

static void (*const write_line[])(struct lines *lines) = {
    [LINE_JSON] = write_json_line,
    [LINE_LOGFMT] = write_logfmt_line,
    [LINE_SYSLOG] = write_syslog_line,
};

/* -- what is told, and what is found -- */

struct round {
    struct ruleset *set;
    struct prefilter *prefilter;
    struct prefilter_scratch *scratch;
    struct matcher *matcher;
    struct arena *arena;
    struct candidate_list candidates;
    uint32_t all[N_RULES], told[N_RULES];
};

static size_t list_told(struct round *round, size_t begin)
{
    const struct candidate_list *candidates = &round->candidates;
    size_t first = 0, n = 0;

    while (first < candidates->n_items && candidates->items[first].begin < begin)
        first++;
    while (first + n < candidates->n_items && candidates->items[first + n].begin == begin)
        n++;
    return prefilter_merge(round->prefilter, candidates->items + first, n, round->told);
}

/* What all rules make of the line, those make that were told, and those that are asked without a screen. */
static void assert_line(struct lines *lines, struct round *round, enum line_format format,
                        struct slice line, size_t begin)
{
    const struct log_watch watch = { .name = { "app", 3 }, .format = format };
    const struct log_line read = { .text = line };
    struct match_list found, among_told, asked;
    struct json *tree = NULL;
    struct event event;
    size_t n_told = list_told(round, begin);

    arena_reset(round->arena);
    assert_int_equal(
        log_line_event(&watch, (struct slice){ 0 }, &read, 1, round->arena, &event, &tree), RC_OK);
    assert_int_equal(match_event_by(round->matcher, round->set, &event, round->all, N_RULES,
                                    round->arena, &found),
                     RC_OK);
    assert_int_equal(match_event_by(round->matcher, round->set, &event, round->told, n_told,
                                    round->arena, &among_told),
                     RC_OK);
    assert_int_equal(match_event(round->matcher, round->set, &event, round->arena, &asked), RC_OK);
    if (found.n_items != among_told.n_items || found.n_items != asked.n_items)
        print_message("%s%.*s\n", lines->rules.ptr, SLICE_ARG(line));
    assert_int_equal(found.n_items, among_told.n_items);
    assert_int_equal(found.n_items, asked.n_items);
    for (size_t i = 0; i < found.n_items; i++) {
        assert_ptr_equal(found.items[i].rule, among_told.items[i].rule);
        assert_ptr_equal(found.items[i].rule, asked.items[i].rule);
        lines->n_matches +=
            prefilter_means(round->prefilter, (uint32_t)found.items[i].rule->index) ==
            PREFILTER_LITERAL;
    }
    json_free(tree);
    lines->n_pairs += N_RULES;
    lines->n_told += n_told;
}

static void play_lines(struct lines *lines, struct round *round, enum line_format format)
{
    struct slice rest;

    lines->text.len = 0;
    for (int i = 0; i < N_LINES; i++) {
        write_line[format](lines);
        buffer_add_byte(&lines->text, '\n');
    }
    assert_int_equal(prefilter_scan_lines(round->prefilter, buffer_slice(&lines->text),
                                          round->scratch, &round->candidates),
                     RC_OK);
    for (rest = buffer_slice(&lines->text); rest.len;) {
        size_t begin = lines->text.len - rest.len;

        assert_line(lines, round, format, slice_cut(&rest, '\n'), begin);
    }
}

static void play_round(struct lines *lines, struct round *round)
{
    static const enum line_format formats[] = { LINE_JSON, LINE_LOGFMT, LINE_SYSLOG };
    const struct prefilter_texts texts = { .kind = { "log", 3 },
                                           .type = { "log.line", 8 },
                                           .holds_data = true,
                                           .sample = buffer_slice(&lines->text) };

    write_rules(lines);
    round->set = rules_of(lines->rules.ptr);
    assert_int_equal(prefilter_new(round->set, &texts, &round->prefilter), RC_OK);
    for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
        play_lines(lines, round, formats[i]);
    prefilter_free(round->prefilter);
    ruleset_free(round->set);
}

static void what_members_say_is_found_however_it_is_written(void **state)
{
    static struct lines lines;
    static struct round round;
    uint64_t n_rounds = random_setting("VEDETTE_ROUNDS", DEFAULT_ROUNDS);

    (void)state;
    lines.state = random_setting("VEDETTE_SEED", DEFAULT_SEED);
    print_message("VEDETTE_SEED=%llu VEDETTE_ROUNDS=%llu\n", (unsigned long long)lines.state,
                  (unsigned long long)n_rounds);
    buffer_init(&lines.rules, 0);
    buffer_init(&lines.text, 0);
    assert_int_equal(arena_new((size_t)16 << 20, &round.arena), RC_OK);
    assert_int_equal(prefilter_scratch_new(&round.scratch), RC_OK);
    assert_int_equal(matcher_new(&round.matcher), RC_OK);
    for (uint32_t i = 0; i < N_RULES; i++)
        round.all[i] = i;
    for (uint64_t i = 0; i < n_rounds; i++)
        play_round(&lines, &round);
    print_message("%zu pairs, %zu matches by literals, %zu told\n", lines.n_pairs, lines.n_matches,
                  lines.n_told);
    assert_true(lines.n_matches > n_rounds);
    assert_true(lines.n_told < lines.n_pairs * 3 / 4);
    matcher_free(round.matcher);
    prefilter_scratch_free(round.scratch);
    arena_free(round.arena);
    buffer_free(&lines.rules);
    buffer_free(&lines.text);
}

/* Syslog says them as a number: they are asked of every line. */
static void facility_and_severity_are_not_looked_for_in_the_line(void **state)
{
    struct prefilter_texts texts = { .kind = { "log", 3 },
                                     .type = { "log.line", 8 },
                                     .holds_data = true };
    struct ruleset *set =
        rules_of("rules:\n"
                 "  - {id: a, on: log, where: {data.severity: warning}}\n"
                 "  - {id: b, on: log, where: {data.facility: daemon}}\n"
                 "  - {id: c, on: log, where: {'data.[\"severity\"]': warning}}\n"
                 "  - {id: d, on: log, where: {'data[\"severity\"]': warning}}\n"
                 "  - {id: e, on: log, where: {data.structured.ex.severity: warning}}\n"
                 "  - {id: f, on: log, where: {data.level: 'rue'}}\n"
                 "  - {id: g, on: log, where: {data.level: 'error'}}\n");
    static const enum prefilter_means expected[] = { PREFILTER_ALWAYS,  PREFILTER_ALWAYS,
                                                     PREFILTER_ALWAYS,  PREFILTER_ALWAYS,
                                                     PREFILTER_LITERAL, PREFILTER_ALWAYS,
                                                     PREFILTER_LITERAL };
    struct prefilter *prefilter = NULL;

    (void)state;
    assert_int_equal(prefilter_new(set, &texts, &prefilter), RC_OK);
    for (uint32_t i = 0; i < sizeof(expected) / sizeof(*expected); i++)
        assert_int_equal(prefilter_means(prefilter, i), expected[i]);
    prefilter_free(prefilter);
    texts.holds_data = false; /* an event whose data stand elsewhere */
    assert_int_equal(prefilter_new(set, &texts, &prefilter), RC_OK);
    for (uint32_t i = 0; i < sizeof(expected) / sizeof(*expected); i++)
        assert_int_equal(prefilter_means(prefilter, i), PREFILTER_ALWAYS);
    prefilter_free(prefilter);
    ruleset_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_members_say_is_found_however_it_is_written),
        cmocka_unit_test(facility_and_severity_are_not_looked_for_in_the_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
