/* markup.h - text from anywhere into HTML, SVG, JSON, CSV and Markdown, so that it stays text.
 *
 * Result files may have been written by anybody: every string of theirs goes through one of these.
 */
#ifndef REPORT_MARKUP_H
#define REPORT_MARKUP_H

#include <stdio.h>

/* Element content and attribute values in double or single quotes: & < > " ' become entities,
 * control characters (newlines too) spaces. */
void markup_html(FILE *f, const char *s);

/* A JSON string with its quotes, safe inside <script>: < > & and the line separators that old
 * script engines take for newlines are escaped. */
void markup_json(FILE *f, const char *s);

/* JSON: the shortest of 6 significant digits, or null where it is not finite. */
void markup_json_number(FILE *f, double v);

/* A field of CSV as RFC 4180 wants it: quoted where it holds a comma, a quote or a line break.
 * What a spreadsheet would take for a formula (= + - @ at the start of a text) begins with a quote
 * mark. */
void markup_csv(FILE *f, const char *s);

/* A cell of a Markdown table: no markup, no HTML, no new cell, no mention of people. */
void markup_markdown(FILE *f, const char *s);

/* markup_html of a printf. */
void markup_htmlf(FILE *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
