#include "src/daemon/doors.h"

#include <inttypes.h>
#include <sys/resource.h>

#define FILES_KEPT 512 /* descriptors for all that is no connection of a public door */
#define FILES_WANTED 65536
#define CONNECTIONS_LEAST 16
#define SOCKET_MODE 0660

static enum rc start(struct doors *doors, const struct http_options *options,
                     const struct http_routes *handlers, struct problems *problems)
{
    struct http_server **server = &doors->servers[doors->n_servers];
    enum rc rc;

    if (doors->n_servers == DOORS_MAX) {
        problems_add(problems, PROBLEM_ERROR, (struct slice){ 0 }, 0, 0,
                     "there are more than %d addresses to listen on", DOORS_MAX);
        return RC_LIMIT;
    }
    rc = http_server_start(options, handlers, problems, server);
    if (rc)
        return rc;
    log_info("listening name=%s address=%.*s%s", options->name,
             SLICE_ARG(http_server_address(*server)), options->tls ? " tls=yes" : "");
    doors->n_servers++;
    return RC_OK;
}

enum rc doors_open_control(struct doors *doors, const char *name, struct slice address,
                           const struct http_routes *handlers, struct problems *problems)
{
    const struct http_options options = { .name = name,
                                          .address = address,
                                          .socket_mode = SOCKET_MODE };

    return start(doors, &options, handlers, problems);
}

/* How many descriptors we may have. What a shell gives is few, and we may raise it ourselves. */
static int64_t files_at_most(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files))
        return FILES_KEPT;
    if (files.rlim_cur < FILES_WANTED) {
        files.rlim_cur = files.rlim_max < FILES_WANTED ? files.rlim_max : FILES_WANTED;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    return (int64_t)files.rlim_cur;
}

/* A connection that finds no descriptor is one that nobody can answer. */
static uint32_t connections_at_most(const struct config *config)
{
    int64_t n_each = (files_at_most() - FILES_KEPT) / (int64_t)config->n_doors;

    if (n_each >= config->n_connections)
        return (uint32_t)config->n_connections;
    if (n_each < CONNECTIONS_LEAST)
        n_each = CONNECTIONS_LEAST;
    log_warn("fewer descriptors than `limits: {connections}` asks for: raise the limit on open "
             "files (LimitNOFILE=) connections=%" PRId64 " asked=%" PRId64,
             n_each, config->n_connections);
    return (uint32_t)n_each;
}

static enum rc open_certificate(struct doors *doors, const struct config_door *door,
                                struct problems *problems, struct http_tls **tls)
{
    enum rc rc;

    *tls = NULL;
    if (slice_is_absent(door->cert))
        return RC_OK;
    if (doors->n_certificates == DOORS_MAX)
        return RC_LIMIT;
    rc = http_tls_new(door->cert, door->key, problems, tls);
    if (!rc)
        doors->certificates[doors->n_certificates++] = *tls;
    return rc;
}

enum rc doors_open_public(struct doors *doors, const char *name, const struct config *config,
                          const struct config_door *door, const struct http_routes *handlers,
                          struct problems *problems)
{
    struct http_options options = { .name = name,
                                    .address = door->address,
                                    .socket_mode = SOCKET_MODE,
                                    .bodies_bytes = config->bodies_bytes,
                                    .n_connections = connections_at_most(config),
                                    .n_per_peer = (uint32_t)config->n_per_peer };
    enum rc rc = open_certificate(doors, door, problems, &options.tls);

    return rc ? rc : start(doors, &options, handlers, problems);
}

struct slice doors_last_address(const struct doors *doors)
{
    return http_server_address(doors->servers[doors->n_servers - 1]);
}

bool doors_have_certificates(const struct doors *doors)
{
    return doors->n_certificates > 0;
}

static void renew(struct http_tls *tls)
{
    static struct log_limit limit;
    struct problems *problems;
    struct buffer text;
    bool renewed;

    if (problems_new(&problems))
        return;
    buffer_init(&text, 0);
    if (http_tls_renew(tls, problems, &renewed)) {
        problems_format(problems, &text);
        log_limited(&limit, LOG_ERROR, "certificate not renewed, the one before stays: %.*s",
                    SLICE_ARG(slice_trim(buffer_slice(&text))));
    } else if (renewed) {
        log_info("certificate renewed");
    }
    buffer_free(&text);
    problems_free(problems);
}

void doors_renew_certificates(struct doors *doors)
{
    for (size_t i = 0; i < doors->n_certificates; i++)
        renew(doors->certificates[i]);
}

void doors_drain(struct doors *doors)
{
    for (size_t i = 0; i < doors->n_servers; i++)
        http_server_drain(doors->servers[i]);
}

void doors_close(struct doors *doors)
{
    for (size_t i = 0; i < doors->n_servers; i++)
        http_server_free(doors->servers[i]);
    for (size_t i = 0; i < doors->n_certificates; i++)
        http_tls_free(doors->certificates[i]);
    *doors = (struct doors){ 0 };
}
