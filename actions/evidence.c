#include "actions/evidence.h"

#include "actions/evidence_text.h"
#include "src/base/digest.h"

enum rc evidence_hold(struct evidence *evidence, const char *kind, struct slice source,
                      struct slice text, int64_t now_ms, struct arena *arena)
{
    char hex[SHA256_HEX_BYTES];
    struct sha256 sha256;
    enum rc rc = sha256_of(text, &sha256);

    evidence->kind = slice_of(kind);
    evidence->state = EVIDENCE_HELD;
    evidence->captured_ms = now_ms;
    evidence->bytes = (int64_t)text.len;
    if (!rc)
        rc = arena_copy(arena, source, &evidence->source);
    if (!rc)
        rc = arena_copy(arena, text, &evidence->text);
    if (!rc)
        rc = arena_copy(arena, slice_of(hex_format(sha256.bytes, SHA256_BYTES, hex)),
                        &evidence->sha256);
    return rc;
}

/* A command that ended by itself has an exit code to tell; all others have an error. */
static enum rc describe_failure(const struct effect_result *result, struct arena *arena,
                                struct slice *error)
{
    if (result->error.len)
        return arena_copy(arena, result->error, error);
    if (result->state == EFFECT_FAILED)
        return arena_format(arena, error, "it ended with %lld", (long long)result->exit_code);
    *error = slice_of(effect_state_names[result->state]);
    return RC_OK;
}

enum rc evidence_from_result(const struct outbox_item *item, const struct effect_result *result,
                             struct arena *arena, struct evidence *evidence)
{
    enum rc rc;

    evidence->kind = item->log.watcher.len ? SLICE("log") : SLICE("action");
    evidence->state = result->state == EFFECT_DONE ? EVIDENCE_HELD : EVIDENCE_FAILED;
    evidence->captured_ms = result->finished_ms;
    evidence->truncated = result->truncated;
    evidence->bytes = result->bytes;
    evidence->exit_code = result->exit_code;
    evidence->exited = result->exited;
    rc = arena_copy(arena, item->action, &evidence->source);
    if (!rc)
        rc = arena_copy(arena, result->output, &evidence->text);
    if (!rc)
        rc = arena_copy(arena, result->sha256, &evidence->sha256);
    if (!rc)
        rc = arena_copy(arena, result->finding, &evidence->finding);
    if (!rc && evidence->state == EVIDENCE_FAILED)
        rc = describe_failure(result, arena, &evidence->error);
    return rc;
}
