/* utf8.h - UTF-8 as RFC 3629 has it: shortest forms, no surrogates, nothing above U+10FFFF. */
#ifndef MODELS_TEXT_UTF8_H
#define MODELS_TEXT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length of the character at p (n bytes are there, n > 0), its code point in *cp; 0 when no
 * character begins with these bytes. */
size_t utf8_get(const char *p, size_t n, uint32_t *cp);

/* p is one to three bytes that a character may begin with, and more are wanted. */
bool utf8_unfinished(const char *p, size_t n);

/* How many bytes from p on are whole characters. */
size_t utf8_valid(const char *p, size_t n);

/* Unicode's White_Space. */
bool utf8_space(uint32_t cp);

#endif
