#include "src/config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* What a proposal shows as its approvers has to be the one who may decide it. */
static void without_a_configuration_the_local_user_is_named_as_the_one_who_decides(void **state)
{
    const struct config_options options = { .resolve_secrets = false };
    struct approver_rule approvers = { .need = 1 };
    struct problems *problems;
    struct config *config;

    (void)state;
    unsetenv("VEDETTE_CONFIG");
    assert_int_equal(problems_new(&problems), RC_OK);
    assert_int_equal(config_load(&options, problems, &config), RC_OK);
    assert_int_equal(config->approvers_from.n_items, 1);
    assert_true(slice_eq(config->approvers_from.items[0], SLICE(CONFIG_LOCAL_PERSON)));
    approvers.from = config->approvers_from;
    assert_true(config_rights(config, SLICE(CONFIG_LOCAL_PERSON), &approvers, false,
                              (struct slice_list){ 0 })
                    .may_decide);
    assert_false(config_rights(config, SLICE("jane"), &approvers, false, (struct slice_list){ 0 })
                     .may_decide);
    config_free(config);
    problems_free(problems);
}

/* The problems of a vedette.yaml that holds `text`; NULL for none that is an error. */
static const char *first_error(const char *text, struct buffer *out)
{
    char path[] = "/tmp/vedette-config-XXXXXX";
    const struct config_options options = { .path = path };
    int fd = mkstemp(path);
    struct problems *problems;
    struct config *config = NULL;
    enum rc rc;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
    assert_int_equal(problems_new(&problems), RC_OK);
    rc = config_load(&options, problems, &config);
    assert_int_equal(unlink(path), 0);
    problems_format(problems, out);
    buffer_add_byte(out, '\0');
    config_free(config);
    problems_free(problems);
    return rc ? out->ptr : NULL;
}

static void an_address_that_is_none_is_told_by_line_and_column(void **state)
{
    static const struct {
        const char *text, *error; /* error NULL: valid */
    } cases[] = {
        { "listen: 127.0.0.1:8420", NULL },
        { "listen: [\"[::1]:8420\", unix:/run/v.sock]", NULL },
        { "listen: :8420", NULL },
        { "control: [127.0.0.1:8421, unix:/run/v.sock]", NULL },
        { "channels: {slack: {token: xoxb-1, signing_secret: s, channel: C1, listen: \"[::1]:1\"}}",
          NULL },
        { "channels: {slack: {listen: [127.0.0.1]}}", ":1:29: error: an address is HOST:PORT" },
        { "listen: 5", ":1:9: error: an address is HOST:PORT" },
        { "listen: [127.0.0.1:8420, localhost]", ":1:26: error: an address is HOST:PORT" },
        { "listen: [null]", ":1:10: error: an address is HOST:PORT" },
        { "secrets: {forge: {flie: forge.secret}}", "did you mean `file`?" },
        { "trusted_proxy: {secret_flie: proxy.secret}", "did you mean `secret_file`?" },
        { "listen: 127.0.0.1:http", ":1:9: error: an address is HOST:PORT" },
        { "control: 127.0.0.1:70000", ":1:10: error: an address is HOST:PORT" },
        { "control: \"unix:\"", ":1:10: error: an address is HOST:PORT" },
        { "control: [127.0.0.1:1, 127.0.0.1:2]", ":1:10: error: `control` is one HOST:PORT" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer out;
        const char *error;

        buffer_init(&out, 0);
        error = first_error(cases[i].text, &out);
        if (!cases[i].error != !error || (error && !strstr(error, cases[i].error)))
            fail_msg("%s: %s", cases[i].text, out.ptr);
        buffer_free(&out);
    }
}

static void r01_what_is_wrong_in_the_configuration_is_told_word_for_word(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        { "people: x", ":1:9: error: `people` is a map: NAME: {user: …, token_file: …}\n" },
        { "listen: {address: unix:/run/v.sock, tls: {cert: a, key: b}}",
          ":1:42: error: a unix socket needs no TLS: take `tls` away there\n" },
        { "people: {ada: x}", ":1:15: error: a map of members is expected here, not text\n" },
        { "people: {ada: {usr: ada}}", ":1:16: error: unknown member `usr`; did you mean `user`? "
                                       "valid here: user slack token token_file\n" },
        { "groups: {oncall: [ada]}", ":1:18: error: `ada` is nobody in `people`\n" },
        { "people: {ada: {user: ada}}\ngroups: x",
          ":2:9: error: `groups` is a map: NAME: [people]\n" },
        { "people: {ada: {user: ada}}\ngroups: {oncall: [eva]}",
          ":2:18: error: `eva` is nobody in `people`\n" },
        { "people: {ada: {user: ada}}\ngroups: {oncall: [[ada]]}",
          ":2:19: error: a name is wanted here, not a list\n" },
        { "people: {ada: {user: ada}}\ngroups: {oncall: ['slack:U1']}",
          ":2:18: error: `slack:U1` is nobody in `people`\n" },
        { "people: {ada: {user: ada}}\napprovers: {from: [ada], need: 2}",
          ":2:12: error: `need: 2` can never be met: `from` names 1 people\n" },
        { "people: {ada: {user: ada}}\napprovers: {from: [eva]}",
          ":2:12: error: `eva` is neither in `people` nor in `groups`\n" },
        { "secrets: x",
          ":1:10: error: `secrets` is a map of names, each {file: PATH} or {value: ${ENV}}\n" },
        { "secrets: {hub: x}", ":1:16: error: a secret is {file: PATH} or {value: ${ENV}}\n" },
        { "secrets: {hub: {file: a, value: b}}",
          ":1:33: error: give `value` or `value_file`, not both\n" },
        { "secrets: {hub: {value: '${}'}}",
          ":1:24: error: `${…}` needs the name of an environment variable\n" },
        { "trusted_proxy: x", ":1:16: error: `trusted_proxy` needs `secret_file: PATH`\n" },
        { "trusted_proxy: {}", ":1:16: error: `trusted_proxy` needs `secret_file: PATH`\n" },
        { "log: {level: loud}",
          ":1:14: error: `level` must be one of debug info warn error, not `loud`\n" },
        { "log: {format: xml}", ":1:15: error: `format` must be one of text json, not `xml`\n" },
        { "log: loud", ":1:6: error: a map of members is expected here, not text\n" },
        { "retention: {audit: 30d}",
          ":1:20: error: the audit trail is kept forever: `audit: forever` is the only value\n" },
        { "retention: {events: 5}",
          ":1:21: error: `events` must be a duration with its unit (90s, 5m, 1h, 7d), not `5`\n" },
        { "store: {max: 5}",
          ":1:14: error: `max` must be a size with its unit (64KB, 5MB, 2GB), not `5`\n" },
        { "control: [127.0.0.1:1, 127.0.0.1:2]",
          ":1:10: error: `control` is one HOST:PORT, and one unix:PATH beside it\n" },
        { "tls: {cert: a}", ":1:6: error: `key` is missing here: PEM: its private key\n" },
        { "maintenance: x", ":1:14: error: `maintenance` is a list of at most 200 maps, each with "
                            "where, days, from, to, tz, reason\n" },
        { "maintenance: [x]", ":1:15: error: maintenance is a map: {where: {service: shop}, days: "
                              "sun, from: \"02:00\", to: \"04:00\", tz: UTC, reason: backup}\n" },
        { "maintenance: [{where: {service: [a]}, days: sun, reason: x}]",
          ":1:33: error: a value of `where` is a text that the field is equal to, not a list\n" },
        { "maintenance: [{where: {}, reason: x}]",
          ":1:23: error: `where` names 1 to 16 fields: {\"rule\": \"ci-*\", \"service\": "
          "\"shop\"}\n" },
        { "rules: {a: b}", ":1:8: error: `rules` must be a text or a list of texts, not a map\n" },
        { "watchers: x", ":1:11: error: `watchers` must be a list, not text\n" },
        { "watchers: [x]", ":1:12: error: a watcher is a map, as `webhook: github`, not text\n" },
        { "watchers: [{webhook: githb}]",
          ":1:22: error: unknown sender `githb`; did you mean `github`?: one of `vedette hooks "
          "--senders`; `generic` takes any JSON\n" },
        { "watchers: [{}]", ":1:12: error: a watcher says what it watches: `webhook: SENDER`\n" },
        { "watchers: [{log: [a.log]}, {log: [b.log]}]",
          ":1:28: error: two watchers are called `log`: give one another `name`\n" },
        { "actions: x", ":1:10: error: `actions` is a map of names to actions, not text\n" },
        { "actions: {a: x}", ":1:14: error: a map of members is expected here, not text\n" },
        { "actions: {a: {}}", ":1:14: error: `effect` is missing here: none, write or external\n" },
        { "actions: {a: {run: [true]}}",
          ":1:14: error: `effect` is missing here: none, write or external\n" },
        { "actions: {a: {run: [/bin/true], effect: some}}",
          ":1:41: error: `effect` must be one of none write external, not `some`\n" },
        { "actions: {a: {run: [/bin/echo, '{{x}}'], effect: none}}",
          ":1:32: error: {{x}} is not a parameter of this action; `params` has: none\n" },
        { "people: {ada: {user: ada}}\nactions: {a: {run: [/bin/true], effect: none, approvers: "
          "{from: [ada], need: 2}}}",
          ":2:58: error: `need: 2` can never be met: `from` names 1 people\n" },
        { "people: {ada: {user: ada}}\nactions: {a: {run: [/bin/true], effect: none, approvers: "
          "{from: [eva]}}}",
          ":2:58: error: `eva` is neither in `people` nor in `groups`\n" },
        { "budget: 5", ":1:9: error: `budget` is {open: 5, per_hour: 6, per_day: 20, critical: 3}, "
                       "or `none`: nothing is held back\n" },
        { "channels: x",
          ":1:11: error: `channels` is a map of names, as `slack: {…}`, not text\n" },
        { "log: *x", ":1:6: error: aliases (*) are refused: quote the text, or write it out\n" },
        { "log: !t {level: info}", ":1:6: error: tags (!) are refused: quote the text\n" },
        { "log:\n  level: info\n  level: debug\n",
          ":3:3: error: `level` stands twice here; first at 2:3\n" },
        { "? [a]\n: b", ":1:3: error: a name must be text, not a list: quote `{{names}}`\n" },
        { "log: {level: info", ":2:1: error: the map opened at 1:6 needs a `,` or `}` here\n" },
        { "a: b\n---\nc: d", ":2:1: error: a second document begins here: a file holds one\n" },
        { ": x", ":1:1: error: in the map that begins at 1:1 another member was expected here: "
                 "look at the indentation and the quotes\n" },
    };
    size_t n_wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer out;
        const char *error;

        buffer_init(&out, 0);
        error = first_error(cases[i].text, &out);
        if (!error || !strstr(error, cases[i].error)) {
            print_message("%s\ngot: %s\n", cases[i].text, out.ptr);
            n_wrong++;
        }
        buffer_free(&out);
    }
    assert_int_equal(n_wrong, 0);
}

#define SLACK "slack: {token: xoxb-1-very-secret, signing_secret: deadbeef, channel: C1"

static void r01_a_word_that_overrides_the_file_is_told_with_where_it_comes_from(void **state)
{
    static const struct {
        const char *level, *level_of_env, *format, *format_of_env, *said;
    } cases[] = {
        { .level = "debug", .level_of_env = "loud", .format = "json", .said = "" },
        { .level = "loud",
          .said = "error: --log-level must be one of debug info warn error, not `loud`\n" },
        { .level_of_env = "WARN",
          .said = "error: VEDETTE_LOG_LEVEL must be one of debug info warn error, not `WARN`\n" },
        { .format = "xml", .said = "error: --log-format must be one of text json, not `xml`\n" },
        { .format_of_env = "xml",
          .said = "error: VEDETTE_LOG_FORMAT must be one of text json, not `xml`\n" },
        { .level = "loud",
          .format = "xml",
          .said = "error: --log-level must be one of debug info warn error, not `loud`\n"
                  "error: --log-format must be one of text json, not `xml`\n" },
    };

    (void)state;
    unsetenv("VEDETTE_CONFIG");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct config_options options = { .log_level = cases[i].level,
                                                .log_format = cases[i].format };
        struct problems *problems;
        struct config *config = NULL;
        struct buffer out;

        setenv("VEDETTE_LOG_LEVEL", cases[i].level_of_env ? cases[i].level_of_env : "", 1);
        setenv("VEDETTE_LOG_FORMAT", cases[i].format_of_env ? cases[i].format_of_env : "", 1);
        assert_int_equal(problems_new(&problems), RC_OK);
        assert_int_equal(config_load(&options, problems, &config),
                         *cases[i].said ? RC_INVALID : RC_OK);
        buffer_init(&out, 0);
        problems_format(problems, &out);
        buffer_add_byte(&out, '\0');
        assert_string_equal(out.ptr, cases[i].said);
        buffer_free(&out);
        config_free(config);
        problems_free(problems);
    }
    unsetenv("VEDETTE_LOG_LEVEL");
    unsetenv("VEDETTE_LOG_FORMAT");
}

static void what_is_wrong_with_a_channel_is_told_by_line_and_column(void **state)
{
    static const struct {
        const char *text, *error; /* error NULL: valid */
    } cases[] = {
        { "channels: {" SLACK "}}", NULL },
        { "people: {jane: {slack: U0123456789}, john: {slack: W012}}", NULL },
        { "people: {jane: {slack: '@jane'}}",
          ":1:24: error: `slack: @jane` is no member id (U… or W…), and names change: in Slack it "
          "is in the person's profile, ⋮, Copy member ID" },
        { "channels: [slack]", ":1:11: error: `channels` is a map of names" },
        { "channels:\n  " SLACK ", channl: C2}", ":2:77: error: unknown member `channl`" },
        { "people: {jane: {user: jane}}\ngroups: {oncall: [jane]}\nchannels:\n  " SLACK
          ", routes: [{groups: [oncall, jane], channel: C2}]}",
          NULL },
        { "channels:\n  " SLACK ", routes: [{groups: oncal, channel: C2}]}",
          ":2:95: error: `oncal` is neither in `people` nor in `groups`" },
        { "channels:\n  " SLACK ", routes: [{groups: [leads], channel: C2}]}",
          ":2:96: error: `leads` is neither in `people` nor in `groups`" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer out;
        const char *error;

        buffer_init(&out, 0);
        error = first_error(cases[i].text, &out);
        if (!cases[i].error != !error || (error && !strstr(error, cases[i].error)))
            fail_msg("%s: %s", cases[i].text, out.ptr);
        assert_null(strstr(out.ptr, "no effect"));
        assert_null(strstr(out.ptr, "very-secret"));
        buffer_free(&out);
    }
}

static void no_secret_of_a_channel_is_printed(void **state)
{
    char path[] = "/tmp/vedette-config-XXXXXX";
    static const char text[] =
        "channels: {slack: {token: xoxb-very-secret, app_token: xapp-very-secret, "
        "signing_secret: [very-secret-1, very-secret-2], channel: C0123456789}, "
        "discord: {url: \"https://discord.example.com/very-secret\"}}\n";
    const struct config_options options = { .path = path, .resolve_secrets = true };
    struct problems *problems;
    struct config *config;
    struct buffer out;
    int fd = mkstemp(path);

    (void)state;
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    assert_int_equal(close(fd), 0);
    assert_int_equal(problems_new(&problems), RC_OK);
    assert_int_equal(config_load(&options, problems, &config), RC_OK);
    assert_int_equal(unlink(path), 0);
    buffer_init(&out, 0);
    config_print(config, &out);
    buffer_add_byte(&out, '\0');
    assert_non_null(strstr(out.ptr, "C0123456789"));
    assert_null(strstr(out.ptr, "very-secret"));
    buffer_free(&out);
    config_free(config);
    problems_free(problems);
}

/* What a configuration says to a rule. */
static bool fits_rule(const char *config_text, const char *rule, struct buffer *out)
{
    char path[] = "/tmp/vedette-config-XXXXXX";
    struct config_options options = { .path = config_text ? path : NULL };
    struct rule_file file = { .name = SLICE("r.yaml") };
    const struct rule_files files = { &file, 1 };
    struct ruleset *ruleset = NULL;
    struct problems *problems;
    struct config *config = NULL;
    char rules[256];
    int fd = mkstemp(path);
    bool is_right;

    (void)snprintf(rules, sizeof rules, "rules:\n  - %s", rule);
    file.text = slice_of(rules);
    assert_true(fd >= 0);
    if (config_text)
        assert_int_equal(write(fd, config_text, strlen(config_text)), (ssize_t)strlen(config_text));
    assert_int_equal(close(fd), 0);
    assert_int_equal(problems_new(&problems), RC_OK);
    assert_int_equal(config_load(&options, problems, &config), RC_OK);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(ruleset_parse(&files, problems, &ruleset), RC_OK);
    is_right = config_check_rules(config, &files, ruleset, problems);
    problems_format(problems, out);
    buffer_add_byte(out, '\0');
    ruleset_free(ruleset);
    config_free(config);
    problems_free(problems);
    return is_right;
}

/* To one that collects `evidence`. */
static bool fits(const char *config_text, const char *evidence, struct buffer *out)
{
    char rule[200];

    (void)snprintf(rule, sizeof rule, "{id: a, on: alert, diagnose: {evidence: [%s]}}", evidence);
    return fits_rule(config_text, rule, out);
}

#define LOGS                                                                                       \
    "people: {jane: {user: jane}}\n"                                                               \
    "watchers: [{log: [/var/log/app.log], name: app}, {log: [/var/log/web.log], name: runner}, "   \
    "{stdin: true, name: pipe}, {journal: {}, name: system}, {webhook: github, secret: "           \
    "abcdefghijklmnop}]\n"

static void a_log_that_evidence_names_must_be_watched(void **state)
{
    static const struct {
        const char *config, *evidence, *said; /* said NULL: it fits */
    } cases[] = {
        { LOGS, "{log: app}", NULL },
        { LOGS, "{log: runnr}",
          "r.yaml:2:52: error: no log watcher `runnr` stands under `watchers` of the "
          "configuration; did you mean `runner`?" },
        { LOGS, "{log: {watcher: nothing-like-it}}",
          "error: no log watcher `nothing-like-it` stands under `watchers` of the "
          "configuration\n" },
        { LOGS, "{log: github}",
          "error: `github` is a webhook: only the files of a `log` watcher can be searched" },
        { LOGS, "{log: system}",
          "error: `system` is a journal: only the files of a `log` watcher can be searched" },
        /* Nobody knows what will be watched. */
        { NULL, "{log: app}", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer out;

        buffer_init(&out, 0);
        assert_int_equal(fits(cases[i].config, cases[i].evidence, &out), !cases[i].said);
        if (cases[i].said && !strstr(out.ptr, cases[i].said))
            fail_msg("not %s\nbut %s", cases[i].said, out.ptr);
        buffer_free(&out);
    }
}

static void standard_input_as_a_log_to_be_searched_is_a_warning(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 0);
    assert_true(fits(LOGS, "{log: pipe}", &out));
    assert_non_null(strstr(out.ptr, "warning: `pipe` is standard input, which cannot be searched"));
    buffer_free(&out);
}

#define TWO_PEOPLE "people: {jo: {user: jo}, al: {user: al}}\ngroups: {both: [jo, al]}\n"
#define ECHO(name, rest) name ": {run: [/bin/echo], effect: write" rest "}"

/* What can never be approved is no rule: the stricter `need` counts, and the last action that says who. */
static void so_many_approvers_as_rule_and_actions_need_there_must_be(void **state)
{
    static const struct {
        const char *config, *propose, *said; /* said NULL: it fits */
    } cases[] = {
        { TWO_PEOPLE "approvers: {from: [jo]}\nactions: {" ECHO("a", ", approvers: {need: 5}") "}",
          "plan: [{do: a}]",
          "r.yaml:2:41: error: rule `r`: `need: 5` of action `a`, but `from` of the configuration "
          "names 1 people\n" },
        { TWO_PEOPLE
          "approvers: {from: [both]}\nactions: {" ECHO("a", ", approvers: {need: 2}") "}",
          "plan: [{do: a}]", NULL },
        { TWO_PEOPLE
          "approvers: {from: [both]}\nactions: {" ECHO("a", ", approvers: {need: 2}") "}",
          "plan: [{do: a}], approvers: {from: [jo]}",
          "rule `r`: `need: 2` of action `a`, but `from` names 1 people\n" },
        { TWO_PEOPLE "approvers: {from: [jo]}\nactions: {" ECHO(
              "a", ", approvers: {need: 3}") ", " ECHO("b", ", approvers: {from: [both], need: "
                                                            "2}") "}",
          "plan: [{do: b}, {do: a}]",
          "r.yaml:2:50: error: rule `r`: `need: 3` of action `a`, but `from` of action `b` names 2 "
          "people\n" },
        { TWO_PEOPLE "approvers: {from: [jo]}\nactions: {" ECHO(
              "a", ", approvers: {need: 2}") ", " ECHO("b", ", approvers: {from: [both]}") "}",
          "plan: [{do: a}, {do: b}]", NULL },
        { TWO_PEOPLE "approvers: {from: [both], need: 2}\nactions: {" ECHO(
              "a", ", approvers: {from: [jo]}") "}",
          "plan: [{do: a}]",
          "rule `r`: `need: 2` of the configuration, but `from` of action `a` names 1 people\n" },
        { TWO_PEOPLE "approvers: {from: [jo]}", "approvers: {need: 2}",
          "r.yaml:2:5: error: rule `r`: `need: 2`, but `from` of the configuration names 1 "
          "people\n" },
        { TWO_PEOPLE "approvers: {from: [both], need: 2}", "approvers: {from: [al]}",
          "rule `r`: `need: 2` of the configuration, but `from` names 1 people\n" },
        /* Who is in it, Slack knows. */
        { "people: {jo: {user: jo}}\ngroups: {oncall: {members: [jo], slack: S0123ABCD}}\n"
          "approvers: {from: [oncall]}",
          "approvers: {need: 12}", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer out;
        char rule[200];

        (void)snprintf(rule, sizeof rule, "{id: r, on: alert, propose: {%s}}", cases[i].propose);
        buffer_init(&out, 0);
        if (fits_rule(cases[i].config, rule, &out) == !!cases[i].said ||
            (cases[i].said && !strstr(out.ptr, cases[i].said)))
            fail_msg("%s: not %s\nbut %s", cases[i].config, cases[i].said, out.ptr);
        buffer_free(&out);
    }
}

static void what_a_filter_waits_for_in_vain_is_a_warning_told_once(void **state)
{
    const char *warning = "r.yaml:2:61: warning: rule `a` waits for `alert`, which no configured "
                          "watcher can yield: add one under `watchers`, or take it out of `on` "
                          "[no-watcher]\n";
    struct buffer out;
    const char *said;

    (void)state;
    buffer_init(&out, 0);
    assert_true(fits_rule("people: {jane: {user: jane}}\n"
                          "watchers: [{log: [/var/log/app.log], name: app}]\n",
                          "{id: a, on: log, when: {sequence: [{match: '/x/'}, {on: alert}, {on: "
                          "alert, match: '/y/'}], within: 1m}}",
                          &out));
    said = strstr(out.ptr, warning);
    if (!said)
        fail_msg("%s", out.ptr);
    assert_null(strstr(said + 1, warning));
    buffer_free(&out);
}

static void of_what_nobody_sends_the_nearest_is_named_once(void **state)
{
#define WAITS(on) "warning: rule `a` waits for `" on "`, which no configured watcher can yield"
    static const struct {
        const char *on, *said;
    } cases[] = {
        { "alrt", "r.yaml:2:17: warning: `alrt` is not a kind of event; did you mean `alert`?\n" },
        { "ALERT",
          "r.yaml:2:17: warning: `ALERT` is not a kind of event; did you mean `alert`?\n" },
        { "github.workflow_rum",
          "r.yaml:2:17: " WAITS("github.workflow_rum") "; did you mean `github.workflow_run`? "
                                                       "[no-watcher]\n" },
        { "GitHub.push",
          "r.yaml:2:17: " WAITS("GitHub.push") "; did you mean `github.push`? [no-watcher]\n" },
        { "github.push", "r.yaml:2:17: " WAITS("github.push") ": add one under `watchers`, or take "
                                                              "it out of `on` [no-watcher]\n" },
        { "acme.thing", "r.yaml:2:17: " WAITS("acme.thing") ": add one under `watchers`, or take "
                                                            "it out of `on` [no-watcher]\n" },
        { "'alert*'", "r.yaml:2:17: " WAITS("alert*") ": add one under `watchers`, or take it out "
                                                      "of `on` [no-watcher]\n" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer out;
        const char *said;
        char rule[128];

        (void)snprintf(rule, sizeof rule, "{id: a, on: %s, where: {host: x}}", cases[i].on);
        buffer_init(&out, 0);
        assert_true(fits_rule("people: {jane: {user: jane}}\n"
                              "watchers: [{log: [/var/log/app.log], name: app}]\n",
                              rule, &out));
        said = strstr(out.ptr, "r.yaml");
        if (!said || strcmp(said, cases[i].said) != 0)
            fail_msg("%s: %s", rule, out.ptr);
        buffer_free(&out);
    }
}

static void what_is_waited_for_in_vain_may_be_meant_so(void **state)
{
    static const struct {
        const char *rule;
        bool is_warned;
    } cases[] = {
        { "{id: a, on: deploy}", true },
        { "{id: a, on: deploy}  # accept: no-watcher", false },
        { "{id: a, on: deploy}  # accept: broad, no-watcher", false },
        { "{id: a, on: deploy}  # accept: broad", true },
        { "id: a\n    on: deploy  # accept: no-watcher\n", false },
        { "id: a\n    # accept: no-watcher\n    on: [deploy, push]\n", false },
        { "id: a  # accept: no-watcher\n    on: deploy\n", false },
        { "id: a  # accept: no-watcher\n    mode: observe\n    on: deploy\n", true },
        { "id: a\n    on: [deploy, push]\n    title: x  # accept: no-watcher\n", true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer out;

        buffer_init(&out, 0);
        assert_true(fits_rule("people: {jane: {user: jane}}\n"
                              "watchers: [{log: [/var/log/app.log], name: app}]\n",
                              cases[i].rule, &out));
        if (cases[i].is_warned != !!strstr(out.ptr, "[no-watcher]"))
            fail_msg("%s: %s", cases[i].rule, out.ptr);
        buffer_free(&out);
    }
}

static void what_is_wrong_with_maintenance_is_told_by_line_and_column(void **state)
{
    static const struct {
        const char *text, *error; /* error NULL: valid */
    } cases[] = {
        { "maintenance: [{where: {service: shop}, days: sun, from: '02:00', to: '04:00', reason: "
          "backup}]",
          NULL },
        { "maintenance: []", NULL },
        { "maintenance: {where: {service: shop}}", ":1:14: error: `maintenance` is a list" },
        { "maintenance: [backup]", ":1:15: error: maintenance is a map" },
        { "maintenance: [{days: sun, reason: x}]", ":1:15: error: `where` is missing" },
        { "maintenance: [{where: {service: shop}}]", ":1:15: error: `reason` is missing" },
        { "maintenance: [{where: {service: [a]}, reason: x}]", ":1:33: error: a value of `where`" },
        { "maintenance: [{where: shop, reason: x}]", ":1:23: error: `where` is a map" },
        { "maintenance: [{where: {a: b}, dayz: sun, reason: x}]", "did you mean `days`" },
        { "maintenance: [{where: {a: b}, days: sum, reason: x}]",
          ":1:37: error: `sum` is no day; did you mean `sun`" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer out;
        const char *error;

        buffer_init(&out, 0);
        error = first_error(cases[i].text, &out);
        if (!cases[i].error != !error || (error && !strstr(error, cases[i].error)))
            fail_msg("%s: %s", cases[i].text, out.ptr);
        buffer_free(&out);
    }
}

/* Every member has a default; what is wrong is told where it stands. */
static void the_budget_is_a_map_of_limits_or_none(void **state)
{
    static const struct {
        const char *text, *error; /* NULL: none */
    } cases[] = {
        { "{}", NULL },
        { "none", NULL },
        { "{open: 1, per_hour: 1, per_day: 1, critical: 0}", NULL },
        { "{open: 1000, per_hour: 1000, per_day: 1000, critical: 100}", NULL },
        { "{open: 0}", ":2:16: error: `open` must be between 1 and 1000, not `0`" },
        { "{open: 1001}", ":2:16: error: `open` must be between 1 and 1000, not `1001`" },
        { "{per_hour: 0}", ":2:20: error: `per_hour` must be between 1 and 1000, not `0`" },
        { "{per_day: 1001}", ":2:19: error: `per_day` must be between 1 and 1000, not `1001`" },
        { "{critical: 101}", ":2:20: error: `critical` must be between 0 and 100, not `101`" },
        { "{opne: 3}", ":2:10: error: unknown member `opne`; did you mean `open`? valid here: open "
                       "per_hour per_day critical" },
        { "5", ":2:9: error: `budget` is {open: 5, per_hour: 6, per_day: 20, critical: 3}, or "
               "`none`: nothing is held back" },
        { "[none]", ":2:9: error: `budget` is {" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        struct buffer out;
        const char *error;

        buffer_init(&out, 0);
        snprintf(text, sizeof text, "state: /nowhere\nbudget: %s\n", cases[i].text);
        error = first_error(text, &out);
        if (!cases[i].error != !error || (error && !strstr(error, cases[i].error)))
            fail_msg("%s: %s", cases[i].text, out.ptr);
        buffer_free(&out);
    }
}

static void more_in_an_hour_than_in_a_day_is_a_warning(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 0);
    assert_null(first_error("state: /nowhere\nbudget: {per_hour: 21}\n", &out));
    assert_non_null(
        strstr(out.ptr, ":2:9: warning: `per_hour: 21` is never reached: `per_day` is 20"));
    buffer_free(&out);
    buffer_init(&out, 0);
    assert_null(first_error("state: /nowhere\nbudget: {per_hour: 20}\n", &out));
    assert_null(strstr(out.ptr, "never reached"));
    buffer_free(&out);
}

static void what_is_in_force_is_printed_with_its_defaults(void **state)
{
    const struct config_options options = { .resolve_secrets = false };
    struct problems *problems;
    struct config *config;
    struct buffer out;

    (void)state;
    unsetenv("VEDETTE_CONFIG");
    assert_int_equal(problems_new(&problems), RC_OK);
    assert_int_equal(config_load(&options, problems, &config), RC_OK);
    assert_true(config->budget.is_there);
    assert_false(config->budget.is_written);
    buffer_init(&out, 0);
    config_print(config, &out);
    buffer_add_byte(&out, '\0');
    assert_non_null(
        strstr(out.ptr, "budget: {open: 5, per_hour: 6, per_day: 20, critical: 3}  # default\n"));
    buffer_free(&out);
    config_free(config);
    problems_free(problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_budget_is_a_map_of_limits_or_none),
        cmocka_unit_test(more_in_an_hour_than_in_a_day_is_a_warning),
        cmocka_unit_test(what_is_in_force_is_printed_with_its_defaults),
        cmocka_unit_test(an_address_that_is_none_is_told_by_line_and_column),
        cmocka_unit_test(r01_what_is_wrong_in_the_configuration_is_told_word_for_word),
        cmocka_unit_test(r01_a_word_that_overrides_the_file_is_told_with_where_it_comes_from),
        cmocka_unit_test(what_is_wrong_with_a_channel_is_told_by_line_and_column),
        cmocka_unit_test(no_secret_of_a_channel_is_printed),
        cmocka_unit_test(a_log_that_evidence_names_must_be_watched),
        cmocka_unit_test(standard_input_as_a_log_to_be_searched_is_a_warning),
        cmocka_unit_test(so_many_approvers_as_rule_and_actions_need_there_must_be),
        cmocka_unit_test(what_a_filter_waits_for_in_vain_is_a_warning_told_once),
        cmocka_unit_test(of_what_nobody_sends_the_nearest_is_named_once),
        cmocka_unit_test(what_is_waited_for_in_vain_may_be_meant_so),
        cmocka_unit_test(without_a_configuration_the_local_user_is_named_as_the_one_who_decides),
        cmocka_unit_test(what_is_wrong_with_maintenance_is_told_by_line_and_column),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
