/* Any value for the parameters of declared actions: refused, or one argument as it is, harmless whatever its pattern says.
 *
 * Input: a byte that picks the action, then the value. */
#include "actions/action.h"
#include "tests/fuzz/actions.h"

static const char declared[] = "run:\n"
                               "  run: [/bin/run, before, \"{{value}}\", after]\n"
                               "  params: {value: '/(?s).*/'}\n"
                               "  effect: none\n"
                               "text:\n"
                               "  run: [/bin/run, before, \"{{value}}\", after]\n"
                               "  params: {value: text}\n"
                               "  effect: none\n"
                               "id:\n"
                               "  run: [/bin/run, before, \"{{value}}\", after]\n"
                               "  params: {value: '/[0-9]+$/'}\n"
                               "  effect: none\n";

static void claim_harmless(struct slice value)
{
    CLAIM(!slice_has_control(value) && slice_is_utf8(value));
    CLAIM(!slice_starts(value, SLICE("-")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct actions *actions = fuzz_actions(declared);
    struct slice value = fuzz_input(data, size);
    const struct action *action = actions_at(actions, fuzz_cut_byte(&value) % 3);
    struct arena *arena = fuzz_arena();
    struct slice refused = { 0 };
    struct step step = { 0 };

    if (fuzz_render(actions, action->name, value, arena, &step, &refused)) {
        CLAIM(refused.len && slice_is_utf8(refused) && !slice_has_control(refused));
    } else {
        CLAIM(step.argv.n_items == 4);
        CLAIM(slice_eq(step.argv.items[0], SLICE("/bin/run")));
        CLAIM(slice_eq(step.argv.items[1], SLICE("before")));
        CLAIM(slice_eq(step.argv.items[2], value));
        CLAIM(slice_eq(step.argv.items[3], SLICE("after")));
        claim_harmless(value);
        fuzz_claim_json(step.params);
    }
    arena_free(arena);
    return 0;
}
