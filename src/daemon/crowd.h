/* crowd.h - whether senders come in a crowd.
 *
 * Folding and its commit make everybody wait who comes meanwhile. Where senders come in a crowd folding has its turn
 * less often (inlet.c), and what is not folded grows, up to a lag at which they wait for it again. A crowd is many a
 * second and many for each commit: those who come evenly are a few for each where the disk is fast, and not so many a
 * second that a slow one could not fold them as they come. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CROWD_A_SECOND 3000
#define CROWD_BATCH 12 /* deliveries a commit, in the mean */
#define CROWD_MAX_LAG 100000
/* Looked at for so long until it is one, and until it is none any more. */
#define CROWD_BEGIN_MS 50
#define CROWD_END_MS 200
/* Nobody for so long, and it is over at once: what it left is folded. */
#define CROWD_SILENCE_MS 20

struct crowd { /* begins as zeros: there is none */
    bool is_there;
    int64_t since_mono_ms; /* deliveries are counted since then */
    int64_t last_mono_ms;  /* when one was committed */
    int64_t n_deliveries, n_batches;
};

/* After each look for deliveries: `n_items`, which may be none, were committed together or refused, and `n_unfolded` wait
 * to be folded. */
void crowd_count(struct crowd *crowd, size_t n_items, int64_t n_unfolded, int64_t now_mono_ms);
