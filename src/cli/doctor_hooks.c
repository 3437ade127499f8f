/* Each webhook: does anything come, and does it get in? */
#include "src/cli/doctor_private.h"
#include "src/cli/value.h"

/* What to look at, by why a delivery was refused. */
static const struct {
    const char *reason, *remedy;
} remedies[] = {
    { "signature", "is the secret (or token) at the sender the one of the configuration?" },
    { "timestamp", "is the clock of this machine right?" },
    { "content_type", "let the sender send application/json" },
    { "json", "let the sender send JSON" },
    { "size", "raise `max_body` of the hook, or let the sender send less" },
    { "form", "let the sender send JSON, or the form that it documents" },
    { "shape", "what comes is not what this sender sends: is it another program's hook?" },
    { "delivery_id", "the id that the sender gives cannot be used: see the log" },
    { "events", "let the sender send smaller batches" },
    { "topic", "name the topic in `topics` of the hook" },
    { "certificate", "can the sender's certificate be fetched from here?" },
    { "envelope", "let SNS send its envelope: no raw message delivery" },
    { "rate", "raise `rate` of the hook" },
    { "full", "`vedette status` says what is full" },
};

static const char *remedy_for(struct slice reason)
{
    for (size_t i = 0; i < sizeof remedies / sizeof *remedies; i++) {
        if (slice_eq(reason, slice_of(remedies[i].reason)))
            return remedies[i].remedy;
    }
    return "the log says more, once a minute";
}

static void check_hook(struct doctor *doctor, const struct json *hook)
{
    const struct slice name = value_text(hook, "name"), reason = value_text(hook, "reason");
    int64_t accepted_ms = 0, refused_ms = 0;
    bool was_accepted = value_time(hook, "accepted", &accepted_ms);
    /* Of another method: somebody looked with a browser. */
    bool was_refused =
        value_time(hook, "refused", &refused_ms) && !slice_eq(reason, SLICE("method"));

    if (!was_accepted && !was_refused)
        doctor_say_format(doctor, FINDING_NOTE, "hook",
                          "`vedette hooks` says what to enter at the sender",
                          "%.*s: no delivery since the start", SLICE_ARG(name));
    else if (!was_accepted)
        doctor_say_format(doctor, FINDING_WRONG, "hook", remedy_for(reason),
                          "%.*s: every delivery was refused, the last because: %.*s",
                          SLICE_ARG(name), SLICE_ARG(reason));
    else if (was_refused && refused_ms > accepted_ms)
        doctor_say_format(doctor, FINDING_NOTE, "hook", remedy_for(reason),
                          "%.*s: the last delivery was refused because: %.*s", SLICE_ARG(name),
                          SLICE_ARG(reason));
    else
        doctor_say_format(doctor, FINDING_WELL, "hook", NULL, "%.*s: deliveries come in",
                          SLICE_ARG(name));
}

void doctor_check_hooks(struct doctor *doctor)
{
    const struct json *hook = json_first(json_get_text(doctor->status, "watchers"));

    for (; hook; hook = json_next(hook)) {
        if (slice_eq(value_text(hook, "watcher"), SLICE("webhook")))
            check_hook(doctor, hook);
    }
}
