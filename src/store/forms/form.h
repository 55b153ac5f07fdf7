/* form.h - the files of three of the founding documents, as tables of their fields.
 *
 * Each field says where it is found in a record and what its unit is; the writer (form_facts) and
 * the reader (import/import_form.h) go by the same table.  What a run does not hold is null with
 * its reason.  docs/fields.md has the names in words. */
#ifndef STORE_FORMS_FORM_H
#define STORE_FORMS_FORM_H

#include <stdbool.h>

#include "core/record.h"

/* Where a field comes from, and what `what` and `which` then are. */
enum form_from {
    FORM_WORD,    /* what: the text itself, e.g. the form's version */
    FORM_CASE,    /* what: the setting that the fields beside it are of; which: its axis */
    FORM_START,   /* when the run started */
    FORM_MACHINE, /* what: a fact of the machine; which: the words of a bool, "yes|no" */
    FORM_BUILD,   /* what: a fact of the build */
    FORM_USED,    /* what: two whole facts of the machine, "total|available": the difference */
    FORM_MEAN,    /* what: two fields of the form, "a|b" */
    FORM_NEVER,   /* what: why there is none */
    /* What: a row, "NAME axis=value :metric @device" with globs: the first that has a value. */
    FORM_VALUE,
    FORM_PARAM,   /* which: the axis */
    FORM_INPUTS,  /* the row's inputs in words */
    FORM_CLOCK,   /* who says how fast the device's clock is */
    FORM_SAMPLES, /* repetitions that were timed, of all processes */
    FORM_WARMUP,  /* samples that were not kept, of one process */
    FORM_WALL,    /* time measured, in s, of one process */
    FORM_BYTES,   /* bytes of one repetition */
    FORM_OPS,     /* single operations, requests */
    /* Of the time of one item, in ns: of single operations where they were timed. */
    FORM_TIME_MEAN,
    FORM_TIME_STD,
    FORM_TIME_MIN,
    FORM_TIME_MAX,
    FORM_TIME_P50,
    FORM_TIME_P90,
    FORM_TIME_P95,
    FORM_TIME_P99,
    FORM_TIME_GAP_VARIANCE, /* of successive differences, in ns^2 */
    /* which: a series beside the row. */
    FORM_SERIES_MEAN,
    FORM_SERIES_MAX,
    FORM_ENERGY /* J an item, by the energy counter */
};

struct form_field {
    const char *path; /* "gpu.name", "scaling.0.tflops" */
    enum form_from from;
    const char *what, *which;
    double scale;      /* what the source is multiplied with; 0: as it is.  Of a fact: a number */
    const char *unit;  /* of a figure, which import takes as a row; NULL: none */
    enum direction of; /* of a figure */
    /* In files of the document's own tool: */
    double theirs;        /* what its figure is multiplied with to be in `unit`; 0: 1 */
    const char *fault;    /* why its figure is none; NULL: it is one */
    const char *fault_if; /* "field=text": only then; NULL: always */
    double fault_up_to;   /* only figures up to this; 0: all */
};

struct form {
    const char *name;     /* "d0.gpu" */
    const char *file;     /* as the document calls it */
    const char *tool;     /* the document's own: the name of imported rows */
    const char *signs[2]; /* fields that no other file has */
    const char *own_if;   /* "field=text": a file of the document's tool; NULL: unless it is ours */
    const char *notes;    /* how ours differs in meaning */
    const char *units;    /* how the tool\'s own units differ (theirs) */
    const struct form_field *fields;
    int n;
};

extern const struct form form_d0_gpu, form_d0_memory, form_d0_storage, form_d0_metrics, form_d2,
    form_d3;
extern const struct form *const forms[]; /* NULL-terminated */

/* All fields of the form, with "notes", "generator" and, by field, "sources": facts whose keys are
 * the paths.  out->lost tells of a lack of memory. */
void form_facts(const struct form *form, const struct run_record *r, struct facts *out);

/* The field with this path, or NULL. */
const struct form_field *form_field_of(const struct form *form, const char *path);

/* Does `setting` (FORM_PARAM, FORM_CASE) tell of the row that `figure` is of? */
bool form_setting_of(const struct form_field *setting, const struct form_field *figure);

/* Has the "field=text" its text?  NULL: `otherwise`. */
bool form_holds(const struct facts *file, const char *condition, bool otherwise);

#endif
