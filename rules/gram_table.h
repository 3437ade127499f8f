/* gram_table.h - where any of many literals stands in bytes, found in one pass.
 *
 * Of each literal a few grams (4 bytes in a row, case folded) go into a bitmap: as many in a row as the stride of the pass is wide, so that one of them is met by a probe at
 * every stride-th byte, wherever the literal stands. The stride, and which grams, is chosen by what literals there are and how often their grams are to be expected. Literals
 * that share their grams share their place in the table. A gram that is met is looked up, and the literals compared. What is shorter than a gram has a pass of its own.
 * Immutable; shared by threads. */
#pragma once

#include "rules/gram_frequency.h"

struct gram_table;

/* Grams of a table: at most eight of each literal, of one of classes as many as its window stands for texts. */
#define GRAM_TABLE_MAX ((size_t)1 << 20)

/* Borrows the literals; those of classes have a window of at most LITERAL_MAX_EXPANSIONS. The table lives in `arena`. RC_NO_MEMORY; RC_LIMIT when they have more grams than a
 * table holds (GRAM_TABLE_MAX). */
enum rc gram_table_new(const struct literal *literals, size_t n_literals,
                       const struct gram_frequency *frequency, struct arena *arena,
                       struct gram_table **table) MUST_CHECK;
/* Calls `on_found` for every place where a literal stands, perhaps more than once and in no strict order; what it returns ends the scan, unless it is RC_OK. */
enum rc gram_table_scan(const struct gram_table *table, struct slice bytes,
                        enum rc (*on_found)(void *context, uint32_t literal, const char *place),
                        void *context) MUST_CHECK;
