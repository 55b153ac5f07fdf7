/* report.c - `headroom report`: stored runs become a page, a table, a spreadsheet, or an array. */
#include <stdio.h>
#include <string.h>

#include "command/commands.h"
#include "command/judge_options.h"
#include "command/report_form.h"
#include "command/run_ref.h"
#include "command/tty.h"
#include "core/atomic_file.h"
#include "core/mem.h"
#include "report/document.h"
#include "report/target_table.h"
#include "report/terminal.h"
#include "report/verdict_table.h"
#include "store/run_json.h"
#include "store/target_file.h"

static const struct cli_option options[] = {
    { "output", 'o', "FILE", "what to write: FILE.html, .md, .csv or .json (else a table)",
      "@files" },
    { "form", 0, "NAME", "a founding document's own: d0 (four files), d2, d2-table, d3",
      REPORT_FORMS },
    { "targets", 't', "FILE", "hold the run against absolute targets too (JSON)", "@files" },
    JUDGE_OPTION_PROMISES,
    JUDGE_OPTION_FORCE,
    RUN_REF_OPTION_STORE,
};

enum { RUNS_MAX = CLI_WORDS_MAX };

static int fill_html(const void *self, FILE *f, struct err *e)
{
    (void)e;
    report_html(f, self);
    return 0;
}

static int fill_markdown(const void *self, FILE *f, struct err *e)
{
    (void)e;
    report_markdown(f, self);
    return 0;
}

static int fill_csv(const void *self, FILE *f, struct err *e)
{
    (void)e;
    report_csv(f, self);
    return 0;
}

/* Each run as its own file would hold it. */
static int fill_json(const void *self, FILE *f, struct err *e)
{
    const struct report *r = self;
    int rc = 0;

    fputs("[\n", f);
    for (int i = 0; i < r->n; i++) {
        if (i)
            fputs(",\n", f);
        TRY(run_json_print(r->runs[i].record, f, e));
    }
    fputs("]\n", f);
out:
    return rc;
}

static const struct form {
    const char *ending;
    atomic_file_fill fill;
    bool apart; /* the runs stand side by side, and are not compared */
} forms[] = {
    { ".html", fill_html, false },
    { ".md", fill_markdown, false },
    { ".csv", fill_csv, true },
    { ".json", fill_json, true },
};

static const struct form *form_of(const char *path)
{
    size_t n = strlen(path);

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        size_t ending = strlen(forms[i].ending);

        if (n > ending && strcmp(path + n - ending, forms[i].ending) == 0)
            return &forms[i];
    }
    return NULL;
}

static void print_tables(const struct report *r, const struct cli_env *env)
{
    struct terminal_style style = tty_style(env);

    terminal_header(stdout, r->shown, NULL, &style);
    terminal_table(stdout, r->shown, &style);
    if (r->n > 1) {
        verdict_table_header(stdout, &r->comparison, &style);
        verdict_table_rows(stdout, &r->comparison, &style);
        verdict_table_sum(stdout, &r->comparison, &style);
        putchar('\n');
    }
    if (r->targets)
        target_table(stdout, r->targets, r->outcomes, &style);
    terminal_findings(stdout, &r->findings, &style);
}

struct job {
    struct run_refs refs;
    struct run_ref *ref;     /* n_words of the arguments; owned */
    struct report_run *runs; /* the same; owned */
    int n;                   /* read so far */
    struct judge_options judge;
    struct targets targets;
    struct report report;
};

static int read_runs(struct job *j, const struct cli_args *a, struct err *e)
{
    int rc = 0;

    j->ref = mem_calloc((size_t)a->n_words, sizeof(*j->ref));
    j->runs = mem_calloc((size_t)a->n_words, sizeof(*j->runs));
    if (!j->ref || !j->runs)
        return ERR(e, ERR_NOMEM, "no memory for %d runs", a->n_words);
    for (; j->n < a->n_words; j->n++) {
        TRY(run_ref_resolve(&j->refs, a->word[j->n], &j->ref[j->n], e));
        j->runs[j->n] =
            (struct report_run){ .name = j->ref[j->n].label, .record = &j->ref[j->n].record };
    }
out:
    return rc;
}

static void job_release(struct job *j)
{
    report_release(&j->report);
    targets_release(&j->targets);
    judge_options_release(&j->judge);
    for (int i = 0; i < j->n; i++)
        run_ref_release(&j->ref[i]);
    mem_free(j->ref);
    mem_free(j->runs);
    run_refs_close(&j->refs);
}

static int report_run(const struct cli_args *a, const struct cli_env *env)
{
    const char *path = cli_value(a, "output");
    const char *document = cli_value(a, "form");
    const struct form *form = path && !document ? form_of(path) : NULL;
    const char *targets = cli_value(a, "targets");
    struct job j = { .refs = run_refs_init(a, env) };
    struct err e = { 0 };
    int rc = 0;

    if (a->n_words == 0)
        TRY(ERR(&e, ERR_ARG, "report: which run?  headroom report RUN... -o report.html"));
    if (document)
        TRY(report_form_check(document, path, a->n_words, &e));
    else if (path && !form)
        TRY(ERR(&e, ERR_ARG,
                "report: --output %.100s: expected a name that ends in .html, .md, .csv or .json",
                path));
    if (path && !document)
        TRY(atomic_file_check(path, &e));
    TRY(read_runs(&j, a, &e));
    if (document) {
        TRY(report_form_write(document, j.runs[0].record, path, &e));
        goto out;
    }
    TRY(judge_options_load(a, env, j.runs[0].record, &j.judge, &e));
    if (targets)
        TRY(target_file_read(targets, &j.targets, &e));
    TRY(report_make(&(struct report_wish){ .runs = j.runs,
                                           .n = j.n,
                                           .rules = judge_options_rules(&j.judge),
                                           .apart = form && form->apart,
                                           .force = j.judge.force,
                                           .targets = targets ? &j.targets : NULL },
                    &j.report, &e));
    if (form)
        TRY(atomic_file_write(path, form->fill, &j.report, &e));
    else
        print_tables(&j.report, env);
out:
    job_release(&j);
    return rc < 0 ? cli_fail(&e) : EXIT_FINE;
}

const struct command command_report = {
    .name = "report",
    .arguments = "RUN...",
    .summary = "stored runs as a page, a table for a pull request, a spreadsheet or JSON",
    .description =
        "Writes what the last RUN found.  The ending of --output chooses the form: .html is one "
        "page "
        "with everything in it (charts, findings in words, all figures), which opens from a disk "
        "and "
        "fetches nothing; .md is a table for a pull request; .csv has one line a row and process; "
        ".json is an array of the whole records.  RUNs before the last are what it is held "
        "against, "
        "oldest first, and together they are its history.  Without --output the table is printed."
        "\n\n"
        "--form writes one RUN in the form of a founding document: d0, the four baseline files, "
        "into the folder --output; d2, the flat report, d2-table, the same as a Markdown table, "
        "and "
        "d3, the results file, to --output or the terminal.  What the run does not hold is null "
        "with its reason; import reads these files.",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .max_arguments = -1,
    .argument_choices = "@files",
    .run = report_run,
};
