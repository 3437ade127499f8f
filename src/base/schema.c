#include "src/base/schema.h"

#include "src/base/schema_private.h"

#define ARENA_BYTES ((size_t)64 << 20)

/* -- small parts -- */

void schema_write_ref(struct schema_writing *writing, const char *name)
{
    struct slice path;

    if (arena_format(writing->arena, &path, "#/definitions/%s", name))
        writing->rc = RC_NO_MEMORY;
    else
        json_member_text(&writing->json, "$ref", path);
}

void schema_write_ref_object(struct schema_writing *writing, const char *name)
{
    json_object_begin(&writing->json);
    schema_write_ref(writing, name);
    json_object_end(&writing->json);
}

void schema_write_texts(struct schema_writing *writing, const char *member,
                        const char *const *texts)
{
    json_key(&writing->json, member);
    json_array_begin(&writing->json);
    for (; *texts; texts++)
        json_write_text(&writing->json, slice_of(*texts));
    json_array_end(&writing->json);
}

void schema_write_type(struct schema_writing *writing, const char *type)
{
    json_member_text(&writing->json, "type", slice_of(type));
}

void schema_begin_or_null(struct schema_writing *writing, bool may_be_null)
{
    if (!may_be_null)
        return;
    json_key(&writing->json, "anyOf");
    json_array_begin(&writing->json);
    json_object_begin(&writing->json);
}

void schema_end_or_null(struct schema_writing *writing, bool may_be_null)
{
    if (!may_be_null)
        return;
    json_object_end(&writing->json);
    schema_write_ref_object(writing, SCHEMA_NULL);
    json_array_end(&writing->json);
}

/* -- definitions -- */

void schema_need(struct schema_writing *writing, const struct shape *shape)
{
    struct schema_definition *definition;

    for (definition = writing->first; definition; definition = definition->next) {
        if (definition->shape == shape)
            return;
    }
    definition = arena_alloc(writing->arena, 1, sizeof(*definition));
    if (!definition) {
        writing->rc = RC_NO_MEMORY;
        return;
    }
    definition->shape = shape;
    *writing->last = definition;
    writing->last = &definition->next;
}

static void define_anything_but(struct schema_writing *writing, const char *name,
                                const char *const *types)
{
    json_key(&writing->json, name);
    json_object_begin(&writing->json);
    json_key(&writing->json, "not");
    json_object_begin(&writing->json);
    schema_write_texts(writing, "type", types);
    json_object_end(&writing->json);
    json_object_end(&writing->json);
}

static void define_nulls(struct schema_writing *writing)
{
    static const char *const all_but_null[] = { "object", "array",   "string",
                                                "number", "boolean", NULL };
    static const char *const others[] = { "object", "array", "string", "null", NULL };
    static const char *const others_but_null[] = { "object", "array", "string", NULL };

    define_anything_but(writing, SCHEMA_NULL, all_but_null);
    define_anything_but(writing, SCHEMA_NO_TEXT, others);
    define_anything_but(writing, SCHEMA_NO_TEXT_OR_NULL, others_but_null);
}

/* What is put together only when it is asked for is made where it is defined. */
static void define(struct schema_writing *writing, const struct shape *shape)
{
    struct shape made = *shape;

    json_key(&writing->json, shape->name);
    json_object_begin(&writing->json);
    if (shape->make)
        writing->rc = shape->make(writing->arena, &made);
    if (!writing->rc)
        schema_write_inline(writing, &made, false);
    json_object_end(&writing->json);
}

/* -- the whole -- */

static void write_all(struct schema_writing *writing, const struct schema_text *text)
{
    json_object_begin(&writing->json);
    json_member_text(&writing->json, "$schema", SLICE("http://json-schema.org/draft-07/schema#"));
    json_member_text(&writing->json, "title", slice_of(text->title));
    schema_write_inline(writing, text->root, false);
    json_key(&writing->json, "definitions");
    json_object_begin(&writing->json);
    define_nulls(writing);
    /* Each may name further ones, behind it. */
    for (struct schema_definition *at = writing->first; at && !writing->rc; at = at->next)
        define(writing, at->shape);
    json_object_end(&writing->json);
    json_object_end(&writing->json);
}

enum rc schema_write(const struct schema_text *text, struct buffer *out)
{
    struct schema_writing writing = { .json = json_writer_to(out), .elsewhere = text->elsewhere };

    writing.last = &writing.first;
    writing.rc = arena_new(ARENA_BYTES, &writing.arena);
    if (!writing.rc)
        write_all(&writing, text);
    arena_free(writing.arena);
    return writing.rc ? writing.rc : buffer_rc(out);
}
