#include "src/base/rc.h"

#include <stddef.h>

static const char *const texts[] = {
    [RC_OK] = "ok",
    [RC_NOT_FOUND] = "not found",
    [RC_INVALID] = "invalid",
    [RC_DENIED] = "denied",
    [RC_LIMIT] = "over its limit",
    [RC_CONFLICT] = "conflict",
    [RC_FULL] = "full",
    [RC_NO_MEMORY] = "out of memory",
    [RC_IO] = "input or output failed",
    [RC_CORRUPT] = "corrupt",
    [RC_BUSY] = "busy",
    [RC_TIMEOUT] = "deadline passed",
};

const char *rc_text(enum rc rc)
{
    size_t i = (size_t)rc;

    return i < sizeof(texts) / sizeof(texts[0]) ? texts[i] : "unknown result";
}
