/* What is wrong on this machine, and what to do: each line a check, what it found, and the remedy. Changes nothing. */
#include "src/cli/doctor_private.h"

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/http_client.h"
#include "src/cli/commands_all.h"
#include "src/cli/value.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#define ARENA_BYTES ((size_t)16 << 20)
#define MIB ((int64_t)1 << 20)
#define DISK_MIN_BYTES (256 * MIB)
#define STORE_FULL_PERCENT 90 /* data stops there */
#define STORE_NEAR_PERCENT 80
#define REACH_MS (3 * SECOND_MS)
#define OTHERS (S_IRWXG | S_IRWXO)

static const char *const finding_names[] = { "ok", "note", "wrong" };

void doctor_say(struct doctor *doctor, enum finding finding, const char *check, struct slice what,
                const char *remedy)
{
    const struct screen *screen = &doctor->invocation->screen;
    static const enum colour colours[] = { COLOUR_GOOD, COLOUR_WARNING, COLOUR_BAD };
    struct buffer *out = &doctor->out;

    doctor->n_wrong += finding == FINDING_WRONG;
    if (doctor->invocation->options.json) {
        struct json_writer writer = json_writer_to(out);

        json_object_begin(&writer);
        json_member_text(&writer, "check", slice_of(check));
        json_member_text(&writer, "finding", slice_of(finding_names[finding]));
        json_member_text(&writer, "what", what);
        json_member_text(&writer, "remedy", slice_of(remedy));
        json_object_end(&writer);
        buffer_add_text(out, "\n");
        return;
    }
    show_colour(screen, out, colours[finding]);
    buffer_format(out, "%-6s", finding_names[finding]);
    show_colour(screen, out, COLOUR_NONE);
    buffer_format(out, "%-15s", check);
    show_text(out, what);
    buffer_add_text(out, "\n");
    if (remedy)
        buffer_format(out, "%21s%s\n", "→ ", remedy);
}

void doctor_say_format(struct doctor *doctor, enum finding finding, const char *check,
                       const char *remedy, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    doctor_say(doctor, finding, check, slice_of(text), remedy);
}

/* --- the machine --- */

static void check_clock(struct doctor *doctor)
{
    struct timex timex = { 0 };
    int state = adjtimex(&timex);

    if (state < 0)
        doctor_say_format(doctor, FINDING_NOTE, "clock", NULL, "cannot be asked: %s",
                          strerror(errno));
    else if (state == TIME_ERROR || (timex.status & STA_UNSYNC))
        doctor_say(
            doctor, FINDING_NOTE, "clock", SLICE("nothing keeps it right"),
            "expiries and windows follow this clock: run chrony, systemd-timesyncd or the like");
    else
        doctor_say(doctor, FINDING_WELL, "clock", SLICE("kept right"), NULL);
}

static void check_state(struct doctor *doctor)
{
    const char *path = doctor->offline.config->state.ptr;
    struct statvfs disk;
    struct stat stat_of;
    int64_t free_bytes;

    if (stat(path, &stat_of)) {
        doctor_say_format(doctor, errno == ENOENT ? FINDING_NOTE : FINDING_WRONG, "state",
                          "`vedette run` makes it; `state:` or --state says where", "%s: %s", path,
                          strerror(errno));
        return;
    }
    if (stat_of.st_mode & OTHERS)
        doctor_say_format(doctor, FINDING_NOTE, "state", "chmod 700 it",
                          "%s: others can look into it", path);
    else
        doctor_say_format(doctor, FINDING_WELL, "state", NULL, "%s", path);
    if (statvfs(path, &disk))
        return;
    free_bytes = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
    doctor_say_format(
        doctor, free_bytes < DISK_MIN_BYTES ? FINDING_WRONG : FINDING_WELL, "disk",
        free_bytes < DISK_MIN_BYTES ? "make room: without it deliveries are refused (503)" : NULL,
        "%lld MB free", (long long)(free_bytes / MIB));
}

/* --- secrets: wherever a member ends in `_file` --- */

static void check_secret(struct doctor *doctor, struct slice written)
{
    struct stat stat_of;
    struct slice path;

    if (path_join(doctor->offline.config->directory, written, doctor->arena, &path))
        return;
    if (stat(path.ptr, &stat_of))
        doctor_say_format(doctor, FINDING_WRONG, "secret",
                          "write it, or change where the configuration looks for it", "%s: %s",
                          path.ptr, strerror(errno));
    else if (!stat_of.st_size)
        doctor_say_format(doctor, FINDING_WRONG, "secret", "write the secret into it",
                          "%s is empty", path.ptr);
    else if (stat_of.st_mode & OTHERS)
        doctor_say_format(doctor, FINDING_WRONG, "secret", "chmod 600 it",
                          "%s: others can read it (mode %03o)", path.ptr,
                          (unsigned)stat_of.st_mode & 0777);
    else
        doctor_say_format(doctor, FINDING_WELL, "secret", NULL, "%s", path.ptr);
}

static void check_secrets(struct doctor *doctor, const struct node *node)
{
    for (size_t i = 0; i < node->n_items; i++)
        check_secrets(doctor, node->items[i]);
    for (size_t i = 0; i < node->n_pairs; i++) {
        const struct node *value = node->pairs[i].value;

        if (!slice_ends(node->pairs[i].key, SLICE("_file"))) {
            check_secrets(doctor, value);
            continue;
        }
        if (value->type == NODE_SCALAR)
            check_secret(doctor, value->text);
        for (size_t j = 0; j < value->n_items; j++)
            check_secret(doctor, value->items[j]->text);
    }
}

/* --- actions --- */

static struct slice program_of(const struct node *action, const char *member)
{
    const struct node *argv = action->type == NODE_MAP ? node_find(action, member) : NULL;

    return argv && argv->n_items ? argv->items[0]->text : (struct slice){ 0 };
}

static void check_program(struct doctor *doctor, struct slice name, struct slice program)
{
    struct slice path;

    if (!program.len || arena_copy(doctor->arena, program, &path))
        return;
    if (access(path.ptr, X_OK))
        doctor_say_format(doctor, FINDING_WRONG, "action",
                          "install it, or change `run:` (an absolute path)", "%.*s: %s: %s",
                          SLICE_ARG(name), path.ptr, strerror(errno));
    else
        doctor_say_format(doctor, FINDING_WELL, "action", NULL, "%.*s: %s", SLICE_ARG(name),
                          path.ptr);
}

/* What is not said to run as another user has all that the daemon has. */
static void check_actions(struct doctor *doctor)
{
    const struct node *map = node_find(doctor->offline.config->root, "actions");

    for (size_t i = 0; map && i < map->n_pairs; i++) {
        const struct node *action = map->pairs[i].value;

        check_program(doctor, map->pairs[i].key, program_of(action, "run"));
        check_program(doctor, map->pairs[i].key, program_of(action, "check"));
        if (program_of(action, "run").len && !geteuid() && !node_find(action, "user"))
            doctor_say_format(doctor, FINDING_NOTE, "action", "give it a `user:` of its own",
                              "%.*s runs as the daemon's user, which is root if root starts it",
                              SLICE_ARG(map->pairs[i].key));
    }
}

/* --- the daemon --- */

static void check_store(struct doctor *doctor)
{
    const struct json *store = json_get_text(doctor->status, "store");
    int64_t bytes = value_int(store, "bytes"), max_bytes = value_int(store, "max_bytes");
    int64_t percent = max_bytes ? 100 * bytes / max_bytes : 0;
    enum finding finding = percent >= STORE_FULL_PERCENT   ? FINDING_WRONG
                           : percent >= STORE_NEAR_PERCENT ? FINDING_NOTE
                                                           : FINDING_WELL;

    doctor_say_format(doctor, finding, "store",
                      finding == FINDING_WELL
                          ? NULL
                          : "at 90 % deliveries are refused: shorten `retention`, or "
                            "raise `store: {max}` and restart",
                      "%lld of %lld MB (%lld %%)", (long long)(bytes / MIB),
                      (long long)(max_bytes / MIB), (long long)percent);
}

static void check_rules_in_force(struct doctor *doctor)
{
    const struct json *rules = json_get_text(doctor->status, "rules");

    if (slice_eq(value_text(rules, "state"), SLICE("last_good")))
        doctor_say(doctor, FINDING_WRONG, "rules",
                   SLICE("the files are broken: the last good rules run"),
                   "`vedette check`, repair, `vedette reload`");
    if (value_is_true(doctor->status, "paused"))
        doctor_say(doctor, FINDING_NOTE, "paused", SLICE("nothing acts"), "`vedette resume`");
}

static void check_daemon(struct doctor *doctor)
{
    if (client_new(doctor->invocation, &doctor->client) ||
        client_get(doctor->client, SLICE("/api/v1/status"), &doctor->status)) {
        doctor_say(doctor, FINDING_WRONG, "daemon", SLICE("cannot be asked"),
                   "`vedette run`, or see above");
        return;
    }
    doctor_say_format(doctor, FINDING_WELL, "daemon", NULL, "answers at %.*s",
                      SLICE_ARG(client_place(doctor->client)));
    check_store(doctor);
    check_rules_in_force(doctor);
}

/* The public door answers everything it does not know with 404: that is reached. */
static void check_door(struct doctor *doctor, const struct config_door *door)
{
    const struct slice address = door->address;
    struct http_request request = { .method = SLICE("GET"), .timeout_ms = REACH_MS };
    struct http_answer answer = { 0 };
    struct slice host;
    enum rc rc;

    if (slice_ends(address, SLICE(":0")))
        return;
    if (slice_starts(address, SLICE("unix:")))
        request.unix_socket = (struct slice){ address.ptr + 5, address.len - 5 };
    host = request.unix_socket.ptr ? SLICE("localhost") : address;
    rc = arena_format(doctor->arena, &request.url, "%s://%.*s/hooks/",
                      slice_is_absent(door->cert) ? "http" : "https", SLICE_ARG(host));
    if (!rc)
        rc = http_perform(&request, doctor->arena, &answer);
    /* A certificate is made out to the public name, not to this address. */
    if (answer.is_unproven && !slice_is_absent(door->cert))
        rc = RC_OK;
    doctor_say_format(doctor, rc ? FINDING_WRONG : FINDING_WELL, "public door",
                      rc ? "does the daemon run, and is the port free of others?" : NULL, "%.*s %s",
                      SLICE_ARG(address),
                      rc ? (answer.error ? answer.error : rc_text(rc)) : "answers");
}

static void examine(struct doctor *doctor)
{
    const struct config *config = doctor->offline.config;

    doctor_say_format(doctor, FINDING_WELL, "configuration", NULL, "%.*s; rules: %zu",
                      SLICE_ARG(config->path), doctor->offline.ruleset->n_rules);
    check_clock(doctor);
    check_state(doctor);
    check_secrets(doctor, config->root);
    check_actions(doctor);
    check_daemon(doctor);
    for (size_t i = 0; doctor->status && i < config->n_doors; i++)
        check_door(doctor, &config->doors[i]);
    doctor_check_hooks(doctor);
    doctor_check_channels(doctor);
}

enum exit_code doctor_command(const struct invocation *invocation)
{
    struct doctor doctor = { .invocation = invocation };
    enum exit_code code = offline_need(invocation, OFFLINE_RULES_CHECKED, NULL, 0, &doctor.offline);

    if (!code && (arena_new(ARENA_BYTES, &doctor.arena) || http_client_init()))
        code = EXIT_REFUSED;
    buffer_init(&doctor.out, 0);
    if (!code) {
        offline_tell(&doctor.offline); /* warnings */
        examine(&doctor);
        code = screen_write(&doctor.out) || doctor.n_wrong ? EXIT_REFUSED : EXIT_DONE;
    }
    buffer_free(&doctor.out);
    json_free(doctor.status);
    client_free(doctor.client);
    arena_free(doctor.arena);
    offline_close(&doctor.offline);
    return code;
}
