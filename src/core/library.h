/* library.h - shared libraries that are opened at run time: found by name, checked, their functions
 * taken.  None is needed to build or to start the program.
 *
 * Places, in this order; the first file there that loads, has every symbol and passes the check is
 * taken:
 *   1. the folders of HEADROOM_LIBRARY_PATH
 *   2. where the dynamic linker looks (the program's run path, LD_LIBRARY_PATH, the system)
 *   3. CUDA toolkits (/usr/local/cuda*), the containers' /usr/local/nvidia, the system's folders
 *   4. nvidia/.../lib among the packages of a Python environment: VIRTUAL_ENV, the python3 on PATH,
 *      the user's own (~/.local).  Python itself is not started.
 *
 * Thread-safe after library_places_set. */
#ifndef CORE_LIBRARY_H
#define CORE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The environment's say, read by main before anything is opened.  NULL or "": not set.  The strings
 * are borrowed for ever. */
struct library_places {
    const char *search_path; /* HEADROOM_LIBRARY_PATH: folders, colons between */
    const char *virtual_env; /* VIRTUAL_ENV */
    const char *path;        /* PATH */
    const char *home;        /* HOME */
};
void library_places_set(const struct library_places *p);

struct library_symbol {
    const char *name;
    size_t offset; /* of its function pointer in the caller's struct of functions */
    bool optional; /* NULL where this version of the library lacks it */
};

struct library_want {
    const char *what; /* "cuBLASLt", for the messages */
    /* File names, the best first, NULL-terminated; one with a slash is that file alone. */
    const char *const *names;
    const char *advice;                   /* what to install, ends the message */
    const struct library_symbol *symbols; /* n_symbols; may be none */
    int n_symbols;
    bool resident; /* stays in memory when closed: it has threads or handlers of its own */
    /* Is this version one that the caller can use?  functions are taken already.  A negative code
     * with the reason refuses it, and the search goes on.  NULL: any version is. */
    int (*check)(const void *functions, struct err *e);
};

struct library {
    void *handle;   /* NULL: not open */
    char path[400]; /* the file, where the dynamic linker says which */
};

/* Open what is wanted and store its functions in *functions (the struct that the offsets are of).
 * ERR_NOTSUP when no file fits: the message names the first file that was there and what was wrong
 * with it, or the names that were looked for and the advice.  *out is zero then, and so are the
 * functions. */
int library_open(struct library *out, const struct library_want *want, void *functions,
                 struct err *e);

/* A function of the library or of what it depends on, stored through `out` (a pointer to a function
 * pointer).  ERR_NOTSUP names the symbol. */
int library_symbol(const struct library *l, const char *symbol, void *out, struct err *e);

/* Accepts a zeroed struct.  The functions are gone afterwards. */
void library_close(struct library *l);

#ifdef __cplusplus
}
#endif

#endif
