#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/daemon/slack_socket_private.h"

#include "actions/channels/slack.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SILENT_MS (30 * SECOND_MS)
#define PONG_MS (15 * SECOND_MS)
#define LEAVE_MS (15 * SECOND_MS) /* Slack ends what it warned of after about 10 s */
#define BACKOFF_MIN_MS SECOND_MS
#define BACKOFF_MAX_MS (5 * MINUTE_MS)
#define STOP_MS (3 * SECOND_MS)

void slack_socket_wake(struct slack_socket *socket)
{
    uint64_t one = 1;

    (void)!write(socket->wake_fd, &one, sizeof one);
}

void slack_socket_say(struct slack_socket *socket, const char *error)
{
    pthread_mutex_lock(&socket->lock);
    socket->facts.error = error;
    pthread_mutex_unlock(&socket->lock);
}

static bool is_open(const struct link *link)
{
    return link->websocket != NULL;
}

/* There is one that Slack has not told to end. */
static bool has_lasting_link(const struct slack_socket *socket)
{
    for (size_t i = 0; i < LINKS_MAX; i++)
        if (is_open(&socket->links[i]) && !socket->links[i].is_leaving)
            return true;
    return false;
}

static void count_links(struct slack_socket *socket)
{
    size_t n_open = 0;

    for (size_t i = 0; i < LINKS_MAX; i++)
        n_open += is_open(&socket->links[i]) && socket->links[i].said_hello;
    pthread_mutex_lock(&socket->lock);
    socket->facts.n_connections = n_open;
    pthread_mutex_unlock(&socket->lock);
}

static void close_link(struct slack_socket *socket, struct link *link)
{
    websocket_free(link->websocket);
    *link = (struct link){ 0 };
    count_links(socket);
}

/* --- opening --- */

/* Half of it is chance: those who were cut off together do not come back together. */
static int64_t with_jitter(int64_t ms)
{
    uint32_t number = 0;

    if (random_bytes((uint8_t *)&number, sizeof number))
        number = UINT32_MAX;
    return ms / 2 + (int64_t)((uint64_t)(ms / 2) * number / UINT32_MAX);
}

static void hold_back(struct slack_socket *socket)
{
    socket->backoff_ms = socket->backoff_ms ? 2 * socket->backoff_ms : BACKOFF_MIN_MS;
    if (socket->backoff_ms > BACKOFF_MAX_MS)
        socket->backoff_ms = BACKOFF_MAX_MS;
    socket->next_try_mono_ms = clock_mono_ms() + with_jitter(socket->backoff_ms);
}

static void leave(struct link *link)
{
    if (link->is_leaving)
        return;
    link->is_leaving = true;
    link->leave_mono_ms = clock_mono_ms() + LEAVE_MS;
}

static void leave_others(struct slack_socket *socket, const struct link *stays)
{
    for (size_t i = 0; i < LINKS_MAX; i++)
        if (is_open(&socket->links[i]) && &socket->links[i] != stays)
            leave(&socket->links[i]);
}

static void open_if_wanted(struct slack_socket *socket)
{
    const struct config *config = service_hold_config(socket->service);
    const struct channel *slack = channels_slack(config->channels);
    const struct slack_own *own = slack ? slack->own : NULL;
    bool is_wanted = own && !slice_is_absent(own->app_token);

    pthread_mutex_lock(&socket->lock);
    socket->facts.is_wanted = is_wanted;
    pthread_mutex_unlock(&socket->lock);
    if (is_wanted && opening_begin(socket, slack)) {
        slack_socket_say(socket, "out of memory");
        hold_back(socket);
    }
    service_release_config(socket->service, config);
    socket->wants_anew = false;
    if (is_wanted)
        return;
    socket->is_held = true;
    leave_others(socket, NULL);
}

/* A free place, or that of the one that was told to end first. */
static struct link *find_place(struct slack_socket *socket)
{
    struct link *place = NULL;

    for (size_t i = 0; i < LINKS_MAX; i++) {
        struct link *link = &socket->links[i];

        if (!is_open(link))
            return link;
        if (link->is_leaving && (!place || link->leave_mono_ms < place->leave_mono_ms))
            place = link;
    }
    return place;
}

static struct link *adopt(struct slack_socket *socket, struct websocket *websocket)
{
    struct link *place = find_place(socket);

    if (!place) { /* one that lasts is there, and no other was wanted */
        websocket_free(websocket);
        return NULL;
    }
    if (is_open(place))
        close_link(socket, place);
    *place = (struct link){ .websocket = websocket, .number = ++socket->n_links };
    return place;
}

/* --- what comes --- */

static void on_hello(struct slack_socket *socket, struct link *link)
{
    link->said_hello = true;
    socket->backoff_ms = 0;
    leave_others(socket, link);
    log_info("Slack's Socket Mode is connected");
    pthread_mutex_lock(&socket->lock);
    socket->facts.connected_ms = clock_wall_ms();
    pthread_mutex_unlock(&socket->lock);
    count_links(socket);
}

/* "warning" and "refresh_requested": the next one is opened first. "link_disabled": somebody switched it off. */
static void on_disconnect(struct slack_socket *socket, struct link *link, struct slice reason)
{
    leave(link);
    if (!slice_eq(reason, SLICE("link_disabled")))
        return;
    socket->is_held = true;
    slack_socket_say(socket, "Socket Mode was switched off in the app's settings");
    log_warn("Slack's Socket Mode was switched off in the app's settings; tried again when the "
             "configuration is read again");
}

static enum rc on_text(struct slack_socket *socket, struct link *link, struct slice text)
{
    struct json *root = NULL;
    struct json_fault fault;
    struct slice type;
    enum rc rc = json_parse(text, JSON_LIMITS_DEFAULT, &root, &fault);

    if (rc)
        return rc;
    type = json_string(json_get_text(root, "type"));
    if (slice_eq(type, SLICE("hello"))) {
        on_hello(socket, link);
    } else if (slice_eq(type, SLICE("disconnect"))) {
        on_disconnect(socket, link, json_string(json_get_text(root, "reason")));
    } else {
        link->n_under_way++;
        socket->n_under_way++;
        rc = envelope_take(socket, link, root);
        if (rc) {
            link->n_under_way--;
            socket->n_under_way--;
        } else {
            pthread_mutex_lock(&socket->lock);
            socket->facts.n_envelopes++;
            pthread_mutex_unlock(&socket->lock);
        }
    }
    json_free(root);
    return rc;
}

static void read_link(struct slack_socket *socket, struct link *link)
{
    static struct log_limit limit;
    const char *error = NULL;
    struct slice text;
    enum rc rc = RC_OK;

    while (!rc && socket->n_under_way < ENVELOPES_MAX) {
        rc = websocket_receive(link->websocket, &text, &error);
        /* What cannot be read is not acknowledged: Slack tells the person, and may send it again. */
        if (!rc && on_text(socket, link, text))
            log_limited(&limit, LOG_WARN, "an envelope of Slack's Socket Mode cannot be read");
    }
    if (!rc || rc == RC_NOT_FOUND)
        return;
    log_info("Slack's Socket Mode: a connection ended: %s", error);
    close_link(socket, link);
}

static void take_opening(struct slack_socket *socket)
{
    struct opening *opening = &socket->opening;
    struct link *link;

    opening_end(socket);
    if (!opening->rc) {
        slack_socket_say(socket, NULL);
        link = adopt(socket, opening->websocket);
        /* What came together with the handshake makes no descriptor readable. */
        if (link)
            read_link(socket, link);
        return;
    }
    if (opening->give_up) /* by us, for a newer configuration */
        return;
    slack_socket_say(socket, opening->error);
    log_warn("Slack's Socket Mode is not connected: %s%s", opening->error,
             opening->is_final ? "; tried again when the configuration is read again" : "");
    socket->is_held = opening->is_final;
    hold_back(socket);
}

/* --- answers --- */

static struct link *find_link(struct slack_socket *socket, uint64_t number)
{
    for (size_t i = 0; i < LINKS_MAX; i++)
        if (is_open(&socket->links[i]) && socket->links[i].number == number)
            return &socket->links[i];
    return NULL;
}

static void acknowledge(struct slack_socket *socket, struct envelope *envelope)
{
    struct link *link = find_link(socket, envelope->link);
    struct buffer text;

    socket->n_under_way--;
    /* On a connection that is gone Slack hears nothing, and sends it again: it is known by then. */
    if (!link)
        return;
    link->n_under_way--;
    buffer_init(&text, 0);
    if (!envelope_write_answer(envelope, &text) &&
        websocket_send(link->websocket, buffer_slice(&text)))
        close_link(socket, link);
    buffer_free(&text);
}

static void take_answers(struct slack_socket *socket)
{
    struct envelope *envelope;

    pthread_mutex_lock(&socket->lock);
    envelope = socket->answered;
    socket->answered = NULL;
    pthread_mutex_unlock(&socket->lock);
    while (envelope) {
        struct envelope *next = envelope->next;

        acknowledge(socket, envelope);
        envelope_free(envelope);
        envelope = next;
    }
}

/* --- time --- */

static void look_after(struct slack_socket *socket, struct link *link, int64_t now)
{
    int64_t heard = websocket_heard_mono_ms(link->websocket);

    /* Until Slack ends it, an envelope may still come by it: only one that is forgotten is left by us. */
    if (link->is_leaving && now >= link->leave_mono_ms) {
        close_link(socket, link);
        return;
    }
    if (now - heard < SILENT_MS) {
        link->pinged_mono_ms = 0;
        return;
    }
    if (!link->pinged_mono_ms) {
        link->pinged_mono_ms = now;
        if (!websocket_ping(link->websocket))
            return;
    } else if (now - link->pinged_mono_ms < PONG_MS) {
        return;
    }
    log_warn("Slack's Socket Mode: nothing is heard on a connection; another one is opened");
    close_link(socket, link);
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When something is to be done although nothing comes; INT64_MAX: never. */
static int64_t next_due(const struct slack_socket *socket)
{
    int64_t due = INT64_MAX;

    for (size_t i = 0; i < LINKS_MAX; i++) {
        const struct link *link = &socket->links[i];

        if (!is_open(link))
            continue;
        due = sooner(due, link->pinged_mono_ms
                              ? link->pinged_mono_ms + PONG_MS
                              : websocket_heard_mono_ms(link->websocket) + SILENT_MS);
        if (link->is_leaving)
            due = sooner(due, link->leave_mono_ms);
    }
    if ((socket->wants_anew || !has_lasting_link(socket)) && !socket->opening.is_running &&
        !socket->is_held)
        due = sooner(due, socket->next_try_mono_ms);
    return due;
}

static void wait(struct slack_socket *socket, int64_t due)
{
    struct pollfd fds[1 + LINKS_MAX] = { { .fd = socket->wake_fd, .events = POLLIN } };
    struct link *links[LINKS_MAX];
    int64_t left_ms = due == INT64_MAX ? -1 : due - clock_mono_ms();
    nfds_t n_fds = 1;
    uint64_t ignored;

    for (size_t i = 0; i < LINKS_MAX; i++) {
        if (!is_open(&socket->links[i]) || socket->n_under_way >= ENVELOPES_MAX)
            continue;
        links[n_fds - 1] = &socket->links[i];
        fds[n_fds++] =
            (struct pollfd){ .fd = websocket_fd(socket->links[i].websocket), .events = POLLIN };
    }
    if (due != INT64_MAX && left_ms < 0)
        left_ms = 0;
    if (poll(fds, n_fds, (int)sooner(left_ms, INT32_MAX)) < 0)
        return;
    if (fds[0].revents)
        (void)!read(socket->wake_fd, &ignored, sizeof ignored);
    for (nfds_t i = 1; i < n_fds; i++)
        if (fds[i].revents)
            read_link(socket, links[i - 1]);
}

/* --- the thread --- */

static void follow_config(struct slack_socket *socket)
{
    pthread_mutex_lock(&socket->lock);
    if (socket->config_changed) {
        socket->is_held = false;
        socket->next_try_mono_ms = 0;
        socket->config_changed = false;
        /* The token may be another one now, or gone. */
        socket->wants_anew = true;
        if (socket->opening.is_running)
            socket->opening.give_up = true;
    }
    pthread_mutex_unlock(&socket->lock);
}

static bool is_stopping(struct slack_socket *socket)
{
    bool stopping;

    pthread_mutex_lock(&socket->lock);
    stopping = socket->is_stopping;
    pthread_mutex_unlock(&socket->lock);
    return stopping;
}

static bool opening_is_done(struct slack_socket *socket)
{
    bool done;

    pthread_mutex_lock(&socket->lock);
    done = socket->opening.is_running && socket->opening.is_done;
    pthread_mutex_unlock(&socket->lock);
    return done;
}

/* Messages that had arrived when too many were under way make no descriptor readable any more. */
static void read_on(struct slack_socket *socket)
{
    for (size_t i = 0; i < LINKS_MAX; i++)
        if (is_open(&socket->links[i]))
            read_link(socket, &socket->links[i]);
}

static void turn(struct slack_socket *socket)
{
    bool was_full = socket->n_under_way >= ENVELOPES_MAX;
    int64_t now;

    take_answers(socket);
    if (was_full)
        read_on(socket);
    if (opening_is_done(socket))
        take_opening(socket);
    now = clock_mono_ms();
    for (size_t i = 0; i < LINKS_MAX; i++)
        if (is_open(&socket->links[i]))
            look_after(socket, &socket->links[i], now);
    if ((socket->wants_anew || !has_lasting_link(socket)) && !socket->opening.is_running &&
        !socket->is_held && now >= socket->next_try_mono_ms)
        open_if_wanted(socket);
}

/* While stopping nothing new is read; what is under way is acknowledged. */
static void wind_up(struct slack_socket *socket)
{
    int64_t until = clock_mono_ms() + STOP_MS;

    while (socket->n_under_way && clock_mono_ms() < until) {
        struct pollfd fd = { .fd = socket->wake_fd, .events = POLLIN };
        uint64_t ignored;

        if (poll(&fd, 1, (int)(until - clock_mono_ms())) > 0)
            (void)!read(socket->wake_fd, &ignored, sizeof ignored);
        take_answers(socket);
    }
    if (socket->opening.is_running) {
        socket->opening.give_up = true;
        opening_end(socket);
        websocket_free(socket->opening.websocket);
    }
    for (size_t i = 0; i < LINKS_MAX; i++)
        if (is_open(&socket->links[i]))
            close_link(socket, &socket->links[i]);
}

static void *run(void *context)
{
    struct slack_socket *socket = context;

    while (!is_stopping(socket)) {
        follow_config(socket);
        turn(socket);
        wait(socket, next_due(socket));
    }
    wind_up(socket);
    return NULL;
}

static void on_config(void *context)
{
    struct slack_socket *socket = context;

    pthread_mutex_lock(&socket->lock);
    socket->config_changed = true;
    pthread_mutex_unlock(&socket->lock);
    slack_socket_wake(socket);
}

enum rc slack_socket_start(struct service *service, struct slack_socket **socket)
{
    struct slack_socket *made = calloc(1, sizeof *made);

    if (!made)
        return RC_NO_MEMORY;
    made->service = service;
    made->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&made->lock, NULL);
    if (made->wake_fd < 0 || pthread_create(&made->thread, NULL, run, made)) {
        if (made->wake_fd >= 0)
            close(made->wake_fd);
        pthread_mutex_destroy(&made->lock);
        free(made);
        return RC_NO_MEMORY;
    }
    (void)pthread_setname_np(made->thread, "slack-socket");
    service_on_config(service, on_config, made);
    *socket = made;
    return RC_OK;
}

void slack_socket_stop(struct slack_socket *socket)
{
    if (!socket || is_stopping(socket))
        return;
    service_on_config(socket->service, NULL, socket);
    pthread_mutex_lock(&socket->lock);
    socket->is_stopping = true;
    pthread_mutex_unlock(&socket->lock);
    slack_socket_wake(socket);
    pthread_join(socket->thread, NULL);
}

/* What was never answered within the stop is answered by now: the inlet is drained. */
void slack_socket_free(struct slack_socket *socket)
{
    if (!socket)
        return;
    take_answers(socket);
    close(socket->wake_fd);
    pthread_mutex_destroy(&socket->lock);
    free(socket);
}

struct slack_socket_facts slack_socket_facts(struct slack_socket *socket)
{
    struct slack_socket_facts facts;

    pthread_mutex_lock(&socket->lock);
    facts = socket->facts;
    pthread_mutex_unlock(&socket->lock);
    return facts;
}
