#include "watchers/senders/sender.h"

#include <assert.h>

static const struct sender *const senders[] = { &sender_alertmanager, &sender_azure_devops,
                                                &sender_bitbucket,    &sender_buildkite,
                                                &sender_circleci,     &sender_cloudevents,
                                                &sender_cloudwatch,   &sender_datadog,
                                                &sender_generic,      &sender_gitea,
                                                &sender_github,       &sender_gitlab,
                                                &sender_grafana,      &sender_jenkins,
                                                &sender_jira,         &sender_linear,
                                                &sender_newrelic,     &sender_opsgenie,
                                                &sender_pagerduty,    &sender_sentry,
                                                &sender_slack,        &sender_standard_webhooks,
                                                &sender_travis,       &sender_uptimerobot };

static const char *const names[] = { "alertmanager",
                                     "azure-devops",
                                     "bitbucket",
                                     "buildkite",
                                     "circleci",
                                     "cloudevents",
                                     "cloudwatch",
                                     "datadog",
                                     "generic",
                                     "gitea",
                                     "github",
                                     "gitlab",
                                     "grafana",
                                     "jenkins",
                                     "jira",
                                     "linear",
                                     "newrelic",
                                     "opsgenie",
                                     "pagerduty",
                                     "sentry",
                                     "slack",
                                     "standard-webhooks",
                                     "travis",
                                     "uptimerobot",
                                     NULL };

#define N_SENDERS (sizeof senders / sizeof *senders)
static_assert(N_SENDERS + 1 == sizeof names / sizeof *names, "a sender has a name");

const struct sender *sender_at(size_t i)
{
    return i < N_SENDERS ? senders[i] : NULL;
}

const struct sender *sender_find(struct slice name)
{
    int i;

    if (slice_to_enum(name, names, &i) != RC_OK)
        return NULL;
    return senders[i];
}

const char *const *sender_names(void)
{
    return names;
}

bool sender_needs_event_header(const struct sender *sender)
{
    if (!sender->event_header)
        return false;
    for (const char *const *name = sender->kept_headers; *name; name++)
        if (slice_eq_nocase(slice_of(*name), slice_of(sender->event_header)))
            return true;
    return false;
}
