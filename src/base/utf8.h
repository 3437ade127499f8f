/* utf8.h - one character of UTF-8 at a time (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF). */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Bytes (1 to 4) of the character at `ptr`, of which `len` bytes may be read; 0 when it is not one. `code_point` may be NULL. */
size_t utf8_char_len(const char *ptr, size_t len, uint32_t *code_point);
