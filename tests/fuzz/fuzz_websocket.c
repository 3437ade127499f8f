/* Any bytes as frames, in two ways of arriving, and as the answer to a handshake: the same messages, within the limit. */
#include "src/base/websocket_frame.h"
#include "src/base/websocket_handshake.h"
#include "tests/fuzz/fuzz.h"

#define LIMIT_BYTES 1024

/* How many messages there are, and a sum over them. */
static uint64_t read_all(struct slice bytes, size_t piece)
{
    struct websocket_reader reader;
    uint64_t sum = 0;

    websocket_reader_init(&reader, LIMIT_BYTES);
    while (bytes.len) {
        struct slice part = { bytes.ptr, bytes.len < piece ? bytes.len : piece };
        enum websocket_opcode opcode;
        struct slice payload;

        bytes.ptr += part.len;
        bytes.len -= part.len;
        if (websocket_reader_add(&reader, part))
            break;
        while (!websocket_reader_next(&reader, &opcode, &payload)) {
            CLAIM(payload.len <= LIMIT_BYTES);
            sum = sum * 31 + (uint64_t)opcode;
            for (size_t i = 0; i < payload.len; i++)
                sum = sum * 31 + (uint8_t)payload.ptr[i];
        }
        if (reader.error)
            break;
    }
    websocket_reader_free(&reader);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = fuzz_input(data, size);
    struct arena *arena = fuzz_arena();
    size_t head_bytes = 0;
    enum rc rc;

    CLAIM(read_all(bytes, 1) == read_all(bytes, 4096));
    rc = websocket_handshake_check(bytes, SLICE("dGhlIHNhbXBsZSBub25jZQ=="), arena, &head_bytes);
    CLAIM(rc == RC_OK || rc == RC_NOT_FOUND || rc == RC_INVALID);
    CLAIM(rc != RC_OK || head_bytes <= size);
    arena_free(arena);
    return 0;
}
