/* report_form.c - `report --form`: a run in the form of a founding document. */
#include "command/report_form.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/atomic_file.h"
#include "store/forms/form_print.h"

static const struct choice {
    const char *name;
    const struct form *form[4]; /* more than one: a folder of files */
    bool table;
} choices[] = {
    { "d0", { &form_d0_gpu, &form_d0_memory, &form_d0_storage, &form_d0_metrics }, false },
    { "d2", { &form_d2 }, false },
    { "d2-table", { &form_d2 }, true },
    { "d3", { &form_d3 }, false },
};

struct job {
    const struct form *form;
    const struct run_record *record;
    bool table;
};

static const struct choice *choice_of(const char *name, struct err *e)
{
    for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
        if (strcmp(choices[i].name, name) == 0)
            return &choices[i];
    ERR(e, ERR_ARG, "report: --form %.60s: expected one of " REPORT_FORMS, name);
    return NULL;
}

static int fill(const void *self, FILE *f, struct err *e)
{
    const struct job *j = self;

    return (j->table ? form_print_table : form_print_json)(j->form, j->record, f, e);
}

static int file_path(char out[PATH_MAX], const char *folder, const struct form *form, struct err *e)
{
    if (snprintf(out, PATH_MAX, "%s/%s", folder, form->file) >= PATH_MAX)
        return ERR(e, ERR_ARG, "report: --output: the path is too long");
    return 0;
}

int report_form_check(const char *name, const char *path, int n_runs, struct err *e)
{
    const struct choice *c = choice_of(name, e);
    char file[PATH_MAX];
    int rc = 0;

    if (!c)
        return ERR_ARG;
    if (n_runs != 1)
        return ERR(e, ERR_ARG, "report: --form is of one run, not of %d", n_runs);
    if (!c->form[1])
        return path ? atomic_file_check(path, e) : 0;
    if (!path)
        return ERR(e, ERR_ARG, "report: --form %s writes four files: --output FOLDER says where",
                   name);
    TRY(file_path(file, path, c->form[0], e));
    TRY(atomic_file_make_folders(file, e));
    TRY(atomic_file_check(file, e));
out:
    return rc;
}

int report_form_write(const char *name, const struct run_record *r, const char *path, struct err *e)
{
    const struct choice *c = choice_of(name, e);
    struct job j = { .record = r };
    char file[PATH_MAX];
    int rc = 0;

    if (!c)
        return ERR_ARG;
    j.form = c->form[0];
    j.table = c->table;
    if (!path)
        return fill(&j, stdout, e);
    if (!c->form[1])
        return atomic_file_write(path, fill, &j, e);
    for (int i = 0; i < 4; i++) {
        j.form = c->form[i];
        TRY(file_path(file, path, c->form[i], e));
        TRY(atomic_file_write(file, fill, &j, e));
    }
out:
    return rc;
}
