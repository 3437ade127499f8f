/* Any body at Slack's doors, signed or not: what is read of it is copied, of its form, and within its limits. The first byte picks the door. */
#include "actions/channels/slack_inbound.h"
#include "actions/channels/slack_reply.h"
#include "actions/channels/slack_response_url.h"
#include "actions/channels/slack_signature.h"
#include "tests/fuzz/fuzz.h"

static void claim_plain(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        CLAIM(text.ptr[i] > ' ' && text.ptr[i] <= '~');
}

static void claim_origin(const struct slack_origin *origin)
{
    const struct slice texts[] = { origin->app,          origin->user,      origin->home_team,
                                   origin->team,         origin->channel,   origin->thread_ts,
                                   origin->response_url, origin->trigger_id };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        claim_plain(texts[i]);
    (void)slack_may_respond_to(origin->response_url, SLICE("http://127.0.0.1:1/api"));
}

static void claim_refusal(enum rc rc)
{
    CLAIM(rc == RC_INVALID || rc == RC_LIMIT || rc == RC_NO_MEMORY);
}

static void try_interaction(struct slice body, struct arena *arena)
{
    struct slack_interaction interaction;
    enum rc rc = slack_interaction_parse(body, arena, &interaction);

    if (rc) {
        claim_refusal(rc);
        return;
    }
    claim_origin(&interaction.origin);
    CLAIM(interaction.origin.user.len || interaction.kind == SLACK_OTHER_INTERACTION);
    if (interaction.kind == SLACK_CLICK) {
        CLAIM(interaction.click.action_id.len && interaction.click.block_id.len);
        claim_plain(interaction.click.block_id);
    }
    CLAIM(interaction.submission.n_inputs <= SLACK_MAX_INPUTS);
}

static void try_command(struct slice body, struct arena *arena)
{
    struct slack_command command;
    enum rc rc = slack_command_parse(body, arena, &command);

    if (rc) {
        claim_refusal(rc);
        return;
    }
    claim_origin(&command.origin);
    CLAIM(slice_is_utf8(command.text) && command.command.len);
}

static void try_delivery(struct slice body, struct arena *arena)
{
    struct slack_delivery delivery;
    struct slack_reply reply;
    enum rc rc = slack_delivery_parse(body, arena, &delivery);

    if (rc) {
        claim_refusal(rc);
        return;
    }
    claim_origin(&delivery.origin);
    CLAIM(delivery.kind != SLACK_EVENT || delivery.event_id.len);
    if (delivery.stored.len)
        fuzz_claim_json(delivery.stored);
    rc = slack_reply_parse(delivery.text, arena, &reply);
    CLAIM(rc == RC_NOT_FOUND || rc == RC_NO_MEMORY || (rc == RC_OK && reply.short_id.len == 5));
}

/* Nobody knows the secret: whatever the headers are, it was not Slack. */
static void try_signature(struct slice rest, struct arena *arena)
{
    struct slice secrets[] = { SLICE("nobody knows it") };
    struct header headers[] = {
        { SLICE("X-Slack-Request-Timestamp"), slice_cut(&rest, '\n') },
        { SLICE("X-Slack-Signature"), slice_cut(&rest, '\n') },
    };
    struct slack_proof proof;

    (void)arena;
    CLAIM(slack_signature_check((struct slice_list){ secrets, 1 }, headers, 2, rest,
                                INT64_C(1531420618000), &proof) == RC_DENIED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const tries[])(struct slice body,
                                 struct arena * arena) = { try_interaction, try_command,
                                                           try_delivery, try_signature };
    struct slice rest = fuzz_input(data, size);
    struct arena *arena = fuzz_arena();
    unsigned pick = fuzz_cut_byte(&rest);

    tries[pick % (sizeof tries / sizeof *tries)](rest, arena);
    (void)slack_is_ssl_check(rest);
    arena_free(arena);
    return 0;
}
