/* gram_table.h - where any of many literals stands in bytes, found in one pass.
 *
 * Of each literal a few grams (4 bytes in a row, case folded) go into a bitmap. A literal of 7 bytes and more gives four grams in a row, so that one of them is met by a
 * probe at every fourth byte, wherever it stands; shorter ones are probed for more often, in passes of their own, which are made only where there are such literals.
 * A gram that is met is looked up, and the literal compared. Immutable; shared by threads. */
#pragma once

#include "rules/literal.h"

struct gram_table;

/* Borrows the literals. The table lives in `arena`. RC_NO_MEMORY. */
enum rc gram_table_new(const struct literal *literals, size_t n_literals, struct arena *arena,
                       struct gram_table **table) MUST_CHECK;
/* Calls `on_found` for every place where a literal stands, perhaps more than once and in no strict order; what it returns ends the scan, unless it is RC_OK. */
enum rc gram_table_scan(const struct gram_table *table, struct slice bytes,
                        enum rc (*on_found)(void *context, uint32_t literal, const char *place),
                        void *context) MUST_CHECK;
