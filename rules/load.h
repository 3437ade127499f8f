/* load.h - rule files -> a rule set, or file:line:column of everything that is wrong.
 *
 * All or nothing: one broken file, and there is no set to run. */
#pragma once

#include "rules/rule.h"
#include "src/base/shape.h"

/* What may stand in a rule file; `test` is an ELSEWHERE. */
extern const struct shape shape_rule_file;

struct rule_file {
    struct slice name; /* as shown in messages */
    struct slice text;
    bool is_list;       /* no rules, but lines that a rule names: {file: NAME} */
    struct slice fault; /* of a list: why it could not be read; absent where it could */
};
struct rule_files {
    struct rule_file *files;
    size_t n_files;
    size_t n_lists; /* of them */
    /* How late what is called so (a kind, a type or a glob) may come by its watcher, ms; NULL: 5m, whatever it is. */
    int64_t (*lateness_ms)(const void *watchers, struct slice on);
    const void *watchers; /* kept by the caller while files are parsed */
};

/* Reads the *.yaml and *.yml of each path (a directory or a file; absolute, or relative to the working directory) in name order, and the files of lines that they name.
 * No dot files; a file that everybody may write to, that is a stranger's (of neither root, nor whoever runs this, nor the owner of its directory), or that cannot be read, is an error. RC_INVALID after adding to `problems`. */
enum rc rule_files_read(struct slice_list paths, struct arena *arena, struct problems *problems,
                        struct rule_files *files) MUST_CHECK;
/* Gives a set to run; free with ruleset_free. Copies what it needs. RC_INVALID after adding to `problems`; warnings alone are RC_OK. No rules at all is a warning. */
enum rc ruleset_parse(const struct rule_files *files, struct problems *problems,
                      struct ruleset **ruleset) MUST_CHECK;
/* The same with what was written, which takes several times the memory: for ruleset_print, and for who runs its tests. */
enum rc ruleset_parse_to_show(const struct rule_files *files, struct problems *problems,
                              struct ruleset **ruleset) MUST_CHECK;
/* The same for who looks for more mistakes: with RC_INVALID, too, it gives a set, of all that could be read. Nothing is known of its rules that are broken; it is never run. */
enum rc ruleset_parse_to_check(const struct rule_files *files, struct problems *problems,
                               struct ruleset **ruleset) MUST_CHECK;
/* The kind that is most likely meant by an `on` that is none; NULL: it is one, a glob, or like none. Whoever reads rules warns of it. */
const char *near_kind(struct slice on);
/* The effective rules of a set to show, with every default, as YAML, for `check --print`. */
void ruleset_print(const struct ruleset *ruleset, struct buffer *out);
