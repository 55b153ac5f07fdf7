#include "models/text/utf8.h"

#include <string.h>

#include "models/text/tokenizer.h"

/* The length that the first byte promises, 0 for none, and the range of the second byte, which is
 * where overlong forms, surrogates and what is above U+10FFFF are told. */
static size_t promised(unsigned char b, unsigned char *lo, unsigned char *hi)
{
    *lo = 0x80;
    *hi = 0xbf;
    if (b < 0x80)
        return 1;
    if (b < 0xc2 || b > 0xf4)
        return 0;
    if (b < 0xe0)
        return 2;
    if (b < 0xf0) {
        if (b == 0xe0)
            *lo = 0xa0;
        if (b == 0xed)
            *hi = 0x9f;
        return 3;
    }
    if (b == 0xf0)
        *lo = 0x90;
    if (b == 0xf4)
        *hi = 0x8f;
    return 4;
}

/* How many of the bytes at p fit the character that the first one promises, at most *want. */
static size_t fitting(const unsigned char *p, size_t n, size_t *want)
{
    unsigned char lo, hi;
    size_t i;

    *want = promised(p[0], &lo, &hi);
    if (*want == 0)
        return 0;
    for (i = 1; i < *want && i < n; i++) {
        if (p[i] < lo || p[i] > hi)
            break;
        lo = 0x80;
        hi = 0xbf;
    }
    return i;
}

size_t utf8_get(const char *text, size_t n, uint32_t *cp)
{
    const unsigned char *p = (const unsigned char *)text;
    static const unsigned char mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    size_t want;

    if (fitting(p, n, &want) != want || want == 0)
        return 0;
    *cp = p[0] & mask[want];
    for (size_t i = 1; i < want; i++)
        *cp = *cp << 6 | (p[i] & 0x3f);
    return want;
}

bool utf8_unfinished(const char *text, size_t n)
{
    size_t want, fit = fitting((const unsigned char *)text, n, &want);

    return fit == n && fit < want;
}

size_t utf8_valid(const char *p, size_t n)
{
    size_t at = 0;

    while (at < n) {
        uint32_t cp;
        size_t k = (unsigned char)p[at] < 0x80 ? 1 : utf8_get(p + at, n - at, &cp);

        if (k == 0)
            break;
        at += k;
    }
    return at;
}

bool utf8_space(uint32_t cp)
{
    return (cp >= 0x09 && cp <= 0x0d) || cp == 0x20 || cp == 0x85 || cp == 0xa0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 || cp == 0x2029 || cp == 0x202f ||
           cp == 0x205f || cp == 0x3000;
}

/* Byte by byte: what is held is a character's beginning or nothing. */
size_t utf8_stream_push(struct utf8_stream *s, const char *p, size_t n, char *out)
{
    size_t given = 0;

    for (size_t i = 0; i < n; i++) {
        char held[sizeof(s->held)];

        s->held[s->n++] = (unsigned char)p[i];
        memcpy(held, s->held, (size_t)s->n);
        if (utf8_unfinished(held, (size_t)s->n))
            continue;
        /* A whole character, or one that cannot become one any more.  In the second case the last
         * byte may begin the next. */
        if (s->n > 1 && utf8_valid(held, (size_t)s->n) == 0 &&
            utf8_unfinished(held + s->n - 1, 1)) {
            memcpy(out + given, held, (size_t)s->n - 1);
            given += (size_t)s->n - 1;
            s->held[0] = (unsigned char)held[s->n - 1];
            s->n = 1;
            continue;
        }
        memcpy(out + given, held, (size_t)s->n);
        given += (size_t)s->n;
        s->n = 0;
    }
    return given;
}

size_t utf8_stream_end(struct utf8_stream *s, char *out)
{
    size_t n = (size_t)s->n;

    memcpy(out, s->held, n);
    s->n = 0;
    return n;
}
