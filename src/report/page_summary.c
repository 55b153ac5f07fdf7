/* page_summary.c - the verdict first: what was measured where, and what there is to say of it. */
#include <math.h>
#include <string.h>

#include "core/stats.h"
#include "report/markup.h"
#include "report/page.h"
#include "report/rows.h"

enum { PERCENTS_MAX = 512 };

static void tile(FILE *f, const char *kind, const char *number, const char *words)
{
    fprintf(f, "<li class=\"tile %s\"><b>%s</b> ", kind, number);
    markup_html(f, words);
    fputs("</li>\n", f);
}

static void tile_count(FILE *f, const char *kind, int n, const char *one, const char *many)
{
    char number[16];

    snprintf(number, sizeof(number), "%d", n);
    tile(f, n ? kind : "calm", number, n == 1 ? one : many);
}

/* The middle of what the rows of a level reach. */
static void level_tile(FILE *f, const struct run_record *rec, int first)
{
    double percent[PERCENTS_MAX];
    char number[FIGURES_TEXT], words[96];
    size_t n = 0;

    for (int i = first; i < rec->n_results && n < PERCENTS_MAX; i++)
        if (row_same_level(&rec->results[i], &rec->results[first]) &&
            rec->results[i].status == RESULT_OK && row_limit(&rec->results[i]))
            percent[n++] = rec->results[i].percent;
    if (n == 0)
        return;
    figures_number(number, stats_median(percent, n), 0, true);
    snprintf(words, sizeof(words), "%% of the limit: %.*s, median of %zu rows",
             (int)strcspn(rec->results[first].name, "."), rec->results[first].name, n);
    tile(f, "level", number, words);
}

static void run_tiles(FILE *f, const struct report *r)
{
    int count[4] = { 0 };

    for (int i = 0; i < r->shown->n_results; i++)
        count[r->shown->results[i].status]++;
    tile_count(f, "good", count[RESULT_OK], "row measured", "rows measured");
    tile_count(f, "bad", count[RESULT_FAILED] + count[RESULT_INVALID], "row failed or invalid",
               "rows failed or invalid");
    if (count[RESULT_SKIPPED])
        tile_count(f, "", count[RESULT_SKIPPED], "row skipped", "rows skipped");
    tile_count(f, "warn", findings_count(&r->findings, FINDING_WARNING), "warning", "warnings");
    for (int i = 0; i < r->shown->n_results; i++)
        if (row_first_of_level(r->shown, i))
            level_tile(f, r->shown, i);
}

static void target_tiles(FILE *f, const struct report *r)
{
    int met = 0, missed = 0;

    for (int i = 0; i < r->targets->n; i++) {
        met += r->outcomes[i].status == TARGET_MET;
        missed += r->outcomes[i].status == TARGET_MISSED || r->outcomes[i].status == TARGET_INVALID;
    }
    tile_count(f, "good", met, "target met", "targets met");
    tile_count(f, "bad", missed, "target missed", "targets missed");
}

static void verdict_tiles(FILE *f, const struct report *r)
{
    struct verdict_counts c = r->comparison.counts;

    tile_count(f, "bad", c.slower, "slower", "slower");
    tile_count(f, "warn", c.unclear, "unclear", "unclear");
    tile_count(f, "good", c.faster, "faster", "faster");
    tile_count(f, "", c.same, "the same", "the same");
    if (c.gone)
        tile_count(f, "warn", c.gone, "row no longer measured", "rows no longer measured");
}

/* One word for the page. */
static void headline(FILE *f, const struct report *r)
{
    const char *kind = "good", *words = "Measured, and every number passed its checks";
    struct verdict_counts c = r->comparison.counts;

    if (findings_count(&r->findings, FINDING_FAULT)) {
        kind = "bad";
        words = "Some rows have no valid number";
    } else if (c.slower) {
        kind = "bad";
        words = "It got slower";
    } else if (r->shown->status != RUN_COMPLETE) {
        kind = "warn";
        words = "The run did not end by itself";
    } else if (c.unclear) {
        kind = "warn";
        words = "Not clear whether anything changed";
    } else if (r->n > 1) {
        words = c.faster ? "Nothing slower, something faster" : "No change beyond the noise";
    } else if (findings_count(&r->findings, FINDING_WARNING)) {
        kind = "warn";
        words = "Measured, with warnings";
    }
    fprintf(f, "<p class=\"verdict %s\">%s</p>\n", kind, words);
}

static void machine_line(FILE *f, const struct run_record *rec)
{
    char mark[24], memory[FIGURES_TEXT] = "";
    double bytes = facts_get_number(&rec->machine, "memory.total_bytes", NAN);

    machine_fingerprint(&rec->machine, mark);
    if (isfinite(bytes))
        figures_gib(memory, bytes);
    fputs("<dl class=\"facts\"><div><dt>CPU</dt><dd>", f);
    markup_htmlf(f, "%s, %.0f cores, %s", facts_get_text(&rec->machine, "cpu.model", "not known"),
                 facts_get_number(&rec->machine, "cpu.cores_physical", NAN), memory);
    fputs("</dd></div>\n", f);
    for (int i = 0;; i++) {
        char key[40];

        snprintf(key, sizeof(key), "gpus.%d.model", i);
        if (!facts_get_text(&rec->machine, key, NULL))
            break;
        fprintf(f, "<div><dt>GPU %d</dt><dd>", i);
        markup_html(f, facts_get_text(&rec->machine, key, ""));
        fputs("</dd></div>\n", f);
    }
    fputs("<div><dt>Machine</dt><dd>", f);
    markup_htmlf(f, "%s, fingerprint %s",
                 facts_get_text(&rec->machine, "machine.hostname", "no name"), mark);
    fputs("</dd></div>\n<div><dt>Run</dt><dd>", f);
    markup_htmlf(f, "%s, %.10s %.8s UTC, id %s, %s", rec->suite[0] ? rec->suite : "chosen rows",
                 rec->start, strlen(rec->start) > 11 ? rec->start + 11 : "", rec->id,
                 run_status_name(rec->status));
    fputs("</dd></div>\n<div><dt>Program</dt><dd>", f);
    markup_htmlf(f, "headroom %s, commit %.12s", facts_get_text(&rec->build, "version", "?"),
                 facts_get_text(&rec->build, "git.commit", "unknown"));
    fputs("</dd></div></dl>\n", f);
}

void page_summary(FILE *f, const struct report *r)
{
    fputs("<section id=\"summary\" aria-labelledby=\"h-summary\">"
          "<h1 id=\"h-summary\">How fast, how fast it could be</h1>\n",
          f);
    headline(f, r);
    fputs("<ul class=\"tiles\">\n", f);
    if (r->n > 1)
        verdict_tiles(f, r);
    run_tiles(f, r);
    if (r->targets)
        target_tiles(f, r);
    fputs("</ul>\n", f);
    machine_line(f, r->shown);
    if (r->n > 1) {
        fputs("<p>Held against: ", f);
        for (int i = 0; i < r->n - 1; i++)
            markup_htmlf(f, "%s%s (%.10s)", i ? ", " : "", r->runs[i].name,
                         r->runs[i].record->start);
        fputs("</p>\n", f);
        if (r->comparison.other_machine)
            fputs("<p class=\"alarm\">The runs are of different machines: what changed is the "
                  "machine first.</p>\n",
                  f);
    }
    page_section_end(f);
}
