/* textline.h - text for a terminal: its width, made safe, cut and wrapped to fit.
 *
 * Width counts characters, each as one column: our own words hold nothing wider.  Text that came
 * from outside (a file, a driver) goes through textline_clean, so that it cannot move the cursor.
 */
#ifndef REPORT_TEXTLINE_H
#define REPORT_TEXTLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

size_t textline_width(const char *s);

/* Control characters become spaces; with utf8 off every other character that is not ASCII becomes
 * '?'. */
void textline_clean(char *out, size_t cap, const char *in, bool utf8);

/* Cut s to at most `columns`, its last character then an ellipsis ("..." without utf8). */
void textline_cut(char *s, size_t cap, int columns, bool utf8);

/* s, then spaces up to `width`. */
void textline_left(FILE *f, const char *s, int width);
void textline_right(FILE *f, const char *s, int width);

/* Words of `text` (cleaned) in lines of at most `columns`; `used` columns of the first one are
 * taken, the others begin with `indent` spaces.  Ends the line. */
void textline_wrap(FILE *f, const char *text, int used, int indent, int columns, bool utf8);

#endif
