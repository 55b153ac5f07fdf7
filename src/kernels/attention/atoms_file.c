/* atoms_file.c - a file of atoms: which format it has, and what both have in common. */
#include "kernels/attention/atoms_file.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/atomic_file.h"
#include "core/mem.h"

enum { FILE_MAX = 1 << 30, NUMBER_MAX = 40 };

/* What PDB has room for is less; beyond it F32 has not the places any more. */
static const double furthest = 1e6;

/* The caller's locale may have a comma for the point. */
static locale_t numbers;
static pthread_once_t numbers_once = PTHREAD_ONCE_INIT;

static void numbers_make(void)
{
    numbers = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

bool atoms_coordinate(const char *p, size_t n, bool uncertainty, float *out)
{
    char word[NUMBER_MAX], *end;
    double x;

    while (n > 0 && (*p == ' ' || *p == '\t')) {
        p++;
        n--;
    }
    while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t' || p[n - 1] == '\r'))
        n--;
    if (n == 0 || n >= sizeof(word) || strspn(p, "+-.0123456789eE()") < n)
        return false;
    memcpy(word, p, n);
    word[n] = '\0';
    pthread_once(&numbers_once, numbers_make);
    x = numbers ? strtod_l(word, &end, numbers) : strtod(word, &end);
    if (uncertainty && end > word && *end == '(') {
        const size_t digits = strspn(end + 1, "0123456789");

        end += digits > 0 && end[digits + 1] == ')' ? digits + 2 : 0;
    }
    if (end == word || *end || !(fabs(x) <= furthest))
        return false;
    *out = (float)x;
    return true;
}

/* Past blanks, lines and comments. */
static const char *content(const char *p)
{
    for (;;) {
        p += strspn(p, " \t\r\n");
        if (*p != '#')
            return p;
        p += strcspn(p, "\n");
    }
}

int atoms_parse(struct atoms *a, const char *text, size_t n, const char *name, struct err *e)
{
    struct atoms_text t = { .name = name, .begin = text, .p = text, .end = text + n, .line = 1 };
    const bool mmcif = strncmp(content(text), "data_", 5) == 0;
    const size_t whole = strlen(text);
    int rc = 0;

    if (whole != n) {
        for (const char *p = text; p < text + whole; p++)
            t.line += *p == '\n';
        return ERR(e, ERR_FORMAT, "%s:%d: a NUL byte: this is no text", name, t.line);
    }
    TRY(mmcif ? atoms_parse_mmcif(a, &t, e) : atoms_parse_pdb(a, &t, e));
    if (a->n == 0)
        rc = ERR(e, ERR_FORMAT, "%s: no atoms: expected %s", name,
                 mmcif ? "a loop of _atom_site" : "ATOM or HETATM records, or mmCIF (data_)");
out:
    if (rc < 0)
        atoms_release(a);
    return rc;
}

int atoms_read(struct atoms *a, const char *path, struct err *e)
{
    char *text = NULL;
    size_t n;
    int rc = 0;

    TRY(atomic_file_read(path, FILE_MAX, &text, &n, e));
    TRY(atoms_parse(a, text, n, path, e));
out:
    mem_free(text);
    return rc;
}
