/* A path (the first line) into a tree (the rest): any text is a path or a fault at a place of it. */
#include "tests/fuzz/fuzz.h"

static bool count(void *context, const struct json *node)
{
    size_t *n_nodes = context;

    CLAIM(node != NULL);
    return ++*n_nodes < 1000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = fuzz_input(data, size);
    struct slice text = slice_cut(&rest, '\n');
    struct arena *arena = fuzz_arena();
    struct json_path *path = NULL;
    struct json *tree = NULL;
    struct json_fault fault = { 0 };
    size_t n_nodes = 0;
    enum rc rc = json_path_parse(text, arena, &path, &fault);

    if (rc)
        CLAIM(rc != RC_INVALID || (fault.text && fault.offset <= text.len));
    else if (!json_parse(rest, JSON_LIMITS_DEFAULT, &tree, &fault)) {
        json_path_each(path, tree, count, &n_nodes);
        CLAIM((json_path_get(path, tree) != NULL) == (n_nodes > 0));
        CLAIM(n_nodes <= 1 || json_path_has_wildcard(path));
    }
    json_free(tree);
    arena_free(arena);
    return 0;
}
