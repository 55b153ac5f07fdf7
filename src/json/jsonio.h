/* jsonio.h - Jansson with our rules: NaN is null, bad input names its place, memory is counted.
 *
 * Reading goes through struct jsonio_in, a place in a document.  The first fault is kept in the
 * root's err with its path ("results[3].runs[0].samples_ns: ...") and from then on every getter
 * answers with an empty value: a reader fetches a whole record, then asks jsonio_ok() once.
 * Writing: the jsonio_new_* functions give an owned value or NULL without memory; jsonio_put takes
 * it and remembers a NULL, so a writer too asks once, at the end.
 *
 * Jansson allocates through core/mem.h after jsonio_init(); everything here and in store/ calls it.
 * Code that uses Jansson directly calls it first. */
#ifndef JSON_JSONIO_H
#define JSON_JSONIO_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* Once per process, cheap afterwards; thread-safe. */
void jsonio_init(void);

/* Text -> document, owned by the caller (json_decref).  Duplicate keys, NUL and bytes that are not
 * UTF-8 are refused.  ERR_FORMAT names `what` with line and column; ERR_NOMEM. */
int jsonio_parse(const char *text, size_t n, const char *what, json_t **out, struct err *e);

/* One line of text, owned by the caller (mem_free), or NULL without memory. */
char *jsonio_text_of(const json_t *value);

/* ---- reading ---- */

struct jsonio_in {
    const json_t *node;         /* borrowed; NULL once something is wrong */
    const struct jsonio_in *up; /* borrowed; NULL at the root */
    const char *key;            /* of this node in `up`; NULL for an item of an array */
    size_t index;
    struct err *e; /* borrowed, never NULL; code 0 while all is well */
};

struct jsonio_in jsonio_root(const json_t *node, const char *name, struct err *e);
bool jsonio_ok(const struct jsonio_in *in);

/* Record a fault at in.key (key NULL: at `in` itself); code is ERR_FORMAT. */
void jsonio_bad(const struct jsonio_in *in, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Without memory for what was read: ERR_NOMEM. */
void jsonio_lost(const struct jsonio_in *in);

/* Each takes a member that must be there. */
struct jsonio_in jsonio_object(const struct jsonio_in *in, const char *key);
/* An array of at most `max` items; its length is json_array_size(node), 0 after a fault. */
struct jsonio_in jsonio_array(const struct jsonio_in *in, const char *key, size_t max);
struct jsonio_in jsonio_item(const struct jsonio_in *array, size_t index); /* any kind */
bool jsonio_is_null(const struct jsonio_in *in, const char *key);
double jsonio_real(const struct jsonio_in *in, const char *key); /* null: NaN */
int64_t jsonio_int(const struct jsonio_in *in, const char *key, int64_t lo, int64_t hi);
bool jsonio_bool(const struct jsonio_in *in, const char *key);
/* At most cap - 1 bytes; null gives "".  Control characters but newline and tab become spaces:
 * these texts are shown, and a file must not steer the terminal of who looks at it. */
void jsonio_text(const struct jsonio_in *in, const char *key, char *buf, size_t cap);
/* Index in names[0..n), which must hold the word; null gives `if_null`, or is a fault when < 0. */
int jsonio_word(const struct jsonio_in *in, const char *key, const char *const *names, int n,
                int if_null);
/* [lo, hi] with lo <= hi; null gives NaN twice. */
void jsonio_pair(const struct jsonio_in *in, const char *key, double *lo, double *hi);
/* Numbers, null as NaN.  Owned by the caller (mem_free); NULL with *n = 0 for null or []. */
double *jsonio_reals(const struct jsonio_in *in, const char *key, size_t *n);

/* ---- writing ---- */

/* Set obj[key] = value and take it; *lost becomes true where either is NULL. */
void jsonio_put(json_t *obj, const char *key, json_t *value, bool *lost);
void jsonio_append(json_t *array, json_t *value, bool *lost);
/* The value when nothing was lost; otherwise it is freed and NULL given. */
json_t *jsonio_done(json_t *value, bool lost);

json_t *jsonio_new_real(double x);              /* null when not finite */
json_t *jsonio_new_count(uint64_t n);           /* held at INT64_MAX, the largest a reader takes */
json_t *jsonio_new_text(const char *s);         /* each byte that is not UTF-8 becomes '?' */
json_t *jsonio_new_text_or_null(const char *s); /* "" becomes null */
json_t *jsonio_new_pair(double lo, double hi);  /* null unless both are finite and in order */
json_t *jsonio_new_reals(const double *x, size_t n);

#endif
