#include "rules/accept.h"

static struct slice text_of_file(const struct rule_files *files, struct slice name)
{
    for (size_t i = 0; i < files->n_files; i++) {
        if (slice_eq(files->files[i].name, name))
            return files->files[i].text;
    }
    return SLICE("");
}

/* Does the comment `# accept: a, b` of the line name it? */
static bool accepts(struct slice line, struct slice name)
{
    size_t offset;

    if (slice_find(line, SLICE("# accept:"), &offset))
        return false;
    offset += SLICE("# accept:").len;
    line = (struct slice){ line.ptr + offset, line.len - offset };
    while (line.len) {
        if (slice_eq(slice_trim(slice_cut(&line, ',')), name))
            return true;
    }
    return false;
}

bool accept_has(const struct rule_files *files, struct mark mark, const char *name)
{
    struct slice rest = text_of_file(files, mark.file);
    struct slice before = SLICE("");

    for (uint32_t number = 1; rest.len; number++) {
        struct slice line = slice_cut(&rest, '\n');

        if (number == mark.line)
            return accepts(line, slice_of(name)) || accepts(before, slice_of(name));
        before = line;
    }
    return false;
}
