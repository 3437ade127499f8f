/* routes_page.h - the page's files, which travel inside the program. */
#pragma once

#include "src/base/embedded.h"
#include "src/daemon/request.h"

/* Answers with the embedded file of this name, or 304 when the browser has it, or 404. */
void page_answer(struct request *request, struct slice name);
bool page_has(struct slice name);
/* text/html and the like, by the name's end. */
const char *page_content_type(struct slice name);
