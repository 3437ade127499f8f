#include "src/config/config_private.h"

#include "src/base/digest.h"
#include "src/base/file.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYSTEM_FILE "/etc/vedette/vedette.yaml"
#define SECRET_RANDOM_BYTES 24

enum rc config_find_file(const struct config_options *options, struct arena *arena,
                         struct slice *path)
{
    const char *variable = getenv("VEDETTE_CONFIG");
    const char *found = NULL;

    *path = (struct slice){ 0 };
    if (options->path)
        found = options->path;
    else if (variable && *variable)
        found = variable;
    else if (!access(SYSTEM_FILE, F_OK))
        found = SYSTEM_FILE;
    if (!found)
        return RC_OK;
    return arena_copy(arena, slice_of(found), path);
}

enum rc config_resolve(const struct config *config, struct slice path, struct slice *resolved)
{
    return path_join(config->directory, path, config->arena, resolved);
}

/* XDG Base Directory Specification: $XDG_STATE_HOME, else ~/.local/state. */
static enum rc user_state(struct arena *arena, struct slice *state)
{
    const char *state_home = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");

    if (state_home && *state_home == '/')
        return arena_format(arena, state, "%s/vedette", state_home);
    if (!home || *home != '/') {
        const struct passwd *user = getpwuid(getuid()); /* before any thread starts */

        home = user ? user->pw_dir : "/tmp";
    }
    return arena_format(arena, state, "%s/.local/state/vedette", home);
}

enum rc config_place_state(struct config_reader *reader)
{
    struct config *config = reader->config;
    const char *service =
        getenv("STATE_DIRECTORY"); /* systemd.exec(5); a list has colons between */

    if (!slice_is_absent(reader->file.state))
        return config_resolve(config, reader->file.state, &config->state);
    if (service && *service) {
        struct slice list = slice_of(service);

        return arena_copy(config->arena, slice_cut(&list, ':'), &config->state);
    }
    if (config->is_default)
        return user_state(config->arena, &config->state);
    config->state = SLICE("/var/lib/vedette");
    return RC_OK;
}

enum rc config_place_socket(struct config_reader *reader)
{
    struct config *config = reader->config;
    const char *service = getenv("RUNTIME_DIRECTORY");
    const char *user = getenv("XDG_RUNTIME_DIR");

    if (!slice_is_absent(reader->file.socket))
        config->socket = reader->file.socket;
    if (!slice_is_absent(config->socket))
        return config_resolve(config, config->socket, &config->socket);
    if (service && *service)
        return arena_format(config->arena, &config->socket, "%s/vedette.sock", service);
    if (config->is_default && user && *user == '/')
        return arena_format(config->arena, &config->socket, "%s/vedette/vedette.sock", user);
    return arena_format(config->arena, &config->socket, "%.*s/vedette.sock",
                        SLICE_ARG(config->state));
}

static enum rc make_secret(const struct config *config, const char *name)
{
    uint8_t bytes[SECRET_RANDOM_BYTES];
    char text[2 * SECRET_RANDOM_BYTES + 1];
    struct slice path;
    enum rc rc = config_resolve(config, slice_of(name), &path);

    if (rc || !access(path.ptr, F_OK))
        return rc;
    rc = random_bytes(bytes, sizeof bytes);
    if (rc)
        return rc;
    return file_write(path.ptr, slice_of(hex_format(bytes, sizeof bytes, text)), 0600);
}

/* The directory that the control socket lies in: made where it is not there yet, for us alone. */
static enum rc make_socket_directory(const struct config *config)
{
    struct slice directory = config->socket;
    struct slice path;
    enum rc rc;

    while (directory.len > 1 && directory.ptr[directory.len - 1] != '/')
        directory.len--;
    if (directory.len < 2)
        return RC_OK;
    rc = arena_copy(config->arena, directory, &path);
    return rc ? rc : directory_make(path.ptr, 0700);
}

enum rc config_make_state(struct config_reader *reader)
{
    static const char *const secrets[] = { "github.secret", "alertmanager.token", "deploys.token" };
    const struct config *config = reader->config;
    enum rc rc = directory_make(config->state.ptr, 0700);

    for (size_t i = 0; i < sizeof secrets / sizeof *secrets && !rc && config->is_default; i++)
        rc = make_secret(config, secrets[i]);
    if (!rc)
        rc = make_socket_directory(config);
    if (rc)
        problems_add(reader->problems, PROBLEM_ERROR, (struct slice){ 0 }, 0, 0,
                     "cannot make the state directory %.*s: %s; give another with --state",
                     SLICE_ARG(config->state), strerror(errno));
    return rc;
}
