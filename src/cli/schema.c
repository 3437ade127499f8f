#include "src/base/schema.h"
#include "rules/load.h"
#include "src/cli/commands_all.h"
#include "src/config/config.h"
#include "src/engine/rule_test.h"

/* The files that people write, each with the shape by which it is read. */
static const struct shape *const of_rules[] = { &shape_rule_test, NULL };
static const struct schema_text schemas[] = {
    { .title = "Rules of Vedette", .root = &shape_rule_file, .elsewhere = of_rules },
    { .title = "vedette.yaml", .root = &shape_config },
};
const char *const schema_names[] = { "rules", "config", NULL };

enum rc schema_of(int i, struct buffer *out)
{
    enum rc rc = schema_write(&schemas[i], out);

    buffer_add_byte(out, '\n');
    return rc ? rc : buffer_rc(out);
}

enum exit_code schema_command(const struct invocation *invocation)
{
    struct buffer out;
    enum rc rc;
    int i;

    if (slice_to_enum(slice_of(invocation->operands[0]), schema_names, &i))
        return usage_error(invocation->command, "the schema is that of `rules` or of `config`");
    buffer_init(&out, 0);
    rc = schema_of(i, &out);
    if (!rc)
        rc = screen_write(&out);
    buffer_free(&out);
    return rc ? EXIT_REFUSED : EXIT_DONE;
}
