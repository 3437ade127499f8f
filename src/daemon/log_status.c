#include "src/daemon/log_status.h"

static void write_file(const struct log_file_fact *file, struct json_writer *writer)
{
    int64_t lag_bytes = file->size - file->offset;

    json_object_begin(writer);
    json_member_text(writer, "path", slice_of(file->path));
    json_member_int(writer, "offset", file->offset);
    json_member_int(writer, "size", file->size);
    json_member_int(writer, "lag_bytes", lag_bytes > 0 ? lag_bytes : 0);
    if (file->is_rotated)
        json_member_bool(writer, "rotated", true);
    json_object_end(writer);
}

static void write_facts(const struct log_facts *facts, struct json_writer *writer)
{
    json_member_int(writer, "n_files", (int64_t)facts->n_files);
    json_member_int(writer, "n_open", (int64_t)facts->n_open);
    json_member_int(writer, "n_lines", (int64_t)facts->n_lines);
    json_member_int(writer, "bytes", (int64_t)facts->n_bytes);
    json_member_int(writer, "lag_bytes", facts->lag_bytes);
    json_member_int(writer, "n_truncated", (int64_t)facts->n_cut);
    json_member_int(writer, "lost_bytes", facts->lost_bytes);
    json_member_time(writer, "last", facts->last_ms);
    if (facts->n_troubles) {
        json_member_int(writer, "n_troubles", (int64_t)facts->n_troubles);
        json_member_text(writer, "trouble", slice_of(facts->trouble));
    }
    if (facts->n_left_alone)
        json_member_int(writer, "n_left_alone", (int64_t)facts->n_left_alone);
    json_key(writer, "files");
    json_array_begin(writer);
    for (size_t i = 0; i < facts->n_facts; i++)
        write_file(&facts->files[i], writer);
    json_array_end(writer);
}

/* Where a watcher could not even be begun; the log says why. */
static void write_no_facts(struct json_writer *writer)
{
    json_member_int(writer, "n_troubles", 1);
    json_member_text(writer, "trouble",
                     SLICE("it could not be begun (see the log); tried again every 10 seconds"));
}

static void write_paths(const struct log_watch *watch, struct json_writer *writer)
{
    json_key(writer, "paths");
    json_array_begin(writer);
    for (size_t i = 0; i < watch->paths.n_items; i++)
        json_write_text(writer, watch->paths.items[i]);
    if (watch->is_stdin)
        json_write_text(writer, SLICE("-"));
    json_array_end(writer);
}

void log_status_write(struct tailing *tailing, const struct log_watch *watch,
                      struct json_writer *writer)
{
    struct log_facts facts = { 0 };

    json_object_begin(writer);
    json_member_text(writer, "name", watch->name);
    json_member_text(writer, "watcher", SLICE("log"));
    write_paths(watch, writer);
    if (tailing && tailing_log_facts(tailing, watch->name, &facts))
        write_no_facts(writer);
    else if (tailing)
        write_facts(&facts, writer);
    json_object_end(writer);
}

static void write_journal_facts(const struct journal_facts *facts, struct json_writer *writer)
{
    json_member_bool(writer, "running", facts->is_running);
    json_member_int(writer, "n_lines", (int64_t)facts->n_lines);
    json_member_int(writer, "bytes", (int64_t)facts->n_bytes);
    json_member_int(writer, "n_own", (int64_t)facts->n_own);
    json_member_int(writer, "n_truncated", (int64_t)facts->n_cut);
    json_member_int(writer, "n_gaps", (int64_t)facts->n_gaps);
    json_member_time(writer, "last", facts->last_ms);
    if (facts->cursor[0])
        json_member_text(writer, "cursor", slice_of(facts->cursor));
    if (facts->trouble[0])
        json_member_text(writer, "trouble", slice_of(facts->trouble));
}

void journal_status_write(struct tailing *tailing, const struct journal_watch *watch,
                          struct json_writer *writer)
{
    struct journal_facts facts = { 0 };

    json_object_begin(writer);
    json_member_text(writer, "name", watch->name);
    json_member_text(writer, "watcher", SLICE("journal"));
    if (tailing && tailing_journal_facts(tailing, watch->name, &facts))
        write_no_facts(writer);
    else if (tailing)
        write_journal_facts(&facts, writer);
    json_object_end(writer);
}
