/* bare_server PORT [DIRECTORY] - the limit for a webhook listener: libmicrohttpd as Vedette runs it (epoll, one internal thread), which
 * reads the body and answers 202. No signature, no JSON, no disk. With DIRECTORY each body is put into an LMDB store there, in a synced
 * commit of its own before its 202: what joining commits is worth. Ends when its standard input does. */
#include <lmdb.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECTION_BYTES ((size_t)32 * 1024)
#define MAX_CONNECTIONS 1000U

#define MAX_BODY_BYTES ((size_t)64 * 1024)
#define STORE_BYTES ((size_t)16 << 30)

struct bare_request {
    size_t n_bytes;
    char body[MAX_BODY_BYTES];
};

static struct MHD_Response *accepted;
static MDB_env *store;
static MDB_dbi table;

static int open_store(const char *directory)
{
    MDB_txn *txn;

    return mdb_env_create(&store) || mdb_env_set_mapsize(store, STORE_BYTES) ||
           mdb_env_open(store, directory, 0, 0600) || mdb_txn_begin(store, NULL, 0, &txn) ||
           mdb_dbi_open(txn, NULL, MDB_INTEGERKEY, &table) || mdb_txn_commit(txn);
}

static int keep(struct bare_request *request)
{
    static size_t number;
    MDB_val key = { .mv_size = sizeof(number), .mv_data = &number };
    MDB_val value = { .mv_size = request->n_bytes, .mv_data = request->body };
    MDB_txn *txn;

    number++;
    return mdb_txn_begin(store, NULL, 0, &txn) || mdb_put(txn, table, &key, &value, MDB_APPEND) ||
           mdb_txn_commit(txn);
}

static void take(struct bare_request *request, const char *piece, size_t n_bytes)
{
    if (store && n_bytes <= MAX_BODY_BYTES - request->n_bytes)
        memcpy(request->body + request->n_bytes, piece, n_bytes);
    request->n_bytes += n_bytes;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *piece,
                              size_t *n_bytes, void **state)
{
    struct bare_request *request = *state;

    (void)context, (void)url, (void)method, (void)version;
    if (!request) {
        request = *state = malloc(sizeof(*request));
        if (request)
            request->n_bytes = 0;
        return *state ? MHD_YES : MHD_NO;
    }
    if (!*n_bytes && store && keep(request))
        return MHD_NO;
    if (!*n_bytes)
        return MHD_queue_response(connection, MHD_HTTP_ACCEPTED, accepted);
    take(request, piece, *n_bytes);
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

    if (argc < 2 || argc > 3)
        return 2;
    if (argc == 3 && open_store(argv[2])) {
        fprintf(stderr, "bare_server: no store in %s\n", argv[2]);
        return 1;
    }
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
