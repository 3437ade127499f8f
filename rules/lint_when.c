#include "rules/lint_private.h"

#include "src/base/clock.h"

/* `new`: what is learnt and not seen for a while is forgotten, and would be told as new though the rule had learnt it. */
void lint_forgets_first(struct lint *lint, const struct rule *rule)
{
    const struct node *when = lint_member(rule, "when");
    const struct node *learn = when && node_find(when, "new") ? node_find(when, "learn") : NULL;
    const struct node *forget = when ? node_find(when, "forget") : NULL;
    int64_t learn_ms, forget_ms;

    if (!learn || !forget || duration_parse(learn->text, &learn_ms) ||
        duration_parse(forget->text, &forget_ms) || forget_ms >= learn_ms)
        return;
    lint_warn(lint, forget->mark,
              "a value is forgotten (`forget: %.*s`) before the rule has learnt (`learn: %.*s`): "
              "what comes less often is told as new again; let `forget` be at least as long as "
              "`learn`",
              SLICE_ARG(forget->text), SLICE_ARG(learn->text));
}
