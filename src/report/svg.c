/* svg.c - pictures as text. */
#include "report/svg.h"

#include <math.h>

#include "report/markup.h"

void svg_number(FILE *f, double v)
{
    double tenth = round(v * 10) / 10;

    fprintf(f, tenth == round(tenth) ? "%.0f" : "%.1f", tenth == 0 ? 0 : tenth);
}

void svg_open(FILE *f, const char *kind, int w, int h, const char *words)
{
    fprintf(f,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart %s\" viewBox=\"0 0 %d %d\" "
            "role=\"img\" aria-label=\"",
            kind, w, h);
    markup_html(f, words);
    fputs("\">\n", f);
}

void svg_close(FILE *f)
{
    fputs("</svg>\n", f);
}

static void attribute(FILE *f, const char *name, double v)
{
    fprintf(f, " %s=\"", name);
    svg_number(f, v);
    fputc('"', f);
}

void svg_text(FILE *f, double x, double y, enum svg_anchor anchor, const char *kind,
              const char *text)
{
    static const char *const where[] = { "", " text-anchor=\"middle\"", " text-anchor=\"end\"" };

    fputs("<text", f);
    attribute(f, "x", x);
    attribute(f, "y", y);
    fputs(where[anchor], f);
    if (kind[0])
        fprintf(f, " class=\"%s\"", kind);
    fputc('>', f);
    markup_html(f, text);
    fputs("</text>\n", f);
}

void svg_line(FILE *f, double x1, double y1, double x2, double y2, const char *kind)
{
    fprintf(f, "<path class=\"%s\" d=\"M", kind);
    svg_number(f, x1);
    fputc(' ', f);
    svg_number(f, y1);
    fputc('L', f);
    svg_number(f, x2);
    fputc(' ', f);
    svg_number(f, y2);
    fputs("\"/>\n", f);
}

void svg_rect(FILE *f, double x, double y, double w, double h, const char *kind)
{
    fprintf(f, "<rect class=\"%s\"", kind);
    attribute(f, "x", x);
    attribute(f, "y", y);
    attribute(f, "width", fmax(w, 0));
    attribute(f, "height", fmax(h, 0));
    fputs("/>\n", f);
}

void svg_point(FILE *f, double x, double y, double r, const char *kind, const char *tip)
{
    fprintf(f, "<circle class=\"mark %s\"", kind);
    attribute(f, "cx", x);
    attribute(f, "cy", y);
    attribute(f, "r", r);
    fputs(" data-tip=\"", f);
    markup_html(f, tip);
    fputs("\"/>\n", f);
}

void svg_axis_x(FILE *f, const struct scale *x, const struct scale *y, int wanted,
                const char *title)
{
    struct ticks t;
    char label[SCALE_LABEL];

    scale_ticks(x, wanted, &t);
    for (int i = 0; i < t.n; i++) {
        double at = scale_at(x, t.v[i]);

        svg_line(f, at, y->at_lo, at, y->at_hi, "grid");
        scale_label(label, t.v[i]);
        svg_text(f, at, y->at_lo + 14, SVG_MIDDLE, "tick", label);
    }
    svg_line(f, x->at_lo, y->at_lo, x->at_hi, y->at_lo, "axis");
    svg_text(f, (x->at_lo + x->at_hi) / 2, y->at_lo + 29, SVG_MIDDLE, "title", title);
}

void svg_axis_y(FILE *f, const struct scale *x, const struct scale *y, int wanted,
                const char *title)
{
    struct ticks t;
    char label[SCALE_LABEL];

    scale_ticks(y, wanted, &t);
    for (int i = 0; i < t.n; i++) {
        double at = scale_at(y, t.v[i]);

        svg_line(f, x->at_lo, at, x->at_hi, at, "grid");
        scale_label(label, t.v[i]);
        svg_text(f, x->at_lo - 5, at + 4, SVG_END, "tick", label);
    }
    svg_text(f, 2, y->at_hi - 8, SVG_START, "title", title);
}
