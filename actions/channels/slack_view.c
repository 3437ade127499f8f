#include "actions/channels/slack_view.h"

static enum rc write_view(const struct slack_view *kind, const struct card *card,
                          struct slice metadata, struct arena *arena, struct json_writer *writer)
{
    struct slack_blocks blocks;
    enum rc rc;

    json_object_begin(writer);
    json_member_text(writer, "type", SLICE("modal"));
    json_member_text(writer, "callback_id", slice_of(kind->callback_id));
    json_member_text(writer, "private_metadata", metadata);
    slack_blocks_begin(&blocks, writer, arena, SLACK_VIEW_BLOCKS, SLACK_VIEW_CHARACTERS);
    kind->put(&blocks, card);
    rc = slack_blocks_end(&blocks);
    slack_put_plain(&blocks, "title", slice_of(kind->title), SLACK_VIEW_TITLE);
    if (kind->submit)
        slack_put_plain(&blocks, "submit", slice_of(kind->submit), SLACK_VIEW_TITLE);
    slack_put_plain(&blocks, "close", slice_of(kind->close), SLACK_VIEW_TITLE);
    json_object_end(writer);
    return rc ? rc : blocks.rc;
}

enum rc slack_view_make(const struct slack_view *kind, const struct card *card,
                        struct slice metadata, struct arena *arena, struct slice *view)
{
    struct json_writer writer;
    struct buffer out;
    enum rc rc;

    if (metadata.len > SLACK_METADATA)
        return RC_LIMIT;
    buffer_init(&out, 0);
    writer = json_writer_to(&out);
    rc = write_view(kind, card, metadata, arena, &writer);
    if (!rc)
        rc = buffer_rc(&out);
    if (!rc)
        rc = arena_copy(arena, buffer_slice(&out), view);
    buffer_free(&out);
    return rc;
}
