/* svg.h - pictures as text: the frame, axes and marks that every chart is made of.
 *
 * A picture takes its colours from the classes of web/report.css, so that it follows the page into
 * the dark and onto paper. */
#ifndef REPORT_SVG_H
#define REPORT_SVG_H

#include <stdio.h>

#include "report/scale.h"

/* Open a picture of w by h units that fills its place; `kind` is its class.  `words` says what is
 * to be seen, with the figures: it is the text alternative. */
void svg_open(FILE *f, const char *kind, int w, int h, const char *words);
void svg_close(FILE *f);

enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END };

void svg_text(FILE *f, double x, double y, enum svg_anchor anchor, const char *kind,
              const char *text);
void svg_line(FILE *f, double x1, double y1, double x2, double y2, const char *kind);
void svg_rect(FILE *f, double x, double y, double w, double h, const char *kind);

/* A mark that answers: `tip` is shown when it is pointed at or reached with the arrow keys. */
void svg_point(FILE *f, double x, double y, double r, const char *kind, const char *tip);

/* Axes with ticks, grid lines across the plot, and their labels. */
void svg_axis_x(FILE *f, const struct scale *x, const struct scale *y, int wanted,
                const char *title);
void svg_axis_y(FILE *f, const struct scale *x, const struct scale *y, int wanted,
                const char *title);

/* A number for a path or an attribute: at most one decimal. */
void svg_number(FILE *f, double v);

#endif
