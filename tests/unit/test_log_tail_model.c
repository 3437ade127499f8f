/* Somebody writes two logs and rotates them in every way at random moments; what must arrive is known exactly.
 *
 * A line is some tokens, each of which is written once. A token that is in some file beside the live one, or was there until it was read, arrives once, and those of one generation
 * arrive in their order; one whose last file was removed or truncated may be missing, and no more bytes are told as lost than were destroyed so.
 *
 * VEDETTE_SEED=n repeats one run; VEDETTE_RUNS=n makes so many. The story of one that fails is told. */
#include "tests/unit/tailed_logs.h"

#define N_LOGS 2
#define KEEP 3
#define N_OPS 60
#define TICK_MS 4 /* of the kernel's clock for files */
#define MAX_TOKENS 60000
#define MAX_FILES 256
#define BUDGET_MS (8 * SECOND_MS)

struct token {
    int generation;
    int n_files; /* that hold it */
    int n_bytes;
    bool has_arrived, is_destroyed;
};

struct file {
    char name[96];
    int *tokens; /* those that begin a line are preceded by -1 */
    size_t n_tokens, n_room;
};

struct log {
    const char *stem;
    char live[32];
    bool is_within_line;
    int generation;
};

struct model {
    struct world *world;
    uint64_t random;
    bool has_started, by_date, is_date_first;
    struct token *tokens;
    int n_tokens;
    int n_generations, last_of[MAX_TOKENS];
    struct file files[MAX_FILES];
    size_t n_files;
    struct log logs[N_LOGS];
    int64_t n_destroyed;
    unsigned n_rotations;
    char *story;
    size_t n_story;
};

/* -- chance -- */

static uint64_t next_random(struct model *model)
{
    uint64_t z = model->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static int below(struct model *model, int limit)
{
    return (int)(next_random(model) % (uint64_t)limit);
}

static bool chance(struct model *model, int percent)
{
    return below(model, 100) < percent;
}

__attribute__((format(printf, 2, 3))) static void story(const struct model *model,
                                                        const char *format, ...)
{
    va_list arguments;

    fprintf(model->world->story, "%d ", (int)(model->world->now_ms % 10000000));
    va_start(arguments, format);
    vfprintf(model->world->story, format, arguments);
    va_end(arguments);
    fputc('\n', model->world->story);
}

/* -- what stands where -- */

static struct file *find_file(struct model *model, const char *name)
{
    for (size_t i = 0; i < model->n_files; i++)
        if (!strcmp(model->files[i].name, name))
            return &model->files[i];
    return NULL;
}

static struct file *need_file(struct model *model, const char *name)
{
    struct file *file = find_file(model, name);

    if (file)
        return file;
    assert_true(model->n_files < MAX_FILES);
    file = &model->files[model->n_files++];
    *file = (struct file){ 0 };
    snprintf(file->name, sizeof file->name, "%s", name);
    return file;
}

/* One that is there. */
static struct file *the_file(struct model *model, const char *name)
{
    struct file *file = find_file(model, name);

    if (!file)
        abort();
    return file;
}

static void hold(struct model *model, struct file *file, int token)
{
    if (file->n_tokens == file->n_room) {
        file->n_room = file->n_room ? 2 * file->n_room : 64;
        file->tokens = realloc(file->tokens, file->n_room * sizeof *file->tokens);
        assert_non_null(file->tokens);
    }
    file->tokens[file->n_tokens++] = token;
    model->tokens[token].n_files++;
}

/* What is nowhere else is destroyed, unless it has arrived. */
static void empty_file(struct model *model, struct file *file)
{
    for (size_t i = 0; i < file->n_tokens; i++) {
        struct token *token = &model->tokens[file->tokens[i]];

        if (--token->n_files || token->has_arrived || token->is_destroyed)
            continue;
        token->is_destroyed = true;
        model->n_destroyed += token->n_bytes;
    }
    file->n_tokens = 0;
}

static void drop_file(struct model *model, const char *name)
{
    struct file *file = find_file(model, name);

    if (!file)
        return;
    empty_file(model, file);
    free(file->tokens);
    *file = model->files[--model->n_files];
}

static void move_file(struct model *model, const char *from, const char *to)
{
    drop_file(model, to);
    snprintf(the_file(model, from)->name, sizeof model->files[0].name, "%s", to);
    world_rename(model->world, from, to);
}

static void remove_file(struct model *model, const char *name)
{
    if (!find_file(model, name))
        return;
    drop_file(model, name);
    world_unlink(model->world, name);
}

/* -- writing -- */

static void write_token(struct model *model, struct log *log, struct buffer *text, int n_filling)
{
    int id = model->n_tokens++;
    struct token *token = &model->tokens[id];

    assert_true(id < MAX_TOKENS);
    buffer_format(
        text, "<%06d%.*s>", id, n_filling,
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    *token = (struct token){ .generation = log->generation, .n_bytes = 8 + n_filling };
    hold(model, need_file(model, log->live), id);
}

static void append(struct model *model, struct log *log, int n_lines, bool is_half)
{
    int first = model->n_tokens;
    struct buffer text;

    buffer_init(&text, 0);
    (void)need_file(model, log->live);
    for (int i = 0; i < n_lines; i++) {
        for (int n = 1 + below(model, 3); n; n--)
            write_token(model, log, &text, below(model, chance(model, 10) ? 160 : 20));
        if (is_half && i == n_lines - 1)
            break;
        buffer_add_byte(&text, '\n');
        model->tokens[model->n_tokens - 1].n_bytes++;
    }
    log->is_within_line = is_half;
    world_write(model->world, log->live, O_APPEND, buffer_slice(&text));
    story(model, "%s: %d to %d%s", log->live, first, model->n_tokens - 1,
          is_half ? ", the last line without its end" : "");
    buffer_free(&text);
}

static void op_append(struct model *model, struct log *log)
{
    append(model, log, 1 + below(model, chance(model, 5) ? 800 : 5), false);
}

static void op_append_half(struct model *model, struct log *log)
{
    append(model, log, 1 + below(model, 3), true);
}

/* -- rotating -- */

static void rotated_name(const struct model *model, const struct log *log, unsigned number,
                         char *name)
{
    unsigned stamp = 20260000 + model->n_rotations - number;

    if (!model->by_date)
        snprintf(name, 96, "%s.log.%u", log->stem, number);
    else if (model->is_date_first)
        snprintf(name, 96, "%s-%u.log", log->stem, stamp);
    else
        snprintf(name, 96, "%s.log-%u", log->stem, stamp);
}

static void remove_old(struct model *model, const struct log *log)
{
    for (size_t i = model->n_files; i-- > 0;) {
        const char *stamp = strpbrk(model->files[i].name, "0123456789");
        char name[96];

        snprintf(name, sizeof name, "%s", model->files[i].name);
        if (stamp && !strncmp(name, log->stem, strlen(log->stem)) &&
            strtoul(stamp, NULL, 10) - 20260000 + KEEP * N_LOGS < model->n_rotations)
            remove_file(model, name);
    }
}

/* Makes room for a first rotated one. */
static void shift(struct model *model, const struct log *log)
{
    char from[96], to[96];

    if (model->by_date) {
        model->n_rotations++;
        remove_old(model, log);
        return;
    }
    rotated_name(model, log, KEEP, to);
    remove_file(model, to);
    for (unsigned number = KEEP; number-- > 1;) {
        rotated_name(model, log, number, from);
        rotated_name(model, log, number + 1, to);
        if (find_file(model, from))
            move_file(model, from, to);
    }
}

static void begin_generation(struct model *model, struct log *log)
{
    log->generation = model->n_generations++;
    log->is_within_line = false;
}

static void create(struct model *model, const struct log *log)
{
    (void)need_file(model, log->live);
    world_append(model->world, log->live, "");
}

static void look(struct model *model, int percent)
{
    if (model->has_started && chance(model, percent)) {
        story(model, "  (a look)");
        world_step(model->world);
    }
}

static void rotate(struct model *model, struct log *log, bool creates)
{
    char to[96];

    if (!find_file(model, log->live))
        return;
    shift(model, log);
    rotated_name(model, log, 1, to);
    story(model, "%s: renamed to %s%s", log->live, to, creates ? " and created" : "");
    look(model, 10);
    move_file(model, log->live, to);
    look(model, 10);
    begin_generation(model, log);
    if (creates)
        create(model, log);
}

static void op_rotate(struct model *model, struct log *log)
{
    rotate(model, log, true);
}

static void op_rotate_away(struct model *model, struct log *log)
{
    rotate(model, log, false);
}

static void op_rotate_often(struct model *model, struct log *log)
{
    for (int n = 2 + below(model, 2); n; n--) {
        if (find_file(model, log->live))
            append(model, log, 1 + below(model, 3), chance(model, 20));
        rotate(model, log, true);
    }
}

static void copy(struct model *model, struct log *log, const char *to)
{
    const struct file *from;
    struct file *made;
    char bytes[4096];
    int fd = open(world_path(model->world, log->live), O_RDONLY | O_CLOEXEC);
    ssize_t n_read;

    assert_true(fd >= 0);
    world_append(model->world, to, "");
    made = need_file(model, to);
    look(model, 10);
    while ((n_read = read(fd, bytes, sizeof bytes)) > 0) {
        world_write(model->world, to, O_APPEND, (struct slice){ bytes, (size_t)n_read });
        look(model, 10);
    }
    from = the_file(model, log->live);
    for (size_t i = 0; i < from->n_tokens; i++)
        hold(model, made, from->tokens[i]);
    close(fd);
}

static void truncate_log(struct model *model, struct log *log)
{
    bool is_within_line = log->is_within_line;

    empty_file(model, the_file(model, log->live));
    world_replace(model->world, log->live, "");
    begin_generation(model, log);
    log->is_within_line = is_within_line; /* its rest comes, whatever became of its beginning */
}

static void op_copytruncate(struct model *model, struct log *log)
{
    char to[96];

    if (!find_file(model, log->live))
        return;
    shift(model, log);
    rotated_name(model, log, 1, to);
    story(model, "%s: copied to %s", log->live, to);
    copy(model, log, to);
    look(model, 10);
    if (chance(model, 20)) {
        append(model, log, 1, false); /* it is in no copy */
        look(model, 50);
    }
    story(model, "%s: truncated", log->live);
    truncate_log(model, log);
}

static void op_copytruncate_often(struct model *model, struct log *log)
{
    for (int n = 2; n; n--) {
        if (find_file(model, log->live))
            append(model, log, 1 + below(model, 3), chance(model, 20));
        op_copytruncate(model, log);
    }
}

static void op_truncate(struct model *model, struct log *log)
{
    if (!find_file(model, log->live))
        return;
    story(model, "%s: truncated, without a copy", log->live);
    truncate_log(model, log);
    if (chance(model, 50))
        op_append(model, log);
}

static void op_remove(struct model *model, struct log *log)
{
    if (!find_file(model, log->live))
        return;
    story(model, "%s: removed and created", log->live);
    remove_file(model, log->live);
    look(model, 20);
    begin_generation(model, log);
    create(model, log);
}

/* -- the tail's life -- */

static void take_tokens(struct model *model, const struct world_line *line)
{
    const char *place = line->text;

    while (*place) {
        int id = 0, n_bytes = 0;
        struct token *token;

        if (sscanf(place, "<%6d%*[x]>%n", &id, &n_bytes) < 1 || !n_bytes)
            (void)sscanf(place, "<%6d>%n", &id, &n_bytes);
        if (!n_bytes || id >= model->n_tokens)
            fail_msg("torn: \"%s\"", place);
        token = &model->tokens[id];
        if (token->has_arrived)
            fail_msg("%d has come twice", id);
        if (model->last_of[token->generation] > id)
            fail_msg("%d comes after %d", id, model->last_of[token->generation]);
        model->last_of[token->generation] = id;
        token->has_arrived = true;
        place += n_bytes;
    }
}

static void commit(struct model *model)
{
    struct world *world = model->world;

    world_commit(world);
    for (size_t i = 0; i < world->n_lines; i++) {
        take_tokens(model, &world->lines[i]);
        free(world->lines[i].text);
        world->lines[i].text = NULL;
    }
    world->n_lines = 0;
}

static void op_commit(struct model *model, struct log *log)
{
    (void)log;
    story(model, "committed");
    commit(model);
}

static void op_pass(struct model *model, struct log *log)
{
    static const int64_t waits_ms[] = { 0, 3, 50, 1100, 4000, 12000, 35000, 70000 };
    int64_t wait_ms = waits_ms[below(model, 8)];

    (void)log;
    story(model, "%d ms pass", (int)wait_ms);
    if (model->has_started)
        world_pass(model->world, wait_ms);
    else
        world_sleep(model->world, wait_ms);
}

static void op_sleep(struct model *model, struct log *log)
{
    static const int64_t waits_ms[] = { 1, 30, 1000, 40000 };

    (void)log;
    world_sleep(model->world, waits_ms[below(model, 4)]);
    story(model, "nobody looks for a while");
}

static void op_step(struct model *model, struct log *log)
{
    (void)log;
    look(model, 100);
}

static void op_busy(struct model *model, struct log *log)
{
    struct world *world = model->world;

    (void)log;
    world->is_busy = !world->is_busy;
    world->n_until_busy = !world->is_busy && chance(model, 30) ? below(model, 4) : -1;
    story(model, world->is_busy ? "the sink is busy" : "the sink has room");
    if (model->has_started && !world->is_busy)
        log_tail_wake(world->tail);
}

static void op_matter(struct model *model, struct log *log)
{
    (void)log;
    model->world->keeps_loose = !model->world->keeps_loose;
    story(model, "lines matter: %d", !model->world->keeps_loose);
}

static void op_crash(struct model *model, struct log *log)
{
    (void)log;
    if (model->has_started) {
        story(model, "crash");
        if (chance(model, 30))
            commit(model);
        world_crash(model->world);
    } else {
        story(model, "start");
        world_start(model->world);
    }
    model->has_started = !model->has_started;
}

/* -- a run -- */

static const struct {
    void (*run)(struct model *model, struct log *log);
    int weight;
} ops[] = {
    { op_append, 30 },
    { op_append_half, 8 },
    { op_rotate, 6 },
    { op_rotate_away, 3 },
    { op_rotate_often, 3 },
    { op_copytruncate, 6 },
    { op_copytruncate_often, 3 },
    { op_truncate, 2 },
    { op_remove, 2 },
    { op_pass, 20 },
    { op_step, 10 },
    { op_sleep, 5 },
    { op_busy, 4 },
    { op_commit, 8 },
    { op_matter, 2 },
    { op_crash, 6 },
};

static void do_something(struct model *model)
{
    int total = 0, chosen;

    world_sleep(model->world, TICK_MS);

    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        total += ops[i].weight;
    chosen = below(model, total);
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        chosen -= ops[i].weight;
        if (chosen < 0) {
            ops[i].run(model, &model->logs[below(model, N_LOGS)]);
            return;
        }
    }
}

static void watch(struct model *model)
{
    static const char *const yamls[] = {
        "- {log: ['@/app.log', '@/web.log'], name: x}",
        "- {log: ['@/*.log'], name: x}",
        "- {log: ['@/*'], name: x}",
        "- {log: ['@/app.log', '@/web.log'], name: x, scan: 1s}",
        "- {log: ['@/*'], name: x, scan: 3s}",
        "- {log: ['@/*.log'], rotated: ['*.log[.-]*', '*-20*.log'], name: x}",
        "- {log: ['@/*'], rotated: ['*.log[.-]*', '*-20*.log'], name: x}",
    };
    const char *yaml = yamls[below(model, sizeof yamls / sizeof *yamls)];

    story(model, "%s", yaml);
    world_watch(model->world, yaml);
}

static void start(struct model *model)
{
    static const char *const stems[] = { "app", "web" };

    model->by_date = chance(model, 40);
    model->is_date_first = chance(model, 50);
    watch(model);
    for (int i = 0; i < N_LOGS; i++) {
        struct log *log = &model->logs[i];

        log->stem = stems[i];
        snprintf(log->live, sizeof log->live, "%s.log", log->stem);
        begin_generation(model, log);
        create(model, log);
    }
    world_start(model->world);
    world_pass(model->world, 0);
    model->has_started = true;
    model->world->commits_late = true;
}

static void finish(struct model *model)
{
    struct world *world = model->world;

    story(model, "the end");
    world->is_busy = false;
    world->n_until_busy = -1;
    if (!model->has_started)
        world_start(world);
    log_tail_wake(world->tail);
    world_pass(world, 3 * MINUTE_MS);
    assert_int_equal(log_tail_flush(world->tail, world->now_ms), RC_OK);
    commit(model);
    assert_null(world->gifts);
    for (int id = 0; id < model->n_tokens; id++)
        if (!model->tokens[id].has_arrived && !model->tokens[id].is_destroyed)
            fail_msg("%d has never come", id);
    if (world->n_lost > model->n_destroyed)
        fail_msg("%d bytes are told as lost, and %d were destroyed", (int)world->n_lost,
                 (int)model->n_destroyed);
    assert_true(world->n_rows <= 1 + 4 * model->n_files);
    assert_true(world->due_mono_ms > world->mono_ms);
}

static struct model *running;

static void begin_run(uint64_t seed)
{
    running = calloc(1, sizeof *running);
    assert_non_null(running);
    running->world = world_new();
    running->world->story = open_memstream(&running->story, &running->n_story);
    assert_non_null(running->world->story);
    running->random = seed;
    story(running, "VEDETTE_SEED=%llu", (unsigned long long)seed);
    running->tokens = calloc(MAX_TOKENS, sizeof *running->tokens);
    assert_non_null(running->tokens);
}

static void end_run(void)
{
    fclose(running->world->story);
    world_free(running->world);
    for (size_t i = 0; i < running->n_files; i++)
        free(running->files[i].tokens);
    free(running->tokens);
    free(running->story);
    free(running);
    running = NULL;
}

/* Of a run that failed, its story. */
static int tear_down(void **state)
{
    (void)state;
    if (!running)
        return 0;
    fflush(running->world->story);
    fwrite(running->story, 1, running->n_story, stderr);
    end_run();
    return 0;
}

static void run(uint64_t seed)
{
    begin_run(seed);
    start(running);
    for (int i = 0; i < N_OPS; i++)
        do_something(running);
    finish(running);
    end_run();
}

static void t01_to_t11_every_line_comes_once_however_its_file_is_rotated(void **state)
{
    const char *given = getenv("VEDETTE_SEED"), *runs = getenv("VEDETTE_RUNS");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)clock_real_ms() * 1000;
    int64_t n_runs = runs ? atoll(runs) : given ? 1 : INT64_MAX;
    int64_t end_mono_ms = runs ? INT64_MAX : clock_mono_ms() + BUDGET_MS;
    int64_t i;

    (void)state;
    print_message("# from VEDETTE_SEED=%llu on\n", (unsigned long long)seed);
    for (i = 0; i < n_runs && clock_mono_ms() < end_mono_ms; i++) {
        run(seed + (uint64_t)i);
    }
    print_message("# %d runs\n", (int)i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(t01_to_t11_every_line_comes_once_however_its_file_is_rotated,
                                  tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
