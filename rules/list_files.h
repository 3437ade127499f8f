/* list_files.h - the files of lines that rules name ({file: allowed-hosts.txt}), which stand beside the rule file.
 *
 * They are found and read with the rule files, before anything is loaded: loading is a function of texts, so that a kept set
 * loads as it did. What is wrong with one of them is told by the rule that names it. */
#pragma once

#include "rules/load.h"

/* A name and nothing else: no folder, no dot file. */
bool list_file_is_name(struct slice name);
/* Where it stands: gives a path in `arena`. */
enum rc list_file_path(struct slice rule_file, struct slice name, struct arena *arena,
                       struct slice *path) MUST_CHECK;
/* Gives the names in `rule_file`, in `arena`; none where it is no YAML, which is told when it is loaded. RC_NO_MEMORY. */
enum rc list_files_find(const struct rule_file *rule_file, struct arena *arena,
                        struct slice_list *names) MUST_CHECK;
