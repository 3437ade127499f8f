/* utf8.h - one character of UTF-8 at a time (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes (1 to 4) of the character at `ptr`, of which `len` bytes may be read; 0 when it is not one. `code_point` may be NULL. */
size_t utf8_char_len(const char *ptr, size_t len, uint32_t *code_point);
/* Nothing but such characters. */
bool utf8_is_valid(const char *ptr, size_t len);
/* Characters that change how a terminal or a reader sees the text around them: controls (C0, DEL, and C1, which terminals obey
 * too), line ends, and those that turn the direction of text. Nothing of ours shows or writes them as they are. */
bool utf8_acts_on_its_surroundings(uint32_t code_point);
