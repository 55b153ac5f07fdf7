/* form.c - the founding documents' forms: which there are, and all fields of one. */
#include "store/forms/form.h"

#include <string.h>

#include "store/forms/form_source.h"

const struct form *const forms[] = {
    &form_d0_gpu, &form_d0_memory, &form_d0_storage, &form_d0_metrics, &form_d2, &form_d3, NULL,
};

static bool is_source(const struct fact *f)
{
    return strncmp(f->key, "sources.", strlen("sources.")) == 0;
}

/* A person reads the values first. */
static void sources_last(struct facts *fs)
{
    for (size_t i = 1; i < fs->n; i++) {
        struct fact f = fs->f[i];
        size_t at = i;

        for (; !is_source(&f) && at > 0 && is_source(&fs->f[at - 1]); at--)
            fs->f[at] = fs->f[at - 1];
        fs->f[at] = f;
    }
}

void form_facts(const struct form *form, const struct run_record *r, struct facts *out)
{
    for (int i = 0; i < form->n; i++)
        form_source(form, &form->fields[i], r, out);
    facts_text(out, "notes", form->notes);
    facts_text(out, "generator", "headroom");
    sources_last(out);
}

const struct form_field *form_field_of(const struct form *form, const char *path)
{
    for (int i = 0; i < form->n; i++)
        if (strcmp(form->fields[i].path, path) == 0)
            return &form->fields[i];
    return NULL;
}

bool form_setting_of(const struct form_field *setting, const struct form_field *figure)
{
    const char *last = strrchr(setting->path, '.');

    if (setting->from == FORM_CASE)
        return last &&
               strncmp(setting->path, figure->path, (size_t)(last - setting->path) + 1) == 0;
    return setting->from == FORM_PARAM && figure->from >= FORM_VALUE &&
           strncmp(setting->what, figure->what, strlen(setting->what)) == 0;
}

bool form_holds(const struct facts *file, const char *condition, bool otherwise)
{
    const char *is = condition ? strchr(condition, '=') : NULL;

    for (size_t i = 0; is && i < file->n; i++) {
        const struct fact *f = &file->f[i];
        size_t n = (size_t)(is - condition);

        if (strlen(f->key) == n && strncmp(f->key, condition, n) == 0)
            return f->kind == FACT_TEXT && strcmp(f->text, is + 1) == 0;
    }
    return is ? false : otherwise;
}
