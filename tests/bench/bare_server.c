/* bare_server PORT - the limit for a webhook listener: libmicrohttpd as Vedette runs it (epoll, one internal thread), which reads
 * the body and answers 202. No signature, no JSON, no disk. Ends when its standard input does. */
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CONNECTION_BYTES ((size_t)32 * 1024)
#define MAX_CONNECTIONS 1000U

struct bare_request {
    size_t n_bytes;
};

static struct MHD_Response *accepted;

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *piece,
                              size_t *n_bytes, void **state)
{
    struct bare_request *request = *state;

    (void)context, (void)url, (void)method, (void)version, (void)piece;
    if (!request) {
        *state = calloc(1, sizeof(*request));
        return *state ? MHD_YES : MHD_NO;
    }
    if (!*n_bytes)
        return MHD_queue_response(connection, MHD_HTTP_ACCEPTED, accepted);
    request->n_bytes += *n_bytes;
    *n_bytes = 0;
    return MHD_YES;
}

static void end(void *context, struct MHD_Connection *connection, void **state,
                enum MHD_RequestTerminationCode why)
{
    (void)context, (void)connection, (void)why;
    free(*state);
}

int main(int argc, char **argv)
{
    static char body[] = "{}";
    struct MHD_Daemon *daemon;
    char byte;

    if (argc != 2)
        return 2;
    accepted = MHD_create_response_from_buffer(sizeof(body) - 1, body, MHD_RESPMEM_PERSISTENT);
    daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, (uint16_t)atoi(argv[1]), NULL, NULL,
                              handle, NULL, MHD_OPTION_NOTIFY_COMPLETED, end, NULL,
                              MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES,
                              MHD_OPTION_CONNECTION_LIMIT, MAX_CONNECTIONS, MHD_OPTION_END);
    if (!daemon) {
        perror("bare_server");
        return 1;
    }
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    MHD_stop_daemon(daemon);
    MHD_destroy_response(accepted);
    return 0;
}
