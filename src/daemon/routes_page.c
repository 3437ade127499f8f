#include "src/daemon/routes_page.h"

#include "src/daemon/handlers.h"

#include <stdio.h>

/* Nothing but what we serve ourselves runs, loads or frames the page, whatever text it shows. */
#define POLICY                                                                                     \
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src "        \
    "'self'; "                                                                                     \
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
#define TAG_BYTES 72

extern const struct embedded_file web_files[];

static const struct {
    const char *end;
    const char *type;
} types[] = {
    { ".html", "text/html; charset=utf-8" },
    { ".css", "text/css; charset=utf-8" },
    { ".js", "text/javascript; charset=utf-8" },
    { ".svg", "image/svg+xml" },
    { ".png", "image/png" },
    { ".ico", "image/x-icon" },
    { ".json", "application/json" },
};

const char *page_content_type(struct slice name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (slice_ends(name, slice_of(types[i].end)))
            return types[i].type;
    return "application/octet-stream";
}

static const struct embedded_file *find_file(struct slice name)
{
    for (const struct embedded_file *file = web_files; file->name; file++)
        if (slice_eq(name, slice_of(file->name)))
            return file;
    return NULL;
}

bool page_has(struct slice name)
{
    return find_file(name) != NULL;
}

void page_answer(struct request *request, struct slice name)
{
    const struct embedded_file *file = find_file(name);
    char tag[TAG_BYTES];
    struct http_answer_header headers[] = {
        { "ETag", { 0 } },
        { "Cache-Control",
          SLICE("no-cache") }, /* asked for again each time: a new version is seen at once */
        { "Content-Security-Policy", SLICE(POLICY) },
        { "Referrer-Policy", SLICE("no-referrer") },
    };
    const size_t n_headers = sizeof headers / sizeof *headers;

    if (!file) {
        request_problem(request, 404, "Not found", SLICE("there is no such path"));
        return;
    }
    snprintf(tag, sizeof tag, "\"%s\"", file->etag);
    headers[0].value = slice_of(tag);
    if (slice_eq(http_header(request->exchange, "If-None-Match"), slice_of(tag)))
        request_answer(request, 304, page_content_type(name), (struct slice){ 0 }, headers,
                       n_headers);
    else
        request_answer(request, 200, page_content_type(name), file->text, headers, n_headers);
}

void get_page(struct request *request)
{
    page_answer(request, slice_is_absent(request->part) ? SLICE("index.html") : request->part);
}

void get_openapi(struct request *request)
{
    page_answer(request, SLICE("openapi.json"));
}

void get_sign_in(struct request *request)
{
    page_answer(request, SLICE("sign-in.html"));
}
