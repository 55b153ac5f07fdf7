/* html.c - the page: one file, nothing fetched, readable without its script. */
#include <math.h>
#include <string.h>

#include "report/assets.h"
#include "report/markup.h"
#include "report/page.h"
#include "report/rows.h"

static const struct {
    const char *id, *title;
    void (*write)(FILE *f, const struct report *r);
} sections[] = {
    { "summary", "Summary", page_summary }, { "findings", "Findings", page_findings },
    { "limits", "Limits", page_limits },    { "roofline", "Roofline", page_roofline },
    { "samples", "Samples", page_samples }, { "latency", "Latency", page_latency },
    { "series", "Time line", page_series }, { "matrix", "Transfers", page_matrix },
    { "history", "History", page_history }, { "targets", "Targets", page_targets },
    { "table", "Results", page_table },     { "properties", "Subjects", page_properties },
    { "machine", "Machine", page_machine },
};
enum { SECTIONS = sizeof(sections) / sizeof(sections[0]) };

void page_section(FILE *f, const char *id, const char *title, const char *how)
{
    fprintf(f,
            "<section id=\"%s\" aria-labelledby=\"h-%s\"><h2 id=\"h-%s\">%s</h2>\n"
            "<p class=\"how\">%s</p>\n",
            id, id, id, title, how);
}

void page_section_end(FILE *f)
{
    fputs("</section>\n", f);
}

void page_no_data(FILE *f, const char *what, const char *why)
{
    fputs("<p class=\"nodata\"><b>", f);
    markup_html(f, what);
    fputs("</b>: no data: ", f);
    markup_html(f, why);
    fputs("</p>\n", f);
}

void page_value(FILE *f, const struct result *r, double v)
{
    struct figures_unit unit = row_unit(r);
    char number[FIGURES_TEXT];

    figures_number(number, v * unit.factor, figures_decimals(v * unit.factor), true);
    fputs(number, f);
    fputs("\xC2\xA0", f);
    markup_html(f, unit.name);
}

/* Nothing may be fetched, whatever a file says. */
static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<link rel=\"icon\" href=\"data:,\">\n<title>";

static void write_head(FILE *f, const struct report *r)
{
    fputs(head, f);
    markup_htmlf(f, "headroom: %s, %.10s, %s", r->shown->suite[0] ? r->shown->suite : "run",
                 r->shown->start, facts_get_text(&r->shown->machine, "cpu.model", "unknown CPU"));
    fputs("</title>\n<style>\n", f);
    fputs(asset_uplot_css, f);
    fputs(asset_report_css, f);
    fputs("</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#summary\">To the report</a>\n"
          "<header><p class=\"brand\">headroom</p><nav aria-label=\"Sections\">",
          f);
    for (int i = 0; i < SECTIONS; i++)
        fprintf(f, "<a href=\"#%s\">%s</a>", sections[i].id, sections[i].title);
    fputs("</nav></header>\n<main>\n", f);
}

/* The licence asks that it goes with every copy of uPlot. */
static void write_scripts(FILE *f)
{
    fputs("</main>\n<p id=\"tip\" role=\"status\" aria-live=\"polite\" hidden></p>\n<script>\n/*\n",
          f);
    fputs(asset_uplot_license, f);
    fputs("*/\n", f);
    fputs(asset_uplot_js, f);
    fputs("</script>\n<script>\n", f);
    fputs(asset_report_js, f);
    fputs(asset_series_js, f);
    fputs("</script>\n</body>\n</html>\n", f);
}

void report_html(FILE *f, const struct report *r)
{
    write_head(f, r);
    for (int i = 0; i < SECTIONS; i++)
        sections[i].write(f, r);
    write_scripts(f);
}
