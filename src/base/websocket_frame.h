/* websocket_frame.h - the frames of a WebSocket as its client writes and reads them (RFC 6455, sections 5 to 8). Pure.
 *
 * Written: one whole message a frame, masked. Read: messages in fragments, with control frames between them; whatever the protocol forbids ends the reading: a
 * masked frame, reserved bits, an unknown opcode, a length not in its shortest form, a control frame that is long or fragmented, a fragment that belongs to
 * nothing, text that is not UTF-8, a message over the limit. */
#pragma once

#include "src/base/buffer.h"

enum websocket_opcode {
    WEBSOCKET_CONTINUATION = 0x0,
    WEBSOCKET_TEXT = 0x1,
    WEBSOCKET_BINARY = 0x2,
    WEBSOCKET_CLOSE = 0x8,
    WEBSOCKET_PING = 0x9,
    WEBSOCKET_PONG = 0xa,
};
#define WEBSOCKET_MASK_BYTES 4
#define WEBSOCKET_CONTROL_BYTES 125 /* payload of a control frame, at most */

/* Appends one final frame. */
void websocket_frame_write(enum websocket_opcode opcode, struct slice payload,
                           const uint8_t mask[WEBSOCKET_MASK_BYTES], struct buffer *out);

struct websocket_reader {
    struct buffer bytes;          /* arrived, not read yet */
    struct buffer message;        /* of the fragments so far */
    struct buffer control;        /* payload of the control frame read last */
    enum websocket_opcode opcode; /* of the message under way; CONTINUATION: none */
    size_t message_limit_bytes;
    const char *error; /* static: what the peer did wrong */
};

void websocket_reader_init(struct websocket_reader *reader, size_t message_limit_bytes);
void websocket_reader_free(struct websocket_reader *reader);
/* What arrived. RC_NO_MEMORY, RC_LIMIT. */
enum rc websocket_reader_add(struct websocket_reader *reader, struct slice bytes) MUST_CHECK;
/* The next whole message or control frame: its opcode and payload (borrowed until the next call). RC_NOT_FOUND: more has to arrive first. RC_INVALID, RC_LIMIT: `error`
 * says why, and nothing more can be read. */
enum rc websocket_reader_next(struct websocket_reader *reader, enum websocket_opcode *opcode,
                              struct slice *payload) MUST_CHECK;
