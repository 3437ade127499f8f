#include "src/daemon/daemon.h"

#include "actions/channels/slack.h"
#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/base/http_client.h"
#include "src/base/metrics.h"
#include "src/base/process.h"
#include "src/daemon/announce.h"
#include "src/daemon/catching_up.h"
#include "src/daemon/counters.h"
#include "src/daemon/doors.h"
#include "src/daemon/effects.h"
#include "src/daemon/http_inherit.h"
#include "src/daemon/posting.h"
#include "src/daemon/routes.h"
#include "src/daemon/slack_socket.h"
#include "src/daemon/start_rules.h"
#include "src/daemon/tailing.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define EXIT_CONFIG 78 /* EX_CONFIG of sysexits(3) */
#define RENEW_MS 60000 /* certificates are renewed by others, who need not tell us */
#define FILES_ARENA_BYTES ((size_t)256 << 20)

struct daemon {
    const struct daemon_options *options;
    struct problems *problems;
    struct config *config; /* until the service takes it */
    struct store *store;
    struct arena *files_arena;
    struct start_rules rules;
    size_t n_rules; /* at the start */
    struct service *service;
    struct effects *effects;
    struct engine *engine;
    struct inlet *inlet;
    bool is_working; /* the engine's thread */
    struct tailing *tailing;
    struct posting *posting;
    struct slack_socket *slack_socket;
    struct catching_up *catching_up;
    struct routes *public_routes, *control_routes, *slack_routes;
    struct http_routes public_handlers, control_handlers, slack_handlers;
    struct doors doors;
    int signals;
    int fatal[2]; /* a pipe: the engine's thread says that it must end */
};

/* --- start, in this order --- */

/* A descriptor that ends up as 0, 1 or 2 would get our messages written into it. */
static void open_standard_descriptors(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

static enum rc take_signals(struct daemon *daemon)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL))
        return RC_IO;
    daemon->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (daemon->signals < 0 || pipe2(daemon->fatal, O_CLOEXEC | O_NONBLOCK))
        return RC_IO;
    return RC_OK;
}

static enum rc start_libraries(struct daemon *daemon)
{
    enum rc rc = take_signals(daemon);

    if (!rc)
        rc = digest_init();
    if (!rc)
        rc = http_client_init();
    return rc ? rc : process_init();
}

static enum rc start_config(struct daemon *daemon)
{
    const char *format = daemon->options->config.log_format;
    enum rc rc;

    /* What is wrong with the configuration is said in the format that was asked for, too. */
    if (format && !strcmp(format, log_format_names[LOG_JSON]))
        log_configure(LOG_INFO, LOG_JSON);
    rc = config_load(&daemon->options->config, daemon->problems, &daemon->config);
    if (rc)
        return rc;
    log_configure((enum log_level)daemon->config->log_level,
                  (enum log_format)daemon->config->log_format);
    if (!pattern_jit_available())
        log_warn("patterns are not compiled to machine code here: matching is slower and sees 2 "
                 "KiB of a text");
    return RC_OK;
}

static enum rc start_store(struct daemon *daemon)
{
    const struct store_options options = { .directory = daemon->config->state.ptr,
                                           .max_bytes = daemon->config->store_max_bytes };

    return store_open(&options, daemon->problems, &daemon->store);
}

static enum rc start_rules(struct daemon *daemon)
{
    struct start_rules *rules = &daemon->rules;
    enum rc rc = arena_new(FILES_ARENA_BYTES, &daemon->files_arena);

    if (!rc)
        rc = start_rules_load(daemon->config, daemon->store, daemon->files_arena, rules);
    log_lines(rc || rules->is_last_good ? LOG_ERROR : LOG_WARN, buffer_slice(&rules->problems));
    if (!rc && rules->is_last_good)
        log_error("the rule files are broken: running the last good rules; repair them and reload");
    return rc;
}

static void report_rules(struct daemon *daemon)
{
    const struct start_rules *rules = &daemon->rules;
    int64_t now_ms = clock_wall_ms();

    service_report_rules(daemon->service, rules->is_last_good ? RULES_LAST_GOOD : RULES_AS_WRITTEN,
                         rules->is_last_good ? buffer_slice(&rules->problems) : (struct slice){ 0 },
                         rules->ruleset->n_rules, now_ms);
    metric_set(METRIC_RULES_RELOAD_OK, (struct slice){ 0 }, (struct slice){ 0 },
               !rules->is_last_good);
    if (!rules->is_last_good)
        metric_set(METRIC_RULES_RELOAD_TIME, (struct slice){ 0 }, (struct slice){ 0 },
                   (double)(now_ms / 1000));
}

static void on_fatal(void *context, enum rc rc)
{
    struct daemon *daemon = context;

    (void)rc;
    (void)!write(daemon->fatal[1], "!", 1);
}

static enum rc start_engine(struct daemon *daemon)
{
    struct engine_options options = { .store = daemon->store, .config = daemon->config };
    struct inlet_options inlet_options = { .on_fatal = on_fatal, .context = daemon };
    enum rc rc =
        service_new(daemon->store, daemon->config, &daemon->options->config, &daemon->service);

    daemon->config = NULL; /* the service's now, whatever came of it */
    if (rc)
        return rc;
    report_rules(daemon);
    rc = effects_start(daemon->service, &daemon->effects);
    if (rc)
        return rc;
    options.listener = effects_listener(daemon->effects);
    options.ruleset = daemon->rules.ruleset;
    options.files = daemon->rules.is_last_good ? NULL : &daemon->rules.files;
    rc = engine_new(&options, &daemon->engine);
    if (rc)
        return rc;
    daemon->n_rules = daemon->rules.ruleset->n_rules;
    daemon->rules.ruleset = NULL; /* the engine's now, and a reload's to end */
    inlet_options.engine = daemon->engine;
    rc = inlet_new(&inlet_options, &daemon->inlet);
    if (rc)
        return rc;
    service_set_inlet(daemon->service, daemon->inlet);
    rc = engine_recover(daemon->engine, clock_wall_ms());
    counters_begin(options.config, options.ruleset);
    if (!rc)
        rc = inlet_start(daemon->inlet);
    daemon->is_working = !rc;
    return rc;
}

static enum rc start_tailing(struct daemon *daemon)
{
    enum rc rc = tailing_start(daemon->service, daemon->engine, &daemon->tailing);

    if (!rc)
        service_set_tailing(daemon->service, daemon->tailing);
    return rc;
}

/* What was owed between its first look and now is not waited for: it is woken once more. */
static enum rc start_posting(struct daemon *daemon)
{
    enum rc rc = posting_start(daemon->service, &daemon->posting);

    if (rc)
        return rc;
    service_set_posting(daemon->service, daemon->posting);
    posting_wake(daemon->posting);
    return RC_OK;
}

static enum rc start_slack_socket(struct daemon *daemon)
{
    enum rc rc = slack_socket_start(daemon->service, &daemon->slack_socket);

    if (!rc)
        service_set_slack_socket(daemon->service, daemon->slack_socket);
    return rc;
}

/* What it asks for comes in by the doors. */
static enum rc start_catching_up(struct daemon *daemon)
{
    enum rc rc = catching_up_start(daemon->service, &daemon->catching_up);

    if (!rc)
        service_set_catching_up(daemon->service, daemon->catching_up);
    return rc;
}

static enum rc make_routes(struct daemon *daemon)
{
    const struct {
        enum routes_use use;
        struct routes **routes;
        struct http_routes *handlers;
    } tables[] = {
        { ROUTES_PUBLIC, &daemon->public_routes, &daemon->public_handlers },
        { ROUTES_CONTROL, &daemon->control_routes, &daemon->control_handlers },
        { ROUTES_SLACK, &daemon->slack_routes, &daemon->slack_handlers },
    };
    enum rc rc = RC_OK;

    for (size_t i = 0; i < sizeof tables / sizeof *tables && !rc; i++) {
        rc = routes_new(daemon->service, tables[i].use, tables[i].routes);
        if (!rc)
            *tables[i].handlers = routes_handlers(*tables[i].routes);
    }
    return rc;
}

/* Doors that are Slack's alone, beside the public one. */
static enum rc start_slack_servers(struct daemon *daemon, const struct config *config)
{
    const struct channel *channel = channels_slack(config->channels);
    const struct slack_own *own = channel ? channel->own : NULL;
    enum rc rc = RC_OK;

    for (size_t i = 0; own && i < own->listen.n_items && !rc; i++)
        rc = doors_open_public(&daemon->doors, "slack", config,
                               &(struct config_door){ .address = own->listen.items[i] },
                               &daemon->slack_handlers, daemon->problems);
    return rc;
}

static enum rc start_servers(struct daemon *daemon)
{
    const struct config *config = service_hold_config(daemon->service);
    struct doors *doors = &daemon->doors;
    struct slice control = { 0 };
    struct slice socket = { 0 };
    enum rc rc = make_routes(daemon);

    if (rc)
        goto out;
    rc = arena_format(daemon->files_arena, &socket, "unix:%.*s", SLICE_ARG(config->socket));
    if (!rc)
        rc = doors_open_control(doors, "socket", socket, &daemon->control_handlers,
                                daemon->problems);
    if (!rc && !slice_is_absent(config->control)) {
        rc = doors_open_control(doors, "control", config->control, &daemon->control_handlers,
                                daemon->problems);
        if (!rc)
            control = doors_last_address(doors);
    }
    if (!rc)
        rc = start_slack_servers(daemon, config);
    for (size_t i = 0; i < config->n_doors && !rc; i++)
        rc = doors_open_public(doors, "public", config, &config->doors[i], &daemon->public_handlers,
                               daemon->problems);
    if (!rc)
        http_inherit_warn(daemon->problems);
    if (!rc)
        service_set_addresses(daemon->service, doors_last_address(doors), control);
out:
    service_release_config(daemon->service, config);
    return rc;
}

/* --- running --- */

static void say_hello(struct daemon *daemon)
{
    const struct config *config = service_hold_config(daemon->service);
    struct slice link = { 0 };

    log_info("started version=%s rules=%zu config=%.*s state=%.*s", VEDETTE_VERSION,
             daemon->n_rules, SLICE_ARG(config->path), SLICE_ARG(config->state));
    if (config->is_default && !slice_is_absent(config->control) &&
        routes_sign_in_link(daemon->control_routes, daemon->files_arena, &link))
        link = (struct slice){ 0 };
    service_release_config(daemon->service, config);
    if (daemon->options->announce)
        announce(daemon->service, link);
}

static void reload(struct daemon *daemon)
{
    struct buffer summary;
    enum rc rc;

    buffer_init(&summary, (size_t)1 << 20);
    rc = service_reload(daemon->service, &summary);
    (void)rc; /* what came of it is in the log */
    doors_renew_certificates(&daemon->doors);
    buffer_free(&summary);
}

/* True when it is time to stop. A storm of SIGHUP is one reload: the kernel keeps one of a kind. */
static bool take_signal(struct daemon *daemon)
{
    struct signalfd_siginfo info;

    while (read(daemon->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo != SIGHUP) {
            log_info("stopping signal=%u", info.ssi_signo);
            return true;
        }
        reload(daemon);
    }
    return false;
}

/* Returns the exit code. */
static int wait_for_the_end(struct daemon *daemon)
{
    struct pollfd fds[] = { { .fd = daemon->signals, .events = POLLIN },
                            { .fd = daemon->fatal[0], .events = POLLIN } };

    for (;;) {
        int n_ready = poll(fds, 2, doors_have_certificates(&daemon->doors) ? RENEW_MS : -1);

        if (n_ready < 0 && errno != EINTR)
            return EXIT_FAILURE;
        if (n_ready == 0)
            doors_renew_certificates(&daemon->doors);
        if (fds[1].revents)
            return EXIT_FAILURE;
        if (fds[0].revents && take_signal(daemon))
            return EXIT_SUCCESS;
    }
}

/* --- stop, the other way round --- */

static enum rc run_rest(struct inlet_control *control, struct engine *engine, int64_t now_ms)
{
    (void)control;
    (void)now_ms;
    engine_rest(engine);
    return RC_OK;
}

/* On the engine's thread: what it is starting at this very moment still finds a runner. */
static void rest(struct daemon *daemon)
{
    struct inlet_control control = { .run = run_rest };

    if (daemon->is_working && inlet_run_and_wait(daemon->inlet, &control))
        log_warn("could not tell the engine that a stop begins");
}

/* From here on a second signal ends the process at once: the store is safe against that. */
static void let_signals_end_us(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void stop(struct daemon *daemon, bool is_clean)
{
    let_signals_end_us();
    rest(daemon);
    if (daemon->service)
        service_stop(daemon->service);
    catching_up_stop(daemon->catching_up); /* what it asks for now would find no door */
    doors_drain(&daemon->doors);
    if (daemon->service)
        service_end_work(daemon->service);
    slack_socket_stop(daemon->slack_socket); /* a door as well */
    posting_rest(daemon->posting);           /* what is under way ends while the others do */
    tailing_stop(daemon->tailing);
    effects_stop(daemon->effects); /* its results still go through the inlet */
    posting_stop(daemon->posting); /* likewise */
    inlet_drain(daemon->inlet);
    doors_close(&daemon->doors);
    if (is_clean && engine_stop(daemon->engine))
        log_warn("could not note the orderly stop");
    tailing_free(daemon->tailing);
    slack_socket_free(daemon->slack_socket);
    catching_up_free(daemon->catching_up);
    posting_free(daemon->posting);
    effects_free(daemon->effects);
    inlet_free(daemon->inlet);
    engine_free(daemon->engine);
    routes_free(daemon->public_routes);
    routes_free(daemon->control_routes);
    routes_free(daemon->slack_routes);
    service_free(daemon->service);
    ruleset_free(daemon->rules.ruleset);
    buffer_free(&daemon->rules.problems);
    store_close(daemon->store);
    config_free(daemon->config);
    arena_free(daemon->files_arena);
}

static void print_problems(const struct daemon *daemon)
{
    struct buffer text;

    buffer_init(&text, 0);
    problems_format(daemon->problems, &text);
    log_lines(problems_count(daemon->problems, PROBLEM_ERROR) ? LOG_ERROR : LOG_WARN,
              buffer_slice(&text));
    buffer_free(&text);
}

/* What could not be started decides the exit code: a broken configuration is 78, whatever else it broke. */
static int start(struct daemon *daemon)
{
    const struct {
        enum rc (*start)(struct daemon *daemon);
        int exit_code;
        const char *what;
    } parts[] = {
        { start_libraries, EXIT_FAILURE, "libraries" },
        { start_config, EXIT_CONFIG, "configuration" },
        { start_store, EXIT_FAILURE, "store" },
        { start_rules, EXIT_CONFIG, "rules" },
        { start_engine, EXIT_FAILURE, "engine" },
        { start_tailing, EXIT_FAILURE, "log watchers" },
        { start_posting, EXIT_FAILURE, "channels" },
        { start_slack_socket, EXIT_FAILURE, "Slack's Socket Mode" },
        { start_servers, EXIT_FAILURE, "listeners" },
        { start_catching_up, EXIT_FAILURE, "catching up" },
    };

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        enum rc rc = parts[i].start(daemon);

        print_problems(daemon);
        problems_clear(daemon->problems);
        if (!rc)
            continue;
        log_error("not started: %s: %s", parts[i].what, rc_text(rc));
        return parts[i].exit_code;
    }
    return EXIT_SUCCESS;
}

int daemon_run(const struct daemon_options *options)
{
    struct daemon daemon = { .options = options, .signals = -1, .fatal = { -1, -1 } };
    int exit_code;

    open_standard_descriptors();
    if (problems_new(&daemon.problems))
        return EXIT_FAILURE;
    exit_code = start(&daemon);
    if (!exit_code) {
        say_hello(&daemon);
        exit_code = wait_for_the_end(&daemon);
        stop(&daemon, !exit_code);
    } else {
        stop(&daemon, false);
    }
    problems_free(daemon.problems);
    close(daemon.signals);
    close(daemon.fatal[0]);
    close(daemon.fatal[1]);
    log_info("stopped");
    return exit_code;
}
