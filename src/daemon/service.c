#include "src/daemon/service.h"

#include "rules/prefilters.h"
#include "src/base/clock.h"
#include "src/base/metrics.h"
#include "src/daemon/counters.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define RELOAD_TEXT_BYTES ((size_t)256 << 10)
#define RELOAD_FILES_BYTES ((size_t)256 << 20)

/* A configuration and how many use it. */
struct held_config {
    struct config *config;
    size_t n_holders;
    struct held_config *next; /* older ones that are still held */
};

struct config_listener {
    void (*wake)(void *context); /* NULL: the place is free */
    void *context;
};

struct service {
    struct store *store;
    struct inlet *inlet;
    struct config_options options;
    char *option_texts[4]; /* copies of those that the options point at */
    struct hook_facts *hook_facts;
    struct certificates *certificates;
    struct hook_calls *hook_calls;
    struct slack_replays *slack_replays;
    const struct config
        *first; /* the start's, held for good: what was bound and opened then stays so */
    int64_t started_ms;
    _Atomic bool is_stopping;
    char *public_address, *control_address;

    pthread_mutex_t lock;        /* of what follows */
    struct held_config *configs; /* the first is the one in force */
    void (*wake)(void *context);
    void *wake_context;
    struct config_listener listeners[SERVICE_LISTENERS];
    struct tailing *tailing;
    struct posting *posting;
    struct slack_socket *slack_socket;
    struct catching_up *catching_up;
    enum rules_state rules_state;
    char *problems;
    int64_t reported_ms;
    size_t n_rules;

    pthread_cond_t asked;
    struct reload_request *requests;
    pthread_t worker;
    bool has_worker;
};

/* --- life --- */

static enum rc copy_text(const char *text, char **copy)
{
    if (!text)
        return RC_OK;
    *copy = strdup(text);
    return *copy ? RC_OK : RC_NO_MEMORY;
}

static enum rc copy_options(struct service *service, const struct config_options *options)
{
    const char **const places[] = { &service->options.path, &service->options.state,
                                    &service->options.log_level, &service->options.log_format };
    enum rc rc = RC_OK;

    service->options = *options;
    for (size_t i = 0; i < sizeof places / sizeof *places && !rc; i++) {
        rc = copy_text(*places[i], &service->option_texts[i]);
        *places[i] = service->option_texts[i];
    }
    return rc;
}

enum rc service_new(struct store *store, struct config *config,
                    const struct config_options *options, struct service **service)
{
    struct service *made = calloc(1, sizeof *made);
    struct held_config *held = calloc(1, sizeof *held);
    enum rc rc;

    if (!made || !held) {
        free(made);
        free(held);
        config_free(config);
        return RC_NO_MEMORY;
    }
    held->config = config;
    held->n_holders = 1;
    made->first = config;
    made->configs = held;
    made->store = store;
    made->started_ms = clock_wall_ms();
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->asked, NULL);
    rc = copy_options(made, options);
    if (!rc)
        rc = hook_facts_new(&made->hook_facts);
    if (!rc)
        rc = certificates_new(&made->certificates);
    if (!rc)
        rc = hook_calls_new(made->certificates, made->hook_facts, NULL, &made->hook_calls);
    if (!rc)
        rc = slack_replays_new(0, &made->slack_replays);
    if (rc) {
        service_free(made);
        return rc;
    }
    *service = made;
    return RC_OK;
}

void service_free(struct service *service)
{
    if (!service)
        return;
    service_stop(service);
    service_end_work(service);
    while (service->configs) {
        struct held_config *held = service->configs;

        service->configs = held->next;
        config_free(held->config);
        free(held);
    }
    for (size_t i = 0; i < sizeof service->option_texts / sizeof *service->option_texts; i++)
        free(service->option_texts[i]);
    hook_calls_free(service->hook_calls);
    certificates_free(service->certificates);
    hook_facts_free(service->hook_facts);
    slack_replays_free(service->slack_replays);
    free(service->problems);
    free(service->public_address);
    free(service->control_address);
    pthread_cond_destroy(&service->asked);
    pthread_mutex_destroy(&service->lock);
    free(service);
}

struct store *service_store(struct service *service)
{
    return service->store;
}

struct inlet *service_inlet(struct service *service)
{
    return service->inlet;
}

void service_set_inlet(struct service *service, struct inlet *inlet)
{
    service->inlet = inlet;
}

struct certificates *service_certificates(struct service *service)
{
    return service->certificates;
}

struct hook_calls *service_hook_calls(struct service *service)
{
    return service->hook_calls;
}

struct hook_facts *service_hook_facts(struct service *service)
{
    return service->hook_facts;
}

struct slack_replays *service_slack_replays(struct service *service)
{
    return service->slack_replays;
}

/* --- the configuration in force --- */

const struct config *service_hold_config(struct service *service)
{
    const struct config *config;

    pthread_mutex_lock(&service->lock);
    service->configs->n_holders++;
    config = service->configs->config;
    pthread_mutex_unlock(&service->lock);
    return config;
}

/* Takes the older ones that nobody holds out of the list. */
static struct held_config *take_unheld(struct service *service)
{
    struct held_config **place = &service->configs->next;
    struct held_config *unheld = NULL;

    while (*place) {
        struct held_config *held = *place;

        if (held->n_holders) {
            place = &held->next;
            continue;
        }
        *place = held->next;
        held->next = unheld;
        unheld = held;
    }
    return unheld;
}

static void free_unheld(struct held_config *unheld)
{
    while (unheld) {
        struct held_config *next = unheld->next;

        config_free(unheld->config);
        free(unheld);
        unheld = next;
    }
}

void service_release_config(struct service *service, const struct config *config)
{
    struct held_config *held, *unheld;

    pthread_mutex_lock(&service->lock);
    held = service->configs;
    while (held && held->config != config)
        held = held->next;
    if (held)
        held->n_holders--;
    unheld = take_unheld(service);
    pthread_mutex_unlock(&service->lock);
    free_unheld(unheld);
}

static void put_in_force(struct service *service, struct held_config *held)
{
    struct held_config *unheld;

    pthread_mutex_lock(&service->lock);
    held->next = service->configs;
    service->configs = held;
    unheld = take_unheld(service);
    for (size_t i = 0; i < SERVICE_LISTENERS; i++)
        if (service->listeners[i].wake)
            service->listeners[i].wake(service->listeners[i].context);
    pthread_mutex_unlock(&service->lock);
    free_unheld(unheld);
}

enum rc service_swap_config(struct service *service, struct config *config)
{
    struct held_config *held = calloc(1, sizeof *held);

    if (!held) {
        config_free(config);
        return RC_NO_MEMORY;
    }
    held->config = config;
    put_in_force(service, held);
    return RC_OK;
}

/* --- the report --- */

static void set_gauge(enum metric metric, double value)
{
    metric_set(metric, (struct slice){ 0 }, (struct slice){ 0 }, value);
}

void service_report_rules(struct service *service, enum rules_state state, struct slice problems,
                          size_t n_rules, int64_t at_ms)
{
    char *copy = problems.len ? strndup(problems.ptr, problems.len) : NULL;
    char *before;

    pthread_mutex_lock(&service->lock);
    before = service->problems;
    service->problems = copy;
    service->rules_state = state;
    service->n_rules = n_rules;
    service->reported_ms = at_ms;
    pthread_mutex_unlock(&service->lock);
    free(before);
    set_gauge(METRIC_RULES_LOADED, (double)n_rules);
    set_gauge(METRIC_RULES_RELOAD_OK, state == RULES_AS_WRITTEN);
    if (state == RULES_AS_WRITTEN)
        set_gauge(METRIC_RULES_RELOAD_TIME, (double)at_ms / (double)SECOND_MS);
}

enum rc service_rules_report(struct service *service, struct arena *arena,
                             struct rules_report *report)
{
    enum rc rc;

    pthread_mutex_lock(&service->lock);
    *report = (struct rules_report){ .state = service->rules_state,
                                     .at_ms = service->reported_ms,
                                     .n_rules = service->n_rules };
    rc = arena_copy(arena, slice_of(service->problems), &report->problems);
    pthread_mutex_unlock(&service->lock);
    return rc;
}

/* --- reload --- */

/* What is read anew, on its way to the engine. */
struct reload {
    struct inlet_control control;
    struct service *service;
    struct config *config;
    struct held_config *held; /* made before the engine is asked: after it nothing may fail */
    struct ruleset *ruleset;
    struct arena *files_arena;
    struct rule_files files;
    struct problems *problems;
    struct buffer summary;
    size_t n_rules;
};

/* Tables as large as those in use, made here, so that neither the engine nor who reads logs waits for them. */
static void make_tables(const struct service *service, const struct reload *reload)
{
    struct ruleset *in_force = inlet_hold_ruleset(service->inlet);

    prefilters_inherit(reload->ruleset, in_force);
    ruleset_free(in_force);
}

static enum rc run_reload(struct inlet_control *control, struct engine *engine, int64_t now_ms)
{
    struct reload *reload = control->context;
    enum rc rc = engine_reload(engine, reload->config, reload->ruleset, &reload->files, now_ms,
                               &reload->summary);

    if (rc)
        return rc;
    /* Before anything else happens there: what is carried out next needs the secrets that belong to it. */
    reload->held->config = reload->config;
    counters_begin(reload->config, reload->ruleset);
    put_in_force(reload->service, reload->held);
    reload->held = NULL;
    return RC_OK;
}

static enum rc read_anew(const struct service *service, struct reload *reload)
{
    enum rc rc = problems_new(&reload->problems);

    if (!rc)
        rc = config_load(&service->options, reload->problems, &reload->config);
    if (!rc)
        rc = arena_new(RELOAD_FILES_BYTES, &reload->files_arena);
    if (!rc)
        rc = config_load_rules(reload->config, reload->problems, &reload->files,
                               reload->files_arena, &reload->ruleset);
    if (rc)
        return rc;
    reload->n_rules = reload->ruleset->n_rules;
    reload->held = calloc(1, sizeof *reload->held);
    return reload->held ? RC_OK : RC_NO_MEMORY;
}

static bool same_doors(const struct config *a, const struct config *b)
{
    bool same = a->n_doors == b->n_doors;

    for (size_t i = 0; i < a->n_doors && same; i++)
        same = slice_eq(a->doors[i].address, b->doors[i].address) &&
               slice_eq(a->doors[i].cert, b->doors[i].cert) &&
               slice_eq(a->doors[i].key, b->doors[i].key);
    return same;
}

static bool same_limits(const struct config *a, const struct config *b)
{
    return a->bodies_bytes == b->bodies_bytes && a->n_connections == b->n_connections &&
           a->n_per_peer == b->n_per_peer;
}

static void warn_of_what_stays(const struct config *before, const struct config *after,
                               struct buffer *out)
{
    const struct {
        const char *member;
        bool is_same;
    } members[] = {
        { "listen", same_doors(before, after) },
        { "control", slice_eq(before->control, after->control) },
        { "socket", slice_eq(before->socket, after->socket) },
        { "state", slice_eq(before->state, after->state) },
        { "store", before->store_max_bytes == after->store_max_bytes },
        { "limits", same_limits(before, after) },
    };

    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (!members[i].is_same)
            buffer_format(
                out, "\nwarning: `%s` has changed in the file; it takes effect at the next start",
                members[i].member);
}

static void adopt(struct service *service, struct reload *reload, struct buffer *out)
{
    log_configure((enum log_level)reload->config->log_level,
                  (enum log_format)reload->config->log_format);
    buffer_add(out, buffer_slice(&reload->summary));
    warn_of_what_stays(service->first, reload->config, out);
    if (problems_count(reload->problems, PROBLEM_WARNING)) {
        buffer_add_byte(out, '\n');
        problems_format(reload->problems, out);
    }
    reload->ruleset = NULL; /* the engine's now */
    reload->config = NULL;  /* in force since */
    service_report_rules(service, RULES_AS_WRITTEN, (struct slice){ 0 }, reload->n_rules,
                         clock_wall_ms());
    log_info("reloaded: %.*s", SLICE_ARG(buffer_slice(&reload->summary)));
}

/* The errors alone: who has to repair something looks for them and not for what may stay as it is. */
static void add_errors(const struct problems *problems, struct buffer *out)
{
    const struct problem *problem;
    struct problems *errors;

    if (problems_new(&errors)) {
        problems_format(problems, out);
        return;
    }
    for (size_t i = 0; (problem = problems_at(problems, i)) != NULL; i++)
        if (problem->severity == PROBLEM_ERROR)
            problems_add(errors, PROBLEM_ERROR, problem->file, problem->line, problem->column,
                         "%.*s", SLICE_ARG(problem->text));
    problems_format(errors, out);
    problems_free(errors);
}

/* Nothing has changed: what ran goes on running, and everybody can see that the files are not what runs. */
static void refuse(struct service *service, const struct reload *reload, enum rc rc,
                   struct buffer *out)
{
    size_t n_rules;

    if (reload->problems && problems_count(reload->problems, PROBLEM_ERROR))
        add_errors(reload->problems, out);
    else
        buffer_format(out, "error: %s", rc_text(rc));
    pthread_mutex_lock(&service->lock);
    n_rules = service->n_rules;
    pthread_mutex_unlock(&service->lock);
    service_report_rules(service, RULES_LAST_GOOD, buffer_slice(out), n_rules, clock_wall_ms());
    log_error("reload refused, nothing has changed");
    log_lines(LOG_ERROR, buffer_slice(out));
}

static void free_reload(struct reload *reload)
{
    ruleset_free(reload->ruleset);
    config_free(reload->config);
    free(reload->held);
    arena_free(reload->files_arena);
    problems_free(reload->problems);
    buffer_free(&reload->summary);
}

static enum rc reload_now(struct service *service, struct buffer *out)
{
    struct reload reload = { .control = { .run = run_reload }, .service = service };
    enum rc rc;

    reload.control.context = &reload;
    buffer_init(&reload.summary, RELOAD_TEXT_BYTES);
    rc = read_anew(service, &reload);
    if (!rc) {
        make_tables(service, &reload);
        rc = inlet_run_and_wait(service->inlet, &reload.control);
    }
    if (rc)
        refuse(service, &reload, rc, out);
    else
        adopt(service, &reload, out);
    free_reload(&reload);
    return rc;
}

static void answer_all(struct reload_request *requests, enum rc rc, struct slice text)
{
    while (requests) {
        struct reload_request *next = requests->next; /* `done` may end the request */

        requests->done(requests, rc, text);
        requests = next;
    }
}

/* NULL: it is time to end. */
static struct reload_request *wait_for_requests(struct service *service)
{
    struct reload_request *requests;

    pthread_mutex_lock(&service->lock);
    while (!service->requests && !service->is_stopping)
        pthread_cond_wait(&service->asked, &service->lock);
    requests = service->requests;
    service->requests = NULL;
    pthread_mutex_unlock(&service->lock);
    return requests;
}

static void *work(void *argument)
{
    struct service *service = argument;
    struct reload_request *requests;
    struct buffer out;

    buffer_init(&out, RELOAD_TEXT_BYTES);
    while ((requests = wait_for_requests(service)) != NULL) {
        enum rc rc;

        buffer_clear(&out);
        rc = service->is_stopping ? RC_BUSY : reload_now(service, &out);
        answer_all(requests, rc, buffer_slice(&out));
    }
    buffer_free(&out);
    return NULL;
}

enum rc service_ask_reload(struct service *service, struct reload_request *request)
{
    enum rc rc = RC_OK;

    pthread_mutex_lock(&service->lock);
    if (service->is_stopping)
        rc = RC_BUSY;
    else if (!service->has_worker)
        rc = pthread_create(&service->worker, NULL, work, service) ? RC_NO_MEMORY : RC_OK;
    if (!rc) {
        service->has_worker = true;
        request->next = service->requests;
        service->requests = request;
        pthread_cond_signal(&service->asked);
    }
    pthread_mutex_unlock(&service->lock);
    return rc;
}

struct reload_waiter {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_done;
    enum rc rc;
    struct buffer *out;
};

static void wake_waiter(struct reload_request *request, enum rc rc, struct slice text)
{
    struct reload_waiter *waiter = request->context;

    pthread_mutex_lock(&waiter->lock);
    buffer_add(waiter->out, text);
    waiter->rc = rc;
    waiter->is_done = true;
    pthread_cond_signal(&waiter->changed);
    pthread_mutex_unlock(&waiter->lock);
}

enum rc service_reload(struct service *service, struct buffer *out)
{
    struct reload_waiter waiter = { .lock = PTHREAD_MUTEX_INITIALIZER,
                                    .changed = PTHREAD_COND_INITIALIZER,
                                    .out = out };
    struct reload_request request = { .done = wake_waiter, .context = &waiter };
    enum rc rc = service_ask_reload(service, &request);

    if (rc)
        return rc;
    pthread_mutex_lock(&waiter.lock);
    while (!waiter.is_done)
        pthread_cond_wait(&waiter.changed, &waiter.lock);
    pthread_mutex_unlock(&waiter.lock);
    pthread_cond_destroy(&waiter.changed);
    pthread_mutex_destroy(&waiter.lock);
    return waiter.rc;
}

/* --- what happens around --- */

void service_on_change(struct service *service, void (*wake)(void *context), void *context)
{
    pthread_mutex_lock(&service->lock);
    service->wake = wake;
    service->wake_context = context;
    pthread_mutex_unlock(&service->lock);
}

/* The place of this context; when it has none, a free one. */
static struct config_listener *listener_of(struct service *service, const void *context)
{
    struct config_listener *found = NULL;

    for (size_t i = 0; i < SERVICE_LISTENERS; i++) {
        struct config_listener *listener = &service->listeners[i];

        if (listener->wake && listener->context == context)
            return listener;
        if (!found && !listener->wake)
            found = listener;
    }
    return found;
}

void service_on_config(struct service *service, void (*wake)(void *context), void *context)
{
    struct config_listener *listener;

    pthread_mutex_lock(&service->lock);
    listener = listener_of(service, context);
    assert(listener);
    *listener = (struct config_listener){ .wake = wake, .context = context };
    pthread_mutex_unlock(&service->lock);
}

void service_set_tailing(struct service *service, struct tailing *tailing)
{
    pthread_mutex_lock(&service->lock);
    service->tailing = tailing;
    pthread_mutex_unlock(&service->lock);
}

struct tailing *service_tailing(struct service *service)
{
    struct tailing *tailing;

    pthread_mutex_lock(&service->lock);
    tailing = service->tailing;
    pthread_mutex_unlock(&service->lock);
    return tailing;
}

void service_set_posting(struct service *service, struct posting *posting)
{
    pthread_mutex_lock(&service->lock);
    service->posting = posting;
    pthread_mutex_unlock(&service->lock);
}

struct posting *service_posting(struct service *service)
{
    struct posting *posting;

    pthread_mutex_lock(&service->lock);
    posting = service->posting;
    pthread_mutex_unlock(&service->lock);
    return posting;
}

void service_set_slack_socket(struct service *service, struct slack_socket *socket)
{
    pthread_mutex_lock(&service->lock);
    service->slack_socket = socket;
    pthread_mutex_unlock(&service->lock);
}

struct slack_socket *service_slack_socket(struct service *service)
{
    struct slack_socket *socket;

    pthread_mutex_lock(&service->lock);
    socket = service->slack_socket;
    pthread_mutex_unlock(&service->lock);
    return socket;
}

void service_set_catching_up(struct service *service, struct catching_up *catching_up)
{
    pthread_mutex_lock(&service->lock);
    service->catching_up = catching_up;
    pthread_mutex_unlock(&service->lock);
}

struct catching_up *service_catching_up(struct service *service)
{
    struct catching_up *catching_up;

    pthread_mutex_lock(&service->lock);
    catching_up = service->catching_up;
    pthread_mutex_unlock(&service->lock);
    return catching_up;
}

void service_changed(struct service *service)
{
    /* Called under the lock: once service_on_change has returned, the one before is called no more. */
    pthread_mutex_lock(&service->lock);
    if (service->wake)
        service->wake(service->wake_context);
    pthread_mutex_unlock(&service->lock);
}

static void keep_address(char **place, struct slice address)
{
    free(*place);
    *place = address.len ? strndup(address.ptr, address.len) : NULL;
}

void service_set_addresses(struct service *service, struct slice public_address,
                           struct slice control_address)
{
    keep_address(&service->public_address, public_address);
    keep_address(&service->control_address, control_address);
}

struct slice service_public_address(const struct service *service)
{
    return slice_of(service->public_address);
}

struct slice service_control_address(const struct service *service)
{
    return slice_of(service->control_address);
}

int64_t service_started_ms(const struct service *service)
{
    return service->started_ms;
}

bool service_is_stopping(const struct service *service)
{
    return service->is_stopping;
}

void service_stop(struct service *service)
{
    pthread_mutex_lock(&service->lock);
    service->is_stopping = true;
    pthread_cond_signal(&service->asked);
    pthread_mutex_unlock(&service->lock);
}

void service_end_work(struct service *service)
{
    if (!service->has_worker)
        return;
    pthread_join(service->worker, NULL);
    service->has_worker = false;
}
