/* textline.c - text for a terminal. */
#include "report/textline.h"

#include <string.h>

static bool continues(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

size_t textline_width(const char *s)
{
    size_t n = 0;

    for (; *s; s++)
        n += !continues(*s);
    return n;
}

void textline_clean(char *out, size_t cap, const char *in, bool utf8)
{
    size_t n = 0;

    for (; *in && n + 1 < cap; in++) {
        unsigned char c = (unsigned char)*in;

        if (c < 0x20 || c == 0x7F)
            out[n++] = ' ';
        else if (c < 0x80 || utf8)
            out[n++] = *in;
        else if (!continues(*in))
            out[n++] = '?';
    }
    /* The end of the buffer may have cut a character. */
    if (utf8 && *in)
        while (n > 0 && (unsigned char)out[n - 1] >= 0x80)
            n--;
    out[n] = '\0';
}

void textline_cut(char *s, size_t cap, int columns, bool utf8)
{
    const char *dots = utf8 ? "\xE2\x80\xA6" : "...";
    int keep = columns - (int)textline_width(dots);
    char *p = s;

    if ((int)textline_width(s) <= columns)
        return;
    if (keep < 0) {
        dots = "";
        keep = columns > 0 ? columns : 0;
    }
    while (*p && (continues(*p) || keep-- > 0))
        p++;
    snprintf(p, cap - (size_t)(p - s), "%s", dots);
}

void textline_left(FILE *f, const char *s, int width)
{
    int pad = width - (int)textline_width(s);

    fprintf(f, "%s%*s", s, pad > 0 ? pad : 0, "");
}

void textline_right(FILE *f, const char *s, int width)
{
    int pad = width - (int)textline_width(s);

    fprintf(f, "%*s%s", pad > 0 ? pad : 0, "", s);
}

void textline_wrap(FILE *f, const char *text, int used, int indent, int columns, bool utf8)
{
    char clean[1024];
    bool fresh = true; /* nothing of ours on this line yet */

    textline_clean(clean, sizeof(clean), text, utf8);
    for (char *word = clean; *word;) {
        size_t n = strcspn(word, " ");
        char end = word[n];
        int width;

        word[n] = '\0';
        width = (int)textline_width(word);
        if (width > 0) {
            if (!fresh && used + 1 + width > columns) {
                fprintf(f, "\n%*s", indent, "");
                used = indent;
                fresh = true;
            }
            fprintf(f, "%s%s", fresh ? "" : " ", word);
            used += width + !fresh;
            fresh = false;
        }
        word += n + (end != '\0');
    }
    fputc('\n', f);
}
