/* json_body.h - a JSON body of the configuration with parameters inside its texts.
 *
 * Written out once at load and cut where parameters stand: the body is the pieces one after the other, and a value is only ever a JSON text, escaped as data. */
#pragma once

#include "actions/parameter.h"

#define JSON_BODY_MAX_PIECES 128

struct json_piece {
    struct slice json;     /* as it stands */
    struct template *text; /* then a text with parameters; NULL after the last piece */
};

struct json_body {
    struct json_piece *pieces;
    size_t n_pieces; /* 0: no body */
};

/* RC_INVALID after adding to `problems`. */
enum rc json_body_load(const struct node *node, const struct parameter_list *params,
                       struct arena *arena, struct problems *problems,
                       struct json_body *body) MUST_CHECK;
/* A value with no room left makes the writer's buffer fail. */
void json_body_write(const struct json_body *body, const struct parameter_values *values,
                     struct json_writer *writer);
