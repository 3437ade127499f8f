#include "src/config/config.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* What a proposal shows as its approvers has to be the one who may decide it. */
static void without_a_configuration_the_local_user_is_named_as_the_one_who_decides(void **state)
{
    const struct config_options options = { .resolve_secrets = false };
    struct approver_rule approvers = { .need = 1 };
    struct problems *problems;
    struct config *config;

    (void)state;
    unsetenv("VEDETTE_CONFIG");
    assert_int_equal(problems_new(&problems), RC_OK);
    assert_int_equal(config_load(&options, problems, &config), RC_OK);
    assert_int_equal(config->approvers_from.n_items, 1);
    assert_true(slice_eq(config->approvers_from.items[0], SLICE(CONFIG_LOCAL_PERSON)));
    approvers.from = config->approvers_from;
    assert_true(
        config_rights(config, SLICE(CONFIG_LOCAL_PERSON), &approvers, (struct slice_list){ 0 })
            .may_decide);
    assert_false(
        config_rights(config, SLICE("jane"), &approvers, (struct slice_list){ 0 }).may_decide);
    config_free(config);
    problems_free(problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_configuration_the_local_user_is_named_as_the_one_who_decides),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
