/* sides.c - the words that name one side of a comparison, as records. */
#include "command/sides.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/mem.h"

static int add(struct run_refs *refs, const char *word, struct side *s, struct err *e)
{
    struct run_ref *more;

    if (s->n == SIDE_RECORDS_MAX)
        return ERR(e, ERR_ARG, "%.100s: more than %d runs on one side", s->label, SIDE_RECORDS_MAX);
    more = mem_realloc(s->refs, (size_t)s->n + 1, sizeof(*more));
    if (!more)
        return ERR(e, ERR_NOMEM, "no memory for %d runs", s->n + 1);
    s->refs = more;
    s->n++;
    return run_ref_resolve(refs, word, &s->refs[s->n - 1], e);
}

static bool is_result(const char *name)
{
    size_t n = strlen(name);

    return name[0] != '.' && n > 5 && strcmp(name + n - 5, ".json") == 0;
}

static int add_folder(struct run_refs *refs, const char *folder, struct side *s, struct err *e)
{
    DIR *d = opendir(folder);
    int rc = 0, before = s->n;
    char path[4096];

    if (!d)
        return ERR(e, ERR_IO, "%.150s: %s", folder, strerror(errno));
    for (struct dirent *entry = readdir(d); entry && rc == 0; entry = readdir(d))
        if (is_result(entry->d_name) &&
            snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) < (int)sizeof(path))
            rc = add(refs, path, s, e);
    closedir(d);
    if (rc == 0 && s->n == before)
        rc = ERR(e, ERR_ARG, "%.150s: no result file in this folder", folder);
    return rc;
}

static int add_word(struct run_refs *refs, const char *word, struct side *s, struct err *e)
{
    struct stat st;

    if (stat(word, &st) == 0 && S_ISDIR(st.st_mode))
        return add_folder(refs, word, s, e);
    return add(refs, word, s, e);
}

static int by_start(const void *a, const void *b)
{
    const struct run_ref *x = a, *y = b;

    return strcmp(x->record.start, y->record.start); /* ISO 8601, UTC */
}

int side_load(struct run_refs *refs, const char *word, struct side *out, struct err *e)
{
    char *words = mem_strdup(word), *save = NULL;
    int rc = 0;

    *out = (struct side){ 0 };
    snprintf(out->label, sizeof(out->label), "%s", word);
    if (!words)
        return ERR(e, ERR_NOMEM, "no memory for a name");
    for (char *w = strtok_r(words, ",", &save); w; w = strtok_r(NULL, ",", &save))
        TRY(add_word(refs, w, out, e));
    if (out->n == 0) {
        rc = ERR(e, ERR_ARG, "the name of a run is empty");
        goto out;
    }
    qsort(out->refs, (size_t)out->n, sizeof(*out->refs), by_start);
    out->records = mem_calloc((size_t)out->n, sizeof(*out->records));
    if (!out->records) {
        rc = ERR(e, ERR_NOMEM, "no memory for %d runs", out->n);
        goto out;
    }
    for (int i = 0; i < out->n; i++)
        out->records[i] = &out->refs[i].record;
out:
    mem_free(words);
    if (rc < 0)
        side_release(out);
    return rc;
}

void side_release(struct side *s)
{
    for (int i = 0; i < s->n; i++)
        run_ref_release(&s->refs[i]);
    mem_free(s->refs);
    mem_free(s->records);
    *s = (struct side){ 0 };
}

struct judge_side side_of(const struct side *s)
{
    return (struct judge_side){ .records = s->records, .n = s->n };
}
