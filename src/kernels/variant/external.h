/* external.h - kernels of a library that the user names, --set library=./other.so: measured in the
 * place of ours, and verified like ours.
 *
 * It is any shared library with the functions of headroom.h: of this ABI version, and those of the
 * part that is wanted.  The benchmark's axis `library` says which; where it is "none" the axis does
 * not apply, and rows do not carry it.  A library that hangs or crashes takes its worker process
 * along: the row fails. */
#ifndef KERNELS_VARIANT_EXTERNAL_H
#define KERNELS_VARIANT_EXTERNAL_H

#include <headroom.h>

#include "core/bench.h"
#include "core/library.h"
#include "kernels/attention/sparse.h"

#define EXTERNAL_AXIS                                                   \
    {                                                                   \
        .name = "library",                                              \
        .help = "a shared library with the functions of headroom.h to " \
                "measure, or none: ours",                               \
        .kind = AXIS_FILE, .normal = "none"                             \
    }

/* The file that the axis names, borrowed from p; NULL: ours are asked for.  For `applies` too,
 * which is asked while p still has all axes. */
const char *external_asked(const struct params *p);

enum external_part { EXTERNAL_SPARSE, EXTERNAL_TERNARY };

/* Its functions; those of the other part are NULL. */
struct external {
    int (*abi_version)(void);
    const char *(*error_message)(void);
    int (*sparse_open)(struct headroom_sparse **out, const struct headroom_sparse_lists *lists,
                       const struct headroom_sparse_options *options, void *stream);
    int (*sparse_run)(struct headroom_sparse *s, const void *q, const void *k, const void *v,
                      void *o, float *lse, float scale, void *stream);
    void (*sparse_close)(struct headroom_sparse *s);
    int (*ternary_open)(struct headroom_ternary **out, const struct headroom_ternary_weights *w,
                        const struct headroom_ternary_options *options, void *stream);
    int (*ternary_run)(struct headroom_ternary *t, const float *x, float *y, int64_t n,
                       void *stream);
    void (*ternary_close)(struct headroom_ternary *t);
    struct library dl;
};

/* ERR_FORMAT says what is wrong with the file: it is not there, does not load, lacks a function, or
 * is of another ABI version.  *x is zero then. */
int external_open(struct external *x, const char *path, enum external_part part, struct err *e);
void external_close(
    struct external *x); /* accepts a zeroed struct; its handles are closed before */

/* How the library is called in a row's variant: "library other.so". */
void external_name(const struct external *x, char *out, size_t cap);

/* What a function of the library came to: 0, or its code with its own words.  A code that
 * headroom.h does not know is ERR_FORMAT; ERR_NOTSUP skips the row, as one of ours would. */
int external_result(const struct external *x, const char *function, int code, struct err *e);

/* sparse_open on a pattern, and sparse_run with its arguments. */
int external_sparse_open(const struct external *x, struct headroom_sparse **out,
                         const struct sparse_pattern *p,
                         const struct headroom_sparse_options *options, void *stream,
                         struct err *e);
int external_sparse_run(const struct external *x, struct headroom_sparse *s,
                        const struct sparse_args *a, void *stream, struct err *e);

#endif
