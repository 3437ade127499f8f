#include "src/cli/command.h"

#include "src/base/problem.h"
#include "src/cli/commands_all.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What finds the daemon, for every command that talks to it. */
#define CLIENT OPTION_CONFIG, OPTION_URL, OPTION_TOKEN_FILE
#define INPUTS                                                                                     \
    OPTION_HOOK, OPTION_HEADER, OPTION_DELIVERIES, OPTION_EVENTS, OPTION_LOG, OPTION_TIME_FORMAT

#define INPUT_HELP                                                                                 \
    "INPUT is one or more of --hook, --deliveries, --events and --log; `-` as FILE is standard\n"  \
    "input, where lines that say no year are put into 2000.\n"                                     \
    "SENDER is a webhook of the configuration, or a sender (`vedette hooks --senders`).\n"

/* clang-format off */
const struct command commands[] = {
    { .name = "run", .operands = "", .summary = "run the daemon in the foreground",
      .options = { OPTION_CONFIG, OPTION_STATE, OPTION_LOG_FORMAT, OPTION_LOG_LEVEL }, .run = run_command },
    { .name = "check", .operands = "[RULEFILE…]", .max_operands = COMMAND_ANY_NUMBER, .summary = "validate the configuration and the rules",
      .more = "With RULEFILEs: these instead of the configured rules, against the configuration that is found.\n"
              "Needs no network and no state, and reads no secret. Exit 0, or 1 when there are errors.\n"
              "Mistakes in `tests:` are errors here and in `vedette test`; a start and a reload of the daemon look at no test.\n"
              "A warning that ends in [NAME] is accepted by a comment, `# accept: NAME`, in its line or the one before.\n"
              "--json: {severity, file, line, column, text, name} a line. As annotations of GitHub Actions:\n"
              "  vedette check --json | jq -r '\"::\\(.severity) file=\\(.file),line=\\(.line // 1),col=\\(.column // 1)::\\(.text)\"'\n",
      .options = { OPTION_CONFIG, OPTION_JSON, OPTION_STRICT, OPTION_PRINT, OPTION_VERBOSE }, .run = check_command },
    { .name = "reload", .operands = "", .summary = "let the daemon read its files again, or say why it does not",
      .options = { CLIENT, OPTION_JSON }, .run = reload_command },
    { .name = "init", .operands = "[DIR]", .max_operands = 1, .summary = "write a first configuration, a rule with its test, and secrets",
      .more = "Overwrites nothing.\n", .run = init_command },
    { .name = "doctor", .operands = "", .summary = "say what is wrong on this machine, and what to do",
      .options = { CLIENT, OPTION_JSON }, .run = doctor_command },
    { .name = "test", .operands = "[RULEFILE…]", .max_operands = COMMAND_ANY_NUMBER, .summary = "run the `tests:` of rule files in virtual time",
      .more = "Without RULEFILE: those of the configuration. A test runs over the rules of its file and those that they or its tests name.\n"
              "Exit 0; 1 when a test fails (or with --coverage --strict, when something is not exercised); 2 when --filter names none.\n"
              "events: {at: 5m, FIELD: VALUE…} · {hook: SENDER, headers: {…}, file: F | body: …} · {log: WATCHER, line: … | file: F}\n"
              "        {decide: VERDICT, by: WHO, reason, for, note, via, rule, key, step, with, settle} · {step: ok|failed|unknown}\n"
              "        {check: ok|failed} · {notice: silent|broken|back|lost|caught_up, watcher: NAME} · {resolve: RULE, key: […], by: WHO}\n"
              "expect: {at, rule, key, state, count, title, severity, fields} · {proposals: N, rule} · {signals: N, rule}\n"
              "        {at, rule, proposal: {title, plan, state, severity, question, key, signals, revision, expires, outcome, refused}}\n"
              "A test begins at `begin:` (default 2026-01-01T00:00:00Z) and time passes up to `until:`.\n",
      .options = { OPTION_CONFIG, OPTION_FILTER, OPTION_COVERAGE, OPTION_STRICT, OPTION_JUNIT, OPTION_JSON }, .run = test_command },
    { .name = "replay", .operands = "[--rules PATH…] INPUT…", .max_operands = COMMAND_ANY_NUMBER, .summary = "feed recorded input through rules, touching nothing",
      .more = INPUT_HELP "Prints a line of JSON for each transition. The same input and rules print the same bytes.\n"
              "Events stand oldest first: `vedette events --json --kind '*' --limit 100000 | tac`; of the whole journal, `backtest --transitions`\n"
              "prints the same.\n"
              "--profile: a table, or with --json an object for each of the ten. It holds what rules took where they were tried: on the\n"
              "text of a line, once more where that matches, and again where the line is folded. Finding what to try is not in it.\n",
      .options = { OPTION_CONFIG, OPTION_RULES, INPUTS, OPTION_SUMMARY, OPTION_QUIET, OPTION_PROFILE, OPTION_JSON }, .run = replay_command },
    { .name = "backtest", .operands = "--rules PATH… [INPUT…]", .max_operands = COMMAND_ANY_NUMBER, .summary = "what changed rules would have signalled and asked, beside the loaded ones",
      .more = "Over the events of the running daemon's journal, from --since (default 30d) on. What came before is folded as far as\n"
              "the rules' windows reach back, and not counted. Lines of logs that matched nothing are not in the journal: --log adds them,\n"
              "and its FILE stands for all that the journal has of the watcher NAME.\n"
              "With --hook, --deliveries or --events: over these instead, beside the configured rules, without a daemon.\n"
              "A PATH that is a file stands among the loaded ones, in place of those with its name or one of its rules; a directory\n"
              "stands for all. + are added, - gone, ~ changed: the same rule and key at the same time, or one that lasts into it.\n"
              "Nobody decides here: proposals wait until they expire or their signal ends, and then the rules' cooldown counts. Of the\n"
              "review budget per_hour and per_day count, open does not. Silences of then are left out; a signal that\n"
              "somebody ended by hand is ended.\n",
      .options = { CLIENT, OPTION_RULES, OPTION_AGAINST, OPTION_SINCE, INPUTS, OPTION_TRANSITIONS, OPTION_QUIET, OPTION_JSON }, .run = backtest_command },
    { .name = "explain", .operands = "ID | --rules PATH… INPUT…", .max_operands = COMMAND_ANY_NUMBER, .summary = "why a rule did or did not match: every gate of an event or a signal",
      .more = INPUT_HELP "Of an input: what each rule makes of it, those that missed it by one clause before the others; of more than ten events, how many\n"
              "each rule matched and missed, and by which clauses. Then the signals as they are when it ends, with what is missing to those that\n"
              "have not fired. --json explains each event, a line each, and has the signals in a last one.\n",
      .options = { CLIENT, OPTION_RULES, INPUTS, OPTION_JSON }, .run = explain_command },
    { .name = "fields", .operands = "INPUT…", .summary = "the events of an input as rules see them",
      .more = INPUT_HELP,
      .options = { OPTION_CONFIG, INPUTS, OPTION_JSON }, .run = fields_command },
    { .name = "send", .operands = "HOOK FILE | --sample NAME", .max_operands = 2, .summary = "post a payload to a hook of the running daemon, signed",
      .more = "`-` as FILE is standard input. With --sample, HOOK may be left out.\n"
              "Where the sender signs a time in the payload (Linear), it becomes that of now.\n",
      .options = { OPTION_CONFIG, OPTION_HEADER, OPTION_SAMPLE, OPTION_SAMPLES, OPTION_PRINT_CURL, OPTION_JSON }, .run = send_command },
    { .name = "hooks", .operands = "", .summary = "the webhook doors: URL to paste, events to tick, last delivery",
      .options = { CLIENT, OPTION_SENDERS, OPTION_JSON }, .run = hooks_command },
    { .name = "tail", .operands = "", .summary = "follow what happens",
      .more = "What becomes of signals, tasks, proposals and silences, as it happens. `vedette events` lists what was received, and\n"
              "`vedette status` says what holds a signal back.\n",
      .options = { CLIENT, OPTION_RULE, OPTION_WATCHER, OPTION_JSON }, .run = tail_command },
    { .name = "status", .operands = "", .summary = "health, watchers, rules, queues, what is held back and why",
      .options = { CLIENT, OPTION_JSON }, .run = status_command },
    { .name = "proposals", .operands = "", .summary = "list proposals, newest first",
      .options = { CLIENT, OPTION_LIST_STATE, OPTION_RULE, OPTION_SINCE, OPTION_LIMIT, OPTION_JSON }, .run = list_command },
    { .name = "signals", .operands = "", .summary = "list signals, newest first",
      .more = "Those that are pending, firing or resolved; with --state idle those that wait for a match.\n",
      .options = { CLIENT, OPTION_LIST_STATE, OPTION_RULE, OPTION_SINCE, OPTION_LIMIT, OPTION_JSON }, .run = list_command },
    { .name = "tasks", .operands = "", .summary = "list diagnosis tasks, newest first",
      .options = { CLIENT, OPTION_LIST_STATE, OPTION_RULE, OPTION_SINCE, OPTION_LIMIT, OPTION_JSON }, .run = list_command },
    { .name = "events", .operands = "", .summary = "list received events, newest first",
      .options = { CLIENT, OPTION_LIST_STATE, OPTION_KIND, OPTION_SINCE, OPTION_LIMIT, OPTION_JSON }, .run = list_command },
    { .name = "audit", .operands = "", .summary = "list who decided and what was done, newest first",
      .options = { CLIENT, OPTION_VERIFY, OPTION_SINCE, OPTION_LIMIT, OPTION_JSON }, .run = audit_command },
    { .name = "show", .operands = "ID", .min_operands = 1, .max_operands = 1, .summary = "one of them, whole",
      .more = "ID: prp_… or the five letters of a proposal, sig_…, tsk_…, evt_…, sil_…\n",
      .options = { CLIENT, OPTION_JSON }, .run = show_command },
    { .name = "approve", .operands = "ID", .min_operands = 1, .max_operands = 1, .summary = "approve a proposal's plan and follow its steps to their end",
      .more = "Prints the plan first, exactly as it will run, and asks on a terminal, unless --yes or --json stands there. Without a\n"
              "terminal, as in a script, it asks nothing and approves. Exit 1 when a step failed.\n",
      .options = { CLIENT, OPTION_YES, OPTION_NO_WAIT, OPTION_NOTE, OPTION_JSON }, .run = approve_command },
    { .name = "reject", .operands = "ID", .min_operands = 1, .max_operands = 1, .summary = "reject a proposal, with a reason",
      .options = { CLIENT, OPTION_REASON, OPTION_NOTE, OPTION_JSON }, .run = decide_command },
    { .name = "ack", .operands = "ID", .min_operands = 1, .max_operands = 1, .summary = "say that you are on it; it stays open",
      .options = { CLIENT, OPTION_NOTE, OPTION_JSON }, .run = decide_command },
    { .name = "snooze", .operands = "ID", .min_operands = 1, .max_operands = 1, .summary = "look at a proposal again later",
      .options = { CLIENT, OPTION_FOR, OPTION_NOTE, OPTION_JSON }, .run = decide_command },
    { .name = "edit", .operands = "ID", .min_operands = 1, .max_operands = 1, .summary = "change parameters of a proposal's plan, for a new revision that waits for approval",
      .more = "STEP counts from 1, and NAME is a parameter of that step's action: `vedette show ID` lists both. What is not set keeps\n"
              "its value. Approvals given before are void. Prints the new plan with its digest.\n",
      .options = { CLIENT, OPTION_SET, OPTION_NOTE, OPTION_JSON }, .run = edit_command },
    { .name = "take-back", .operands = "ID", .min_operands = 1, .max_operands = 1, .summary = "take your approval back while it is held",
      .options = { CLIENT, OPTION_NOTE, OPTION_JSON }, .run = decide_command },
    { .name = "undo", .operands = "ID", .min_operands = 1, .max_operands = 1, .summary = "undo what a proposal did, where its actions can be undone",
      .options = { CLIENT, OPTION_NOTE, OPTION_JSON }, .run = decide_command },
    { .name = "settle", .operands = "ID", .min_operands = 1, .max_operands = 1, .summary = "say what became of a step whose outcome is unknown",
      .options = { CLIENT, OPTION_RAN, OPTION_NOT_RAN, OPTION_NOTE, OPTION_JSON }, .run = decide_command },
    { .name = "replay-event", .operands = "EVT", .min_operands = 1, .max_operands = 1, .summary = "fold a delivery that was kept aside, once its rule or mapping is mended",
      .options = { CLIENT, OPTION_JSON }, .run = replay_event_command },
    { .name = "resolve", .operands = "SIG", .min_operands = 1, .max_operands = 1, .summary = "end a signal by hand",
      .options = { CLIENT, OPTION_JSON }, .run = resolve_command },
    { .name = "pause", .operands = "", .summary = "nothing acts until `vedette resume`; everything else goes on",
      .options = { CLIENT, OPTION_JSON }, .run = pause_command },
    { .name = "resume", .operands = "", .summary = "act again",
      .options = { CLIENT, OPTION_JSON }, .run = pause_command },
    { .name = "silence", .operands = "add | list | remove ID", .min_operands = 1, .max_operands = 2, .summary = "mute for a time what matches; list who muted what; unmute",
      .more = "add takes --where, --for and --reason. What it holds back asks when it ends or is removed, if it still fires.\n"
              "FIELD is rule, severity, signal.key[0], or a field of the event, of the key or of a capture.\n",
      .options = { CLIENT, OPTION_WHERE, OPTION_FOR, OPTION_REASON, OPTION_LIST_STATE, OPTION_SINCE, OPTION_LIMIT, OPTION_JSON }, .run = silence_command },
    { .name = "schema", .operands = "rules|config", .min_operands = 1, .max_operands = 1, .summary = "print the JSON Schema of rule files or of vedette.yaml, for editors",
      .more = "An editor with yaml-language-server completes, explains and checks a file that begins with\n"
              "  # yaml-language-server: $schema=schema/config.json\n"
              "where the path is relative to that file. `vedette init` writes both schemas; after an upgrade, renew them:\n"
              "  vedette schema rules >schema/rules.json; vedette schema config >schema/config.json\n",
      .run = schema_command },
    { .name = "completion", .operands = "bash|zsh|fish", .min_operands = 1, .max_operands = 1, .summary = "print shell completions",
      .run = completion_command },
    { .name = "version", .operands = "", .summary = "print the version",
      .options = { OPTION_JSON }, .run = version_command },
    { .name = "help", .operands = "[COMMAND]", .max_operands = 1, .summary = "print what a command does and takes",
      .run = help_command },
    { .name = NULL },
};
/* clang-format on */

#define N_COMMANDS (sizeof commands / sizeof *commands - 1)

/* Commands that are known to come: nobody should look for a typing error that is none. */
static const char *const not_yet[] = { "shapes", "export", "restore", NULL };

const struct command *command_find(struct slice name)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (slice_eq(name, slice_of(commands[i].name)))
            return &commands[i];
    return NULL;
}

const char *command_did_you_mean(struct slice word)
{
    const char *names[N_COMMANDS + 1] = { NULL };

    for (size_t i = 0; i < N_COMMANDS; i++)
        names[i] = commands[i].name;
    return problem_did_you_mean(word, names);
}

/* --- saying what is wrong --- */

static void say(const struct command *command, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static void say(const struct command *command, const char *format, va_list args)
{
    fputs(command ? "vedette " : "vedette", stderr);
    fputs(command ? command->name : "", stderr);
    fputs(": ", stderr);
    vfprintf(stderr, format, args);
    fputs("\n", stderr);
}

void complain(const struct command *command, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(command, format, args);
    va_end(args);
}

enum exit_code usage_error(const struct command *command, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(command, format, args);
    va_end(args);
    if (command)
        fprintf(stderr, "usage: vedette %s%s%s%s   (`vedette help %s` says more)\n", command->name,
                command->options[0] ? " [OPTION…]" : "", *command->operands ? " " : "",
                command->operands, command->name);
    else
        fprintf(stderr, "`vedette help` lists the commands\n");
    return EXIT_USAGE;
}

static enum exit_code refuse_unknown(const char *given)
{
    struct slice word = slice_of(given);
    const char *meant = command_did_you_mean(word);
    struct buffer shown;
    enum exit_code code;
    int ignored;

    if (!slice_to_enum(word, not_yet, &ignored))
        return usage_error(NULL, "this version does not have `%s` yet", given);
    buffer_init(&shown, 0);
    show_text(&shown, word);
    code = usage_error(NULL, "unknown command `%.*s`%s%s%s", SLICE_ARG(buffer_slice(&shown)),
                       meant ? "; did you mean `" : "", meant ? meant : "", meant ? "`?" : "");
    buffer_free(&shown);
    return code;
}

/* --- choosing --- */

/* `vedette --help`, `-h` and `--version`, as everybody tries them first; the same behind a command. */
static bool asks_for_help(const char *word)
{
    return !strcmp(word, "--help") || !strcmp(word, "-h");
}

static enum exit_code check_operands(const struct invocation *invocation)
{
    const struct command *command = invocation->command;

    if (invocation->n_operands < command->min_operands)
        return usage_error(command, "%s is missing", command->operands);
    if (invocation->n_operands > command->max_operands)
        return usage_error(command, "too many arguments");
    return EXIT_DONE;
}

static enum exit_code run(const struct command *command, int argc, char **argv)
{
    struct invocation invocation = { .command = command, .screen = screen_of_stdout() };
    int first_operand = argc;
    struct buffer why;
    enum exit_code code = EXIT_DONE;

    buffer_init(&why, 4096);
    if (options_parse(command->options, argc, argv, &invocation.options, &first_operand, &why))
        code = usage_error(command, "%.*s", SLICE_ARG(buffer_slice(&why)));
    buffer_free(&why);
    if (code)
        return code;
    invocation.operands = (const char *const *)argv + first_operand;
    invocation.n_operands = (size_t)(argc - first_operand);
    code = check_operands(&invocation);
    return code ? code : command->run(&invocation);
}

static enum exit_code help_for(const struct command *command)
{
    const char *operands[] = { command ? command->name : NULL };
    const struct invocation invocation = { .command = command_find(SLICE("help")),
                                           .operands = operands,
                                           .n_operands = command ? 1 : 0,
                                           .screen = screen_of_stdout() };

    return help_command(&invocation);
}

static enum exit_code choose(int argc, char **argv)
{
    const struct command *command;

    if (argc < 2)
        return usage_error(NULL, "which command?");
    if (asks_for_help(argv[1]))
        return help_for(NULL);
    command = command_find(!strcmp(argv[1], "--version") ? SLICE("version") : slice_of(argv[1]));
    if (!command)
        return refuse_unknown(argv[1]);
    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (asks_for_help(argv[i]))
            return help_for(command);
    return run(command, argc - 1, argv + 1);
}

int command_line_run(int argc, char **argv)
{
    return (int)choose(argc, argv);
}
