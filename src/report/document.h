/* document.h - what a report is made from, and its written forms.
 *
 * The last run given is the one that is described; those before it are what it is held against
 * (sessions of one machine, oldest first), and all of them are its history. */
#ifndef REPORT_DOCUMENT_H
#define REPORT_DOCUMENT_H

#include <stdio.h>

#include "core/err.h"
#include "core/record.h"
#include "judge/comparison.h"
#include "judge/targets.h"
#include "report/findings.h"

struct report_run {
    const char *name; /* how the user called it; borrowed */
    const struct run_record *record;
};

struct report {
    const struct report_run *runs; /* n >= 1, as given; borrowed */
    int n;
    const struct run_record *shown;    /* the last */
    struct findings findings;          /* of the run shown; owned */
    const struct run_record **earlier; /* the n - 1 before it; owned */
    char earlier_label[200];           /* how the user called them */
    struct comparison comparison;      /* those before against the run shown; n > 1 only; owned */
    const struct targets *targets;     /* borrowed; NULL: none were asked for */
    struct target_outcome *outcomes;   /* targets->n of them, of the run shown; owned */
};

struct report_wish {
    const struct report_run *runs; /* n >= 1 */
    int n;
    struct verdict_rules rules;
    bool apart;                    /* compare nothing: the runs may be of any machines */
    bool force;                    /* compare runs of different machines, and say so */
    const struct targets *targets; /* hold the run shown against these too; NULL: none */
};

/* ERR_NOMEM, and what comparison_make says.  What the wish points to must outlive *out. */
int report_make(const struct report_wish *wish, struct report *out, struct err *e);
void report_release(struct report *r);

/* The verdict on a row of the run shown, or NULL. */
const struct verdict *report_verdict(const struct report *r, const struct result *row);

/* The row in the last of the earlier runs that has it, or NULL. */
const struct result *report_before(const struct report *r, const struct result *row);

/* Each writes one file's text.  What f refused is found by the caller. */
void report_html(FILE *f, const struct report *r);
void report_markdown(FILE *f, const struct report *r);
void report_csv(FILE *f, const struct report *r);

#endif
