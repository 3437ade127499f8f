/* What is wrong with the channels: the secrets they need, and whether they can be reached. */
#include "src/cli/doctor_private.h"

#include "src/base/clock.h"
#include "src/base/http_client.h"
#include "src/base/secret.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REACH_MS ((int)(5 * SECOND_MS))

/* An address taken apart: "https://chat.example.com:8443/hooks/x". */
struct place {
    struct slice origin; /* "https://chat.example.com:8443": a path may be a secret */
    struct slice host;
    struct slice port; /* absent: the scheme's own */
    bool is_http;
};

static const struct {
    struct slice scheme;
    struct slice port;
    bool is_http;
} schemes[] = {
    { { "https://", 8 }, { "443", 3 }, true },
    { { "http://", 7 }, { "80", 2 }, true },
    { { "smtps://", 8 }, { "465", 3 }, false },
    { { "smtp://", 7 }, { "25", 2 }, false },
};

/* "[::1]:25" or "host:25". */
static void split_authority(struct slice authority, struct place *place)
{
    bool is_bracketed = slice_starts(authority, SLICE("["));
    struct slice rest = authority;

    place->host = slice_cut(&rest, is_bracketed ? ']' : ':');
    if (is_bracketed) {
        place->host.ptr++;
        place->host.len--;
        slice_cut(&rest, ':');
    }
    if (rest.len)
        place->port = rest;
}

static bool parse_place(struct slice url, struct place *place)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        struct slice rest = url;
        struct slice authority;

        if (!slice_starts(url, schemes[i].scheme))
            continue;
        rest.ptr += schemes[i].scheme.len;
        rest.len -= schemes[i].scheme.len;
        authority = slice_cut(&rest, '/');
        place->is_http = schemes[i].is_http;
        place->port = schemes[i].port;
        place->origin = (struct slice){ url.ptr, schemes[i].scheme.len + authority.len };
        split_authority(authority, place);
        return place->host.len > 0;
    }
    return false;
}

/* Whoever answers at all is there: what it says is about a path that nobody asks for. */
static const char *reach_http(struct doctor *doctor, const struct place *place)
{
    struct http_request request = { .method = SLICE("GET"), .timeout_ms = REACH_MS };
    struct http_answer answer = { 0 };
    enum rc rc = arena_format(doctor->arena, &request.url, "%.*s/", SLICE_ARG(place->origin));

    if (!rc)
        rc = http_perform(&request, doctor->arena, &answer);
    if (!rc)
        return NULL;
    return answer.error ? answer.error : rc_text(rc);
}

static int connect_within(const struct addrinfo *address, int timeout_ms)
{
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                    address->ai_protocol);
    struct pollfd wait_for = { .fd = fd, .events = POLLOUT };
    int error = 0;
    socklen_t error_bytes = sizeof error;

    if (fd < 0)
        return errno;
    if (connect(fd, address->ai_addr, address->ai_addrlen) && errno != EINPROGRESS)
        error = errno;
    else if (poll(&wait_for, 1, timeout_ms) <= 0)
        error = ETIMEDOUT;
    else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_bytes))
        error = errno;
    close(fd);
    return error;
}

/* A mail server is connected to and left alone: no word is said to it. */
static const char *reach_mail(struct doctor *doctor, const struct place *place)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    struct slice host, port;
    int error = 0;

    if (arena_copy(doctor->arena, place->host, &host) ||
        arena_copy(doctor->arena, place->port, &port))
        return rc_text(RC_NO_MEMORY);
    error = getaddrinfo(host.ptr, port.ptr, &hints, &found);
    if (error)
        return gai_strerror(error);
    error = ECONNREFUSED;
    for (const struct addrinfo *one = found; one && error; one = one->ai_next)
        error = connect_within(one, REACH_MS);
    freeaddrinfo(found);
    return error ? strerrordesc_np(error) : NULL;
}

/* A webhook's address is its secret, and no more than its beginning is shown; a mail server's stands in the configuration. What they say of it was told while it was loaded. */
static struct slice address_of(struct doctor *doctor, const struct channel *channel,
                               struct problems *told)
{
    const struct config *config = doctor->offline.config;
    const struct node *map = node_find_slice(node_find(config->root, "channels"), channel->name);
    struct slice_list urls = { 0 };

    if (channel->base_url.len)
        return channel->base_url;
    if (!map || secret_read(map, "url", config->directory, true, doctor->arena, told, &urls))
        return (struct slice){ 0 };
    return urls.items[0];
}

static void check_reach(struct doctor *doctor, const struct channel *channel, struct problems *told)
{
    struct place place = { 0 };
    const char *why;

    if (!parse_place(address_of(doctor, channel, told), &place))
        return;
    why = place.is_http ? reach_http(doctor, &place) : reach_mail(doctor, &place);
    doctor_say_format(doctor, why ? FINDING_WRONG : FINDING_WELL, "channel",
                      why ? "is there a way out to it from here: name, firewall, certificate?"
                          : NULL,
                      "%.*s (%s): %.*s %s", SLICE_ARG(channel->name), channel->kind->title,
                      SLICE_ARG(place.origin), why ? why : "can be reached");
}

/* The configuration was read without its secrets; the channels are read once more with them. */
static enum rc load_channels(struct doctor *doctor, struct problems *problems,
                             struct channels **channels)
{
    const struct config *config = doctor->offline.config;

    return channels_load(node_find(config->root, "channels"), config->directory, true,
                         doctor->arena, problems, channels);
}

static void tell_problems(struct doctor *doctor, const struct problems *problems)
{
    const struct problem *problem;

    for (size_t i = 0; (problem = problems_at(problems, i)); i++)
        doctor_say(doctor, problem->severity == PROBLEM_ERROR ? FINDING_WRONG : FINDING_NOTE,
                   "channel", problem->text, NULL);
}

void doctor_check_channels(struct doctor *doctor)
{
    struct problems *problems = NULL;
    struct channels *channels = NULL;
    const struct channel *channel;

    if (problems_new(&problems))
        return;
    if (load_channels(doctor, problems, &channels))
        channels = NULL;
    tell_problems(doctor, problems);
    for (size_t i = 0; channels && (channel = channels_at(channels, i)); i++) {
        if (channel == channels_slack(channels))
            doctor_check_slack(doctor, channel);
        else
            check_reach(doctor, channel, problems);
    }
    problems_free(problems);
}
