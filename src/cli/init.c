#include "src/base/digest.h"
#include "src/base/embedded.h"
#include "src/base/file.h"
#include "src/cli/commands_all.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ARENA_BYTES ((size_t)4 << 20)
#define SECRET_RANDOM_BYTES 24
#define USER_MARK "@USER@"

extern const struct embedded_file init_files[];    /* init.yaml */
extern const struct embedded_file shipped_rules[]; /* of src/config */

struct init {
    const struct invocation *invocation;
    struct slice directory;
    struct slice user;
    struct arena *arena;
};

struct made_file;
static enum rc write_embedded(const struct init *init, const struct made_file *file,
                              struct buffer *out);
static enum rc write_schema(const struct init *init, const struct made_file *file,
                            struct buffer *out);
static enum rc write_secret(const struct init *init, const struct made_file *file,
                            struct buffer *out);

/* One file that is written: its name in the directory ("@USER@" is the user's) and what goes into it. */
static const struct made_file {
    const char *name;
    unsigned mode;
    enum rc (*write)(const struct init *init, const struct made_file *file, struct buffer *out);
    const char *source; /* what of */
} made_files[] = {
    { "vedette.yaml", 0644, write_embedded, "init.yaml" },
    { "rules.d/ci.yaml", 0644, write_embedded, "ci.yaml" },
    { "schema/config.json", 0644, write_schema, "config" },
    { "schema/rules.json", 0644, write_schema, "rules" },
    { "github.secret", 0600, write_secret, NULL },
    { "alertmanager.token", 0600, write_secret, NULL },
    { USER_MARK ".token", 0600, write_secret, NULL },
};
#define N_MADE_FILES (sizeof made_files / sizeof *made_files)

static void add_with_user(const struct init *init, struct slice text, struct buffer *out)
{
    size_t at;

    while (!slice_find(text, SLICE(USER_MARK), &at)) {
        buffer_add(out, (struct slice){ text.ptr, at });
        buffer_add(out, init->user);
        text.ptr += at + sizeof USER_MARK - 1;
        text.len -= at + sizeof USER_MARK - 1;
    }
    buffer_add(out, text);
}

static enum rc place(const struct init *init, const char *name, struct slice *path)
{
    struct buffer text;
    enum rc rc;

    buffer_init(&text, 4096);
    add_with_user(init, slice_of(name), &text);
    rc = buffer_rc(&text);
    if (!rc)
        rc = path_join(init->directory, buffer_slice(&text), init->arena, path);
    buffer_free(&text);
    return rc;
}

/* --- nothing is overwritten --- */

static enum exit_code refuse_what_is_there(const struct init *init)
{
    enum exit_code code = EXIT_DONE;

    for (size_t i = 0; i < N_MADE_FILES; i++) {
        struct slice path;

        if (place(init, made_files[i].name, &path))
            return EXIT_REFUSED;
        if (access(path.ptr, F_OK))
            continue;
        complain(init->invocation->command, "%s is there already: nothing was written", path.ptr);
        code = EXIT_REFUSED;
    }
    return code;
}

/* --- writing --- */

static struct slice embedded(const char *name)
{
    const struct embedded_file *const tables[] = { init_files, shipped_rules };

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const struct embedded_file *file = tables[i]; file->name; file++)
            if (!strcmp(file->name, name))
                return file->text;
    return SLICE("");
}

static enum rc write_secret(const struct init *init, const struct made_file *file,
                            struct buffer *out)
{
    uint8_t bytes[SECRET_RANDOM_BYTES];
    char text[2 * SECRET_RANDOM_BYTES + 1];
    enum rc rc = random_bytes(bytes, sizeof bytes);

    (void)init;
    (void)file;
    if (rc)
        return rc;
    buffer_add_text(out, hex_format(bytes, sizeof bytes, text));
    buffer_add_byte(out, '\n');
    return buffer_rc(out);
}

static enum rc write_embedded(const struct init *init, const struct made_file *file,
                              struct buffer *out)
{
    add_with_user(init, embedded(file->source), out);
    return buffer_rc(out);
}

/* What the first lines of the other files name. */
static enum rc write_schema(const struct init *init, const struct made_file *file,
                            struct buffer *out)
{
    int i;
    enum rc rc = slice_to_enum(slice_of(file->source), schema_names, &i);

    (void)init;
    return rc ? rc : schema_of(i, out);
}

static enum rc write_file(const struct init *init, const struct made_file *file, const char *path)
{
    struct buffer text;
    enum rc rc;

    buffer_init(&text, 0);
    rc = file->write(init, file, &text);
    if (!rc)
        rc = file_write(path, buffer_slice(&text), file->mode);
    buffer_free(&text);
    return rc;
}

static enum exit_code make_directories(const struct init *init)
{
    static const char *const names[] = { "rules.d", "schema" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct slice path;
        enum rc rc = path_join(init->directory, slice_of(names[i]), init->arena, &path);

        if (!rc)
            rc = directory_make(path.ptr, 0755);
        if (!rc)
            continue;
        complain(init->invocation->command, "cannot make %s/%s: %s", init->directory.ptr, names[i],
                 strerror(errno));
        return EXIT_REFUSED;
    }
    return EXIT_DONE;
}

static enum exit_code write_all(const struct init *init)
{
    if (make_directories(init))
        return EXIT_REFUSED;
    for (size_t i = 0; i < N_MADE_FILES; i++) {
        struct slice path = { 0 };
        enum rc rc = place(init, made_files[i].name, &path);

        if (!rc)
            rc = write_file(init, &made_files[i], path.ptr);
        if (rc) {
            complain(init->invocation->command, "cannot write %s: %s",
                     path.ptr ? path.ptr : made_files[i].name, strerror(errno));
            return EXIT_REFUSED;
        }
        printf("wrote %s\n", path.ptr);
    }
    return EXIT_DONE;
}

/* With a configuration the daemon's own user decides nothing at the socket, so that no child of the daemon can: whoever runs it
 * and decides too comes with their token. */
static void print_next_steps(const struct init *init)
{
    printf(
        "\nNext, in %s:\n"
        "  vedette check -c vedette.yaml       # is everything valid?\n"
        "  vedette test -c vedette.yaml        # do the rules do what their tests say?\n"
        "  vedette run -c vedette.yaml         # leave it running; then, in a second terminal:\n"
        "  export VEDETTE_CONFIG=$PWD/vedette.yaml VEDETTE_URL=http://127.0.0.1:8421 "
        "VEDETTE_TOKEN=$(cat %.*s.token)\n"
        "  vedette send --sample ci-red        # a failed run on main, as GitHub sends it\n"
        "  vedette proposals                   # what Vedette makes of it\n"
        "  vedette approve ID                  # the five letters of the proposal\n"
        "  vedette hooks                       # what to paste at GitHub and into Alertmanager\n",
        init->directory.ptr, SLICE_ARG(init->user));
}

static enum exit_code run(struct init *init)
{
    enum exit_code code = refuse_what_is_there(init);

    if (!code)
        code = write_all(init);
    if (!code)
        print_next_steps(init);
    return fflush(stdout) ? EXIT_REFUSED : code;
}

enum exit_code init_command(const struct invocation *invocation)
{
    const struct passwd *user = getpwuid(getuid()); /* no other thread is there */
    struct init init = { .invocation = invocation,
                         .directory =
                             slice_of(invocation->n_operands ? invocation->operands[0] : "."),
                         .user = slice_of(user ? user->pw_name : "me") };
    enum exit_code code = EXIT_REFUSED;

    if (!arena_new(ARENA_BYTES, &init.arena) && !digest_init())
        code = run(&init);
    arena_free(init.arena);
    return code;
}
