/* Any bytes as a YAML file: a tree or problems with their places; the tree as JSON is JSON. */
#include "src/base/document.h"
#include "tests/fuzz/fuzz.h"

static void claim_placed(const struct node *node)
{
    CLAIM(node->mark.line >= 1 && node->mark.column >= 1);
    if (node->type == NODE_SCALAR)
        CLAIM(slice_is_utf8(node->text));
    for (size_t i = 0; node->type == NODE_LIST && i < node->n_items; i++)
        claim_placed(node->items[i]);
    for (size_t i = 0; node->type == NODE_MAP && i < node->n_pairs; i++) {
        CLAIM(node_find_slice(node, node->pairs[i].key) == node->pairs[i].value);
        claim_placed(node->pairs[i].value);
    }
}

static void claim_written(const struct node *node)
{
    struct buffer out;
    struct json_writer writer;

    buffer_init(&out, 0);
    writer = json_writer_to(&out);
    node_write_json(node, &writer);
    CLAIM(buffer_rc(&out) == RC_OK);
    fuzz_claim_json(buffer_slice(&out));
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena();
    struct problems *problems = NULL;
    struct node *root = NULL;

    CLAIM(problems_new(&problems) == RC_OK);
    if (document_parse(SLICE("fuzz.yaml"), fuzz_input(data, size), arena, problems, &root)) {
        CLAIM(problems_count(problems, PROBLEM_ERROR) > 0);
    } else {
        claim_placed(root);
        claim_written(root);
    }
    problems_free(problems);
    arena_free(arena);
    return 0;
}
