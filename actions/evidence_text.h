/* evidence_text.h - how a collector's text becomes evidence; for evidence*.c alone. */
#pragma once

#include "actions/evidence.h"

/* Fills everything but the id, held: `text` is copied and hashed. `kind` is a literal. */
enum rc evidence_hold(struct evidence *evidence, const char *kind, struct slice source,
                      struct slice text, int64_t now_ms, struct arena *arena) MUST_CHECK;
