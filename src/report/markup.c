/* markup.c - text from anywhere, so that it stays text. */
#include "report/markup.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

static int as_space(int c)
{
    return (unsigned char)c < 0x20 || c == 0x7F ? ' ' : c;
}

void markup_html(FILE *f, const char *s)
{
    for (; *s; s++) {
        switch (*s) {
        case '&': fputs("&amp;", f); break;
        case '<': fputs("&lt;", f); break;
        case '>': fputs("&gt;", f); break;
        case '"': fputs("&quot;", f); break;
        case '\'': fputs("&#39;", f); break;
        default: fputc(as_space(*s), f);
        }
    }
}

void markup_htmlf(FILE *f, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    markup_html(f, text);
}

void markup_json(FILE *f, const char *s)
{
    fputc('"', f);
    for (; *s; s++) {
        if (strncmp(s, "\xE2\x80\xA8", 3) == 0 || strncmp(s, "\xE2\x80\xA9", 3) == 0) {
            fprintf(f, "\\u20%02x", s[2] == '\xA8' ? 0x28 : 0x29);
            s += 2;
        } else if (*s == '"' || *s == '\\') {
            fprintf(f, "\\%c", *s);
        } else if ((unsigned char)*s < 0x20 || strchr("<>&", *s)) {
            fprintf(f, "\\u%04x", (unsigned)*s);
        } else {
            fputc(*s, f);
        }
    }
    fputc('"', f);
}

void markup_json_number(FILE *f, double v)
{
    if (isfinite(v))
        fprintf(f, "%.6g", v);
    else
        fputs("null", f);
}

void markup_csv(FILE *f, const char *s)
{
    bool formula = *s && strchr("=+-@\t\r", *s);

    if (!formula && !strpbrk(s, ",\"\r\n")) {
        fputs(s, f);
        return;
    }
    fputs(formula ? "\"'" : "\"", f);
    for (; *s; s++) {
        if (*s == '"')
            fputc('"', f);
        fputc(*s, f);
    }
    fputc('"', f);
}

void markup_markdown(FILE *f, const char *s)
{
    for (; *s; s++) {
        if (*s == '<')
            fputs("&lt;", f);
        else if (*s == '>')
            fputs("&gt;", f);
        else if (*s == '&')
            fputs("&amp;", f);
        else if (*s == '@')
            fputs("&#64;", f);
        else if (strchr("|\\`*_[]#~!", *s))
            fprintf(f, "\\%c", *s);
        else
            fputc(as_space(*s), f);
    }
}
