/* findings.h - what a run says in words: rules with a stable name, the numbers that met them, what
 * usually causes it and what to check next.
 *
 * The rules are a table (finding_rules.c); each is a pure function of the record, so the terminal,
 * the page and the Markdown say the same. */
#ifndef REPORT_FINDINGS_H
#define REPORT_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/record.h"

enum finding_grade {
    FINDING_FAULT,   /* a number is missing or wrong */
    FINDING_WARNING, /* a number stands, something about it is not as it should be */
    FINDING_HINT     /* worth knowing when the number is read */
};
const char *finding_grade_name(enum finding_grade g); /* "fault", "warning", "hint" */

struct finding_rule {
    const char *name; /* stable: "below-usual-memory" */
    enum finding_grade grade;
    const char *title;  /* "Slower than machines of its kind" */
    const char *rule;   /* when it is said, with its threshold */
    const char *causes; /* what usually causes it */
    const char *check;  /* what to check next, with commands */
    /* Does it hold?  Writes the numbers.  Exactly one of the two is set. */
    bool (*of_row)(const struct run_record *rec, const struct result *r, char *numbers, size_t cap);
    bool (*of_run)(const struct run_record *rec, char *numbers, size_t cap);
};

struct finding_case {
    const struct result *row; /* borrowed from the record; NULL: the whole run */
    char numbers[320];
};

struct finding {
    const struct finding_rule *rule;
    struct finding_case *cases; /* n of them; owned */
    int n;
};

struct findings {
    struct finding *list; /* by grade, then in the order of the rules; owned */
    int n;
};

/* ERR_NOMEM.  rec must outlive *out. */
int findings_make(const struct run_record *rec, struct findings *out, struct err *e);
void findings_release(struct findings *fs);

int findings_count(const struct findings *fs, enum finding_grade g); /* findings, not cases */

/* The i-th rule, NULL behind the last. */
const struct finding_rule *finding_rule(int i);

#endif
