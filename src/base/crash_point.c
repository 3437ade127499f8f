#include "src/base/crash_point.h"

#include <stddef.h>

const char *const crash_point_names[] = {
#define CRASH_PLACE(name, text) text,
    CRASH_POINTS(CRASH_PLACE)
#undef CRASH_PLACE
        NULL,
};

#ifdef VEDETTE_CRASH_POINTS

#include "src/base/slice.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

static int chosen_place = -1;
static _Atomic int64_t n_left; /* passes of the chosen place until the end */

/* A test that misspells a place must not pass because nothing crashed. */
static void read_choice(void)
{
    struct slice n = slice_of(getenv("VEDETTE_CRASH_AT"));
    int64_t n_passes;

    if (slice_is_absent(n))
        return;
    if (slice_to_enum(slice_cut(&n, ':'), crash_point_names, &chosen_place) ||
        slice_to_int(n, &n_passes) || n_passes < 1)
        abort();
    atomic_store(&n_left, n_passes);
}

void crash_point(enum crash_place place)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, read_choice);
    if ((int)place == chosen_place && atomic_fetch_sub(&n_left, 1) == 1)
        raise(SIGKILL);
}

#endif
