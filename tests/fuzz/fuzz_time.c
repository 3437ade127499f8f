/* Any text as a time, a duration or a size: what is accepted is written and read as the same again. */
#include "src/base/clock.h"
#include "tests/fuzz/fuzz.h"

/* The form has four digits for a year: what lies outside is shown as its nearest end. */
#define YEAR_0_MS INT64_C(-62167219200000)
#define YEAR_10000_MS INT64_C(253402300800000)

static void claim_time(int64_t time_ms)
{
    char text[TIME_TEXT_BYTES];
    int64_t again;

    CLAIM(time_parse(slice_of(time_format(time_ms, text)), &again) == RC_OK);
    if (time_ms >= YEAR_0_MS && time_ms < YEAR_10000_MS)
        CLAIM(again == time_ms);
    else
        CLAIM(again == (time_ms < 0 ? YEAR_0_MS : YEAR_10000_MS - 1));
}

static void claim_duration(int64_t duration_ms)
{
    char text[TIME_TEXT_BYTES];
    int64_t again;

    CLAIM(duration_ms >= 0);
    CLAIM(duration_parse(slice_of(duration_format(duration_ms, text)), &again) == RC_OK &&
          again == duration_ms);
    CLAIM(duration_format_rough(duration_ms, text)[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = fuzz_input(data, size);
    int64_t value;

    if (!time_parse(text, &value))
        claim_time(value);
    if (!time_parse_any(text, &value))
        claim_time(value);
    if (!duration_parse(text, &value))
        claim_duration(value);
    if (!size_parse(text, &value))
        CLAIM(value >= 0);
    return 0;
}
