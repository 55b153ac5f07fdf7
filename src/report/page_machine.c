/* page_machine.c - where, with what and how it was measured, and what the words mean. */
#include <math.h>
#include <string.h>

#include "report/markup.h"
#include "report/page.h"

static void write_value(FILE *f, const struct fact *x)
{
    switch (x->kind) {
    case FACT_BOOL: fputs(x->i ? "yes" : "no", f); break;
    case FACT_INT: fprintf(f, "%lld", (long long)x->i); break;
    case FACT_REAL: fprintf(f, "%.6g", x->r); break;
    case FACT_TEXT: markup_html(f, x->text); break;
    case FACT_NULL:
        fputs("<span class=\"none\">", f);
        markup_html(f, x->text && x->text[0] ? x->text : "not known");
        fputs("</span>", f);
        break;
    }
}

static void write_plain(FILE *f, const struct facts *fs)
{
    fputs("<table class=\"facts\"><tbody>\n", f);
    for (size_t i = 0; i < fs->n; i++) {
        fputs("<tr><th scope=\"row\">", f);
        markup_html(f, fs->f[i].key);
        fputs("</th><td>", f);
        write_value(f, &fs->f[i]);
        fputs("</td></tr>\n", f);
    }
    fputs("</tbody></table>\n", f);
}

/* Facts in the order written, one table for each first word of their keys. */
static void write_facts(FILE *f, const struct facts *fs, const char *open)
{
    size_t done = 0;

    for (size_t i = 0; i < fs->n; i = done) {
        size_t word = strcspn(fs->f[i].key, ".");

        fputs("<details", f);
        fprintf(f, "%s><summary>", strncmp(fs->f[i].key, open, word) == 0 ? " open" : "");
        markup_htmlf(f, "%.*s", (int)word, fs->f[i].key);
        fputs("</summary><table class=\"facts\"><tbody>\n", f);
        for (done = i; done < fs->n && strcspn(fs->f[done].key, ".") == word &&
                       strncmp(fs->f[done].key, fs->f[i].key, word) == 0;
             done++) {
            const char *rest = fs->f[done].key + word;

            fputs("<tr><th scope=\"row\">", f);
            markup_html(f, *rest == '.' ? rest + 1 : fs->f[done].key);
            fputs("</th><td>", f);
            write_value(f, &fs->f[done]);
            fputs("</td></tr>\n", f);
        }
        fputs("</tbody></table></details>\n", f);
    }
}

static void write_differences(FILE *f, const struct manifest *m)
{
    fputs("<h3>What else differs from the run before</h3><div class=\"scroll\" tabindex=\"0\" "
          "role=\"region\" aria-label=\"Differences\"><table class=\"facts\"><thead><tr>"
          "<th scope=\"col\">what</th><th scope=\"col\">before</th><th scope=\"col\">now</th></tr>"
          "</thead><tbody>\n",
          f);
    for (int i = 0; i < m->n; i++) {
        fputs("<tr><th scope=\"row\">", f);
        markup_html(f, m->change[i].what);
        fputs("</th><td>", f);
        markup_html(f, m->change[i].a);
        fputs("</td><td>", f);
        markup_html(f, m->change[i].b);
        fputs("</td></tr>\n", f);
    }
    if (m->n == 0)
        fputs("<tr><td colspan=\"3\">nothing that is recorded</td></tr>\n", f);
    if (m->left_out)
        fprintf(f, "<tr><td colspan=\"3\">and %d more</td></tr>\n", m->left_out);
    fputs("</tbody></table></div>\n", f);
}

static const char words[] =
    "<dl class=\"words\">"
    "<div><dt>value</dt><dd>The median over the samples (of several processes: over their medians)."
    "</dd></div>"
    "<div><dt>95 % interval</dt><dd>Where the median would lie in 95 of 100 such measurements; "
    "order statistics, wider where samples depend on each other.</dd></div>"
    "<div><dt>limit</dt><dd><b>paper</b>: clock times units, from the device's own properties; "
    "<b>measured</b>: what another row reached on this machine since it was started; "
    "<b>latency</b>: dependent phases times the measured cost of one. The one that binds counts."
    "</dd></div>"
    "<div><dt>reached, headroom</dt><dd>100 \xC3\x97 value / limit (limit / value where lower is "
    "better); headroom is what is left to 100 %.</dd></div>"
    "<div><dt>converged, budget, unstable</dt><dd>Why sampling stopped: the interval was narrow "
    "enough; the time was up; the level moved more than the interval covers.</dd></div>"
    "<div><dt>faster, slower, same, unclear</dt><dd>The whole interval of the change lies beyond, "
    "or inside, the band that this machine's noise allows; unclear is none of these.</dd></div>"
    "<div><dt>GB, TFLOPS</dt><dd>GB is 10<sup>9</sup> bytes; TFLOPS counts useful operations only."
    "</dd></div></dl>\n";

void page_machine(FILE *f, const struct report *r)
{
    page_section(f, "machine", "Machine, build and words",
                 "What the run knew about the machine and about the program itself. A fact that "
                 "could not be had has its reason in its place.");
    if (r->n > 1)
        write_differences(f, &r->comparison.manifest);
    fputs("<h3>Machine</h3>\n", f);
    write_facts(f, &r->shown->machine, "cpu");
    fputs("<h3>Build</h3>\n", f);
    write_plain(f, &r->shown->build);
    fputs("<h3>Command</h3>\n<pre>", f);
    for (int i = 0; i < r->shown->argc; i++) {
        fputs(i ? " " : "", f);
        markup_html(f, r->shown->argv[i]);
    }
    fputs("</pre>\n<h3>What the words mean</h3>\n", f);
    fputs(words, f);
    page_section_end(f);
}
