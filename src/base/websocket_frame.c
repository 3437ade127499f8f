#include "src/base/websocket_frame.h"

#include "src/base/utf8.h"

#define FINAL_BIT 0x80
#define RESERVED_BITS 0x70
#define OPCODE_BITS 0x0f
#define MASKED_BIT 0x80
#define LENGTH_16 126 /* the length follows in 2 bytes */
#define LENGTH_64 127 /* in 8 */
#define CONTROL_BIT 0x8
#define HEAD_BYTES 10 /* of a frame that a server sends, at most */

static void add_length(size_t len, struct buffer *out)
{
    if (len < LENGTH_16) {
        buffer_add_byte(out, (char)(MASKED_BIT | len));
    } else if (len <= UINT16_MAX) {
        buffer_add_byte(out, (char)(MASKED_BIT | LENGTH_16));
        buffer_add_byte(out, (char)(len >> 8));
        buffer_add_byte(out, (char)(len & 0xff));
    } else {
        buffer_add_byte(out, (char)(MASKED_BIT | LENGTH_64));
        buffer_add_u64(out, len);
    }
}

void websocket_frame_write(enum websocket_opcode opcode, struct slice payload,
                           const uint8_t mask[WEBSOCKET_MASK_BYTES], struct buffer *out)
{
    buffer_add_byte(out, (char)(FINAL_BIT | (unsigned)opcode));
    add_length(payload.len, out);
    buffer_add(out, (struct slice){ (const char *)mask, WEBSOCKET_MASK_BYTES });
    for (size_t i = 0; i < payload.len; i++)
        buffer_add_byte(out, (char)((uint8_t)payload.ptr[i] ^ mask[i % WEBSOCKET_MASK_BYTES]));
}

void websocket_reader_init(struct websocket_reader *reader, size_t message_limit_bytes)
{
    *reader = (struct websocket_reader){ .message_limit_bytes = message_limit_bytes };
    /* A whole message as one frame, and what came with it. */
    buffer_init(&reader->bytes, 2 * message_limit_bytes + (size_t)65536);
    buffer_init(&reader->message, message_limit_bytes);
    buffer_init(&reader->control, WEBSOCKET_CONTROL_BYTES);
}

void websocket_reader_free(struct websocket_reader *reader)
{
    buffer_free(&reader->bytes);
    buffer_free(&reader->message);
    buffer_free(&reader->control);
}

enum rc websocket_reader_add(struct websocket_reader *reader, struct slice bytes)
{
    buffer_add(&reader->bytes, bytes);
    return buffer_rc(&reader->bytes);
}

static enum rc fail(struct websocket_reader *reader, enum rc rc, const char *error)
{
    reader->error = error;
    return rc;
}

struct frame {
    bool is_final;
    unsigned opcode;
    size_t head_bytes;
    uint64_t len;
};

static uint64_t read_number(const char *ptr, size_t n_bytes)
{
    uint64_t number = 0;

    for (size_t i = 0; i < n_bytes; i++)
        number = number << 8 | (uint8_t)ptr[i];
    return number;
}

/* RC_NOT_FOUND while its head is not whole. */
static enum rc read_head(struct websocket_reader *reader, struct frame *frame)
{
    const struct buffer *bytes = &reader->bytes;
    size_t n_length;
    uint8_t first, second;

    if (bytes->len < 2)
        return RC_NOT_FOUND;
    first = (uint8_t)bytes->ptr[0];
    second = (uint8_t)bytes->ptr[1];
    if (first & RESERVED_BITS)
        return fail(reader, RC_INVALID, "a frame with reserved bits");
    if (second & MASKED_BIT)
        return fail(reader, RC_INVALID, "a masked frame from a server");
    frame->is_final = first & FINAL_BIT;
    frame->opcode = first & OPCODE_BITS;
    frame->len = second;
    n_length = second == LENGTH_16 ? 2 : second == LENGTH_64 ? 8 : 0;
    frame->head_bytes = 2 + n_length;
    if (bytes->len < frame->head_bytes)
        return RC_NOT_FOUND;
    if (!n_length)
        return RC_OK;
    frame->len = read_number(bytes->ptr + 2, n_length);
    if (frame->len <= (n_length == 2 ? (uint64_t)LENGTH_16 - 1 : UINT16_MAX))
        return fail(reader, RC_INVALID, "a length that is not in its shortest form");
    return RC_OK;
}

static enum rc check_frame(struct websocket_reader *reader, const struct frame *frame)
{
    bool is_control = frame->opcode & CONTROL_BIT;

    if (is_control && (frame->opcode > WEBSOCKET_PONG || !frame->is_final ||
                       frame->len > WEBSOCKET_CONTROL_BYTES))
        return fail(reader, RC_INVALID, "a control frame that is unknown, long or in pieces");
    if (!is_control && frame->opcode > WEBSOCKET_BINARY)
        return fail(reader, RC_INVALID, "a frame of an unknown kind");
    if (!is_control &&
        (frame->opcode == WEBSOCKET_CONTINUATION) != (reader->opcode != WEBSOCKET_CONTINUATION))
        return fail(reader, RC_INVALID, "a fragment that belongs to nothing");
    if (!is_control && frame->len > reader->message_limit_bytes - reader->message.len)
        return fail(reader, RC_LIMIT, "a message that is too long");
    return RC_OK;
}

/* Takes the frame off the front. */
static enum rc take_payload(struct websocket_reader *reader, const struct frame *frame,
                            struct buffer *to)
{
    size_t len = (size_t)frame->len, taken = frame->head_bytes + len;

    buffer_add(to, (struct slice){ reader->bytes.ptr + frame->head_bytes, len });
    buffer_drop(&reader->bytes, taken);
    return buffer_rc(to);
}

/* RC_BUSY: a fragment was taken, and there is more to read. */
static enum rc take_fragment(struct websocket_reader *reader, const struct frame *frame,
                             enum websocket_opcode *opcode, struct slice *payload)
{
    enum rc rc = take_payload(reader, frame, &reader->message);

    if (rc)
        return rc;
    if (frame->opcode != WEBSOCKET_CONTINUATION)
        reader->opcode = (enum websocket_opcode)frame->opcode;
    if (!frame->is_final)
        return RC_BUSY;
    *opcode = reader->opcode;
    *payload = buffer_slice(&reader->message);
    reader->opcode = WEBSOCKET_CONTINUATION;
    if (*opcode == WEBSOCKET_TEXT && !utf8_is_valid(payload->ptr, payload->len))
        return fail(reader, RC_INVALID, "a text that is not UTF-8");
    return RC_OK;
}

static enum rc take_frame(struct websocket_reader *reader, enum websocket_opcode *opcode,
                          struct slice *payload)
{
    struct frame frame;
    enum rc rc = read_head(reader, &frame);

    if (!rc)
        rc = check_frame(reader, &frame);
    if (rc)
        return rc;
    if (reader->bytes.len - frame.head_bytes < frame.len)
        return RC_NOT_FOUND;
    if (!(frame.opcode & CONTROL_BIT))
        return take_fragment(reader, &frame, opcode, payload);
    buffer_clear(&reader->control);
    *opcode = (enum websocket_opcode)frame.opcode;
    rc = take_payload(reader, &frame, &reader->control);
    *payload = buffer_slice(&reader->control);
    return rc;
}

enum rc websocket_reader_next(struct websocket_reader *reader, enum websocket_opcode *opcode,
                              struct slice *payload)
{
    enum rc rc;

    if (reader->error)
        return RC_INVALID;
    if (reader->opcode == WEBSOCKET_CONTINUATION)
        buffer_clear(&reader->message); /* the one before was handed out */
    do {
        rc = take_frame(reader, opcode, payload);
    } while (rc == RC_BUSY);
    return rc;
}
