#include "watchers/log_names.h"

#include <ctype.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define DATE_DIGITS 8 /* 20261129: fewer are a number that somebody gave to something else */

bool log_join(char *path, struct slice directory, struct slice name)
{
    size_t n_slash = directory.len && directory.ptr[directory.len - 1] == '/' ? 0 : 1;

    if (directory.len + n_slash + name.len >= PATH_MAX)
        return false;
    memcpy(path, directory.ptr, directory.len);
    memcpy(path + directory.len, "/", n_slash);
    memcpy(path + directory.len + n_slash, name.ptr, name.len);
    path[directory.len + n_slash + name.len] = '\0';
    return true;
}

const char *log_name_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* Texts of the configuration end in a NUL: they come from its arena. */
static bool matches(const struct slice_list *globs, const char *path)
{
    for (size_t i = 0; i < globs->n_items; i++) {
        const char *glob = globs->items[i].ptr;
        bool is_path = strchr(glob, '/') != NULL;

        if (!fnmatch(glob, is_path ? path : log_name_of(path), FNM_PATHNAME))
            return true;
    }
    return false;
}

bool log_name_is_excluded(const struct log_watch *watch, const char *path)
{
    return matches(&watch->exclude, path);
}

static size_t count_digits(const char *text, size_t len)
{
    size_t n_digits = 0;

    for (size_t i = 0; i < len; i++)
        n_digits += isdigit((unsigned char)text[i]) != 0;
    return n_digits;
}

/* What stands in a date, a time or a number. */
static bool is_numeric(const char *text, size_t len)
{
    if (!len || !isdigit((unsigned char)text[0]))
        return false;
    return strspn(text, "0123456789-_.:T") >= len;
}

static bool is_separator(char c)
{
    return c == '.' || c == '-' || c == '_';
}

/* app.log.1, app.log-20261129, app.log.old */
static bool has_suffix(const char *base, const char *name)
{
    static const char *const words[] = { "old", "bak", "prev" };
    size_t len = strlen(base);
    const char *rest = name + len + 1;

    if (strncmp(name, base, len) != 0 || !is_separator(name[len]))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp(rest, words[i]))
            return true;
    return is_numeric(rest, strlen(rest));
}

/* app-20261129.log: the date stands before the last ending. A lone number there (app-2.log) is somebody else's file. */
static bool has_date_before_ending(const char *base, const char *name)
{
    const char *ending = strrchr(base, '.');
    size_t stem_len = ending ? (size_t)(ending - base) : 0;
    size_t name_len = strlen(name), ending_len = ending ? strlen(ending) : 0;
    size_t middle_len;

    if (!stem_len || name_len <= stem_len + 1 + ending_len || strncmp(name, base, stem_len) != 0 ||
        !is_separator(name[stem_len]) || strcmp(name + name_len - ending_len, ending) != 0)
        return false;
    middle_len = name_len - ending_len - stem_len - 1;
    return is_numeric(name + stem_len + 1, middle_len) &&
           count_digits(name + stem_len + 1, middle_len) >= DATE_DIGITS;
}

bool log_name_is_declared(const struct log_watch *watch, const char *path)
{
    return matches(&watch->rotated, log_name_of(path));
}

bool log_name_is_rotation(const struct log_watch *watch, const char *base, const char *name)
{
    if (!strcmp(base, name))
        return false;
    if (watch->rotated.n_items)
        return log_name_is_declared(watch, name) && !log_name_is_declared(watch, base);
    return has_suffix(base, name) || has_date_before_ending(base, name);
}

struct slice log_name_stem(const char *base)
{
    const char *ending = strrchr(base, '.');

    return (struct slice){ base,
                           ending && ending != base ? (size_t)(ending - base) : strlen(base) };
}

/* The number at the end of a name, which grows with its age; -1: it has none, or a date. */
static long rotation_number(const char *name)
{
    const char *place = name + strlen(name);
    size_t n_digits = 0;

    while (place > name && isdigit((unsigned char)place[-1])) {
        place--;
        n_digits++;
    }
    if (!n_digits || place == name || !is_separator(place[-1]) ||
        count_digits(name, strlen(name)) >= DATE_DIGITS)
        return -1;
    return strtol(place, NULL, 10);
}

int log_name_compare_age(const char *a, const char *b)
{
    long number_a = rotation_number(a), number_b = rotation_number(b);

    if (number_a < 0 || number_b < 0 || number_a == number_b)
        return 0;
    return number_a > number_b ? -1 : 1;
}

bool log_is_compressed(struct slice head)
{
    static const struct slice magics[] = {
        { "\x1f\x8b", 2 },
        { "\x1f\x9d", 2 },
        { "BZh", 3 },
        { "\xfd"
          "7zXZ",
          5 },
        { "\x28\xb5\x2f\xfd", 4 },
        { "\x04\x22\x4d\x18", 4 },
    };

    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (slice_starts(head, magics[i]))
            return true;
    return false;
}
