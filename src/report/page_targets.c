/* page_targets.c - absolute targets beside what was measured. */
#include <math.h>

#include "report/figures.h"
#include "report/markup.h"
#include "report/page.h"

static void figure(FILE *f, double v, const char *unit)
{
    struct figures_unit u = figures_unit_for(unit, v);
    char text[FIGURES_TEXT];

    fputs("<td class=\"num\">", f);
    figures_number(text, v * u.factor, figures_decimals(v * u.factor), true);
    fputs(text, f);
    if (isfinite(v)) {
        fputc(' ', f);
        markup_html(f, u.name);
    }
    fputs("</td>", f);
}

static void write_outcome(FILE *f, const struct target *t, const struct target_outcome *o)
{
    static const char *const kinds[] = { [TARGET_MET] = "faster",
                                         [TARGET_MISSED] = "slower",
                                         [TARGET_NO_DATA] = "none",
                                         [TARGET_OTHER_HARDWARE] = "none",
                                         [TARGET_INVALID] = "slower" };
    const char *unit = t->of == TARGET_PERCENT ? "%" : t->unit;

    fputs("<tr><th scope=\"row\">", f);
    markup_html(f, t->id);
    fputs("</th><td>", f);
    markup_html(f, t->what);
    fprintf(f, "</td><td>%s</td>",
            isnan(t->value)              ? ""
            : t->bound == BOUND_AT_LEAST ? "at least"
                                         : "at most");
    figure(f, t->value, unit);
    figure(f, t->expected, unit);
    figure(f, o->measured, unit);
    fprintf(f, "<td><span class=\"word %s\">%s</span></td><td>", kinds[o->status],
            target_status_name(o->status));
    markup_html(f, o->why);
    fputs("</td><td>", f);
    markup_html(f, t->source);
    fputs("</td></tr>\n", f);
}

void page_targets(FILE *f, const struct report *r)
{
    page_section(f, "targets", "Targets",
                 "Bounds that somebody set, held against this run. One that was set for other "
                 "hardware is shown and not judged; one that nothing measured has no data.");
    if (!r->targets) {
        page_no_data(f, "Targets", "none were asked for: headroom report RUN --targets FILE");
        page_section_end(f);
        return;
    }
    fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Targets\"><table>"
          "<caption>",
          f);
    markup_html(f, r->targets->title);
    fputs(
        "</caption><thead><tr><th scope=\"col\">target</th><th scope=\"col\">what</th>"
        "<th scope=\"col\"></th><th scope=\"col\" class=\"num\">bound</th>"
        "<th scope=\"col\" class=\"num\">expected</th><th scope=\"col\" class=\"num\">measured</th>"
        "<th scope=\"col\">status</th><th scope=\"col\">why</th><th scope=\"col\">source</th></tr>"
        "</thead><tbody>\n",
        f);
    for (int i = 0; i < r->targets->n; i++)
        write_outcome(f, &r->targets->t[i], &r->outcomes[i]);
    fputs("</tbody></table></div>\n", f);
    page_section_end(f);
}
