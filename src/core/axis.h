/* axis.h - the parameters of a benchmark: typed axes, and one point on them.
 *
 * A settings string is "axis=value[,value...] axis=value...", `*` for all values of an enum.
 * A point (struct params) has one value per axis and a canonical text: enums by name, sizes as
 * "4KiB", "1MiB", integers in decimal; that text is what results, ceilings and baselines match. */
#ifndef CORE_AXIS_H
#define CORE_AXIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum { AXIS_MAX = 16, AXIS_TEXT = 96, AXIS_VALUES_MAX = 32 };

enum axis_kind {
    AXIS_ENUM, /* one of `names` */
    AXIS_INT,  /* lo .. hi */
    AXIS_SIZE, /* bytes, lo .. hi; written 4096, 4KiB, 1MiB, 2GiB */
    AXIS_WORD, /* a name that the benchmark looks up itself (a model): letters, digits, . _ - */
    AXIS_FILE  /* the same for a file that it opens: / + ~ @ too, and it may begin with a dot */
};

struct axis {
    const char *name;
    const char *help; /* one line: what it is, and what its values mean */
    enum axis_kind kind;
    const char *const *names; /* AXIS_ENUM: NULL-terminated, static */
    int64_t lo, hi;           /* AXIS_INT, AXIS_SIZE */
    const char *normal;       /* values used when nothing else says: "a,b" */
    /* Mask of DEVICE_*: on others it means nothing and is left out of a row's settings; its
     * `normal` is a single value.  0: it means something on all of them. */
    unsigned devices;
};

struct param {
    const struct axis *axis;
    int64_t value; /* index into names, number, or bytes; of a word, the same for the same word */
    char text[AXIS_TEXT];
};

struct params {
    int n;
    struct param p[AXIS_MAX]; /* in the order of the benchmark's axes */
};

/* All values of one axis under consideration. */
struct axis_values {
    int n;
    int64_t v[AXIS_VALUES_MAX];
};

/* Read "a,b" or "*" for an axis.  ERR_ARG names the axis, the value, and what would be valid
 * (for enums with the nearest name). */
int axis_parse(const struct axis *a, const char *text, struct axis_values *out, struct err *e);
void axis_format(const struct axis *a, int64_t value, char out[AXIS_TEXT]);

/* The value of axis `name` at this point: index, number or bytes.  Asking for an axis that the
 * benchmark does not have is our bug. */
int64_t params_get(const struct params *p, const char *name);
bool params_has(const struct params *p, const char *name); /* false: it does not apply there */
const char *params_text(const struct params *p, const char *name);

/* "op=triad level=dram threads=all": canonical, in axis order. */
void params_format(const struct params *p, char *buf, size_t cap);

/* Numbers for options and axes, whole string or ERR_ARG naming `what`. */
int parse_int(const char *s, int64_t lo, int64_t hi, const char *what, int64_t *out, struct err *e);
int parse_size(const char *s, int64_t lo, int64_t hi, const char *what, int64_t *out,
               struct err *e);
int parse_seconds(const char *s, double lo, double hi, const char *what, double *out,
                  struct err *e); /* "2", "0.5", "500ms", "2m"; nan, inf, negative refused */

/* The entry of a NULL-terminated list nearest to s by edit distance, or NULL when none is near. */
const char *nearest_name(const char *s, const char *const *names);

#endif
