#include "actions/channels/slack_code.h"

#define ADVICE_LATER "it is tried again"
#define ADVICE_PLAIN "smaller and plain it may be taken; all of it is on the page"
#define ADVICE_ANEW "the card is posted anew"
#define ADVICE_TOKEN "put the app's bot token into `token_file` and reload"
#define ADVICE_INSTALL "install the app again, put its token into `token_file` and reload"
#define ADVICE_ADMIN "ask an administrator of the workspace"
#define ADVICE_OTHER "choose another `channel`, or have an administrator allow it"
#define ADVICE_OURS "Vedette asked wrongly: please report it"

/* clang-format off */
static const struct slack_code codes[] = {
    { "ratelimited",  CHANNEL_WAIT, "slower" },
    { "rate_limited", CHANNEL_WAIT, "slower" },

    /* "It is possible that some aspect of the operation succeeded before the error." */
    { "internal_error",      CHANNEL_LOST, ADVICE_LATER },
    { "fatal_error",         CHANNEL_LOST, ADVICE_LATER },
    { "service_unavailable", CHANNEL_LOST, ADVICE_LATER },
    { "request_timeout",     CHANNEL_LOST, ADVICE_LATER },
    { "update_failed",       CHANNEL_RETRY, ADVICE_LATER },

    { "message_not_found",   CHANNEL_ANEW, ADVICE_ANEW },
    { "thread_not_found",    CHANNEL_ANEW, ADVICE_ANEW },
    { "cant_update_message", CHANNEL_ANEW, ADVICE_ANEW },
    { "edit_window_closed",  CHANNEL_ANEW, ADVICE_ANEW },
    { "is_inactive",         CHANNEL_ANEW, ADVICE_ANEW },

    { "invalid_blocks",                    CHANNEL_PLAINER, ADVICE_PLAIN },
    { "invalid_blocks_format",             CHANNEL_PLAINER, ADVICE_PLAIN },
    { "block_mismatch",                    CHANNEL_PLAINER, ADVICE_PLAIN },
    { "msg_blocks_too_long",               CHANNEL_PLAINER, ADVICE_PLAIN },
    { "msg_too_long",                      CHANNEL_PLAINER, ADVICE_PLAIN },
    { "too_many_attachments",              CHANNEL_PLAINER, ADVICE_PLAIN },
    { "attachment_payload_limit_exceeded", CHANNEL_PLAINER, ADVICE_PLAIN },
    { "metadata_too_large",                CHANNEL_PLAINER, ADVICE_PLAIN },
    { "invalid_metadata_format",           CHANNEL_PLAINER, ADVICE_PLAIN },
    { "invalid_metadata_schema",           CHANNEL_PLAINER, ADVICE_PLAIN },

    { "cannot_reply_to_message",                  CHANNEL_UNTHREADED, "it goes beside the card" },
    { "restricted_action_non_threadable_channel", CHANNEL_UNTHREADED, "it goes beside the card" },

    { "invalid_auth",           CHANNEL_STOPPED, ADVICE_TOKEN },
    { "not_authed",             CHANNEL_STOPPED, ADVICE_TOKEN },
    { "account_inactive",       CHANNEL_STOPPED, ADVICE_INSTALL },
    { "token_revoked",          CHANNEL_STOPPED, ADVICE_INSTALL },
    { "token_expired",          CHANNEL_STOPPED, "switch token rotation off in the app, " ADVICE_INSTALL },
    { "missing_scope",          CHANNEL_STOPPED, "add the scope to the app and install it again", .is_of_method = true },
    { "not_allowed_token_type", CHANNEL_STOPPED, ADVICE_TOKEN, .is_of_method = true },
    { "no_permission",          CHANNEL_STOPPED, "add the scope to the app and install it again", .is_of_method = true },
    { "access_denied",          CHANNEL_STOPPED, ADVICE_ADMIN, .is_of_method = true },
    { "accesslimited",          CHANNEL_STOPPED, ADVICE_ADMIN },
    { "ekm_access_denied",      CHANNEL_STOPPED, ADVICE_ADMIN },
    { "enterprise_is_restricted", CHANNEL_STOPPED, ADVICE_ADMIN, .is_of_method = true },

    { "channel_not_found",                      CHANNEL_CLOSED, "is `channel` right, and is the app invited there (/invite)?" },
    { "not_in_channel",                         CHANNEL_CLOSED, "invite the app there (/invite)" },
    { "is_archived",                            CHANNEL_CLOSED, "unarchive the conversation, or choose another `channel`" },
    { "restricted_action",                      CHANNEL_CLOSED, ADVICE_OTHER },
    { "restricted_action_read_only_channel",    CHANNEL_CLOSED, ADVICE_OTHER },
    { "restricted_action_thread_only_channel",  CHANNEL_CLOSED, ADVICE_OTHER },
    { "restricted_action_thread_locked",        CHANNEL_CLOSED, ADVICE_OTHER },
    { "messages_tab_disabled",                  CHANNEL_CLOSED, "switch the app's Messages Tab on, or choose another `channel`" },
    { "message_limit_exceeded",                 CHANNEL_CLOSED, "the workspace's plan takes no more messages" },

    { "invalid_arguments",               CHANNEL_DEAD, ADVICE_OURS },
    { "invalid_arg_name",                CHANNEL_DEAD, ADVICE_OURS },
    { "invalid_form_data",               CHANNEL_DEAD, ADVICE_OURS },
    { "invalid_charset",                 CHANNEL_DEAD, ADVICE_OURS },
    { "invalid_post_type",               CHANNEL_DEAD, ADVICE_OURS },
    { "no_text",                         CHANNEL_DEAD, ADVICE_OURS },
    { "markdown_text_conflict",          CHANNEL_DEAD, ADVICE_OURS },
    { "metadata_must_be_sent_from_app",  CHANNEL_DEAD, ADVICE_OURS },
    { "as_user_not_supported",           CHANNEL_DEAD, ADVICE_OURS },
    { "deprecated_endpoint",             CHANNEL_DEAD, ADVICE_OURS },
};
/* clang-format on */

/* A code that nobody here knows will not be taken better the next time. */
static const struct slack_code unknown_code = {
    .outcome = CHANNEL_DEAD, .advice = "Vedette does not know this answer: decide on the page"
};

const struct slack_code *slack_code_find(struct slice code)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (slice_eq(code, slice_of(codes[i].code)))
            return &codes[i];
    }
    return &unknown_code;
}
