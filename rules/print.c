#include "rules/load.h"

/* Members of a printed rule, in the order in which it reads as a sentence. */
static const char *const printed[] = {
    "id",    "mode",     "on",    "where",    "match",   "ignore", "key",      "when",
    "clear", "severity", "title", "diagnose", "propose", "verify", "lateness", NULL,
};

/* JSON is YAML, too, and quotes what would otherwise be read as something else. */
static void print_member(const struct rule *rule, const char *name, struct buffer *out)
{
    const struct node *value = node_find(rule->node, name);
    struct json_writer writer = json_writer_to(out);

    if (!value)
        return;
    buffer_format(out, "%s%s: ", name == printed[0] ? "  - " : "    ", name);
    node_write_json(value, &writer);
    buffer_add_byte(out, '\n');
}

void ruleset_print(const struct ruleset *ruleset, struct buffer *out)
{
    buffer_add(out, SLICE("rules:"));
    buffer_add_text(out, ruleset->n_rules ? "\n" : " []\n");
    for (size_t i = 0; i < ruleset->n_rules; i++) {
        const struct rule *rule = &ruleset->rules[i];

        buffer_add(out, SLICE("  # "));
        buffer_add_shown(out, rule->mark.file);
        buffer_format(out, ":%u version ", rule->mark.line);
        buffer_add(out, rule->version);
        buffer_add_byte(out, '\n');
        for (size_t j = 0; printed[j]; j++)
            print_member(rule, printed[j], out);
    }
}
