/* library.c - shared libraries that are opened at run time. */
#include "core/library.h"

#include <dlfcn.h>
#include <glob.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/library_python.h"

/* Set once by main, read-only afterwards. */
static struct library_places places;

/* Where vendors put their libraries; patterns of glob(3). */
static const char *const system_folders[] = {
    "/usr/local/cuda/lib64",   "/usr/local/cuda-*/lib64", "/usr/local/cuda*/targets/*-linux/lib",
    "/usr/local/nvidia/lib64", "/usr/lib/*-linux-gnu",    "/usr/lib64",
    "/opt/nvidia/*/lib",
};

struct search {
    const struct library_want *want;
    void *functions;
    struct library *out;
    struct err refused; /* why the first file that was there did not do */
};

void library_places_set(const struct library_places *p)
{
    places = *p;
}

static const char *or_empty(const char *s)
{
    return s ? s : "";
}

/* The file that a handle was loaded from. */
static void name_file(struct library *l, const char *asked)
{
    struct link_map *map = NULL;

    if (dlinfo(l->handle, RTLD_DI_LINKMAP, &map) == 0 && map && map->l_name && map->l_name[0])
        asked = map->l_name;
    snprintf(l->path, sizeof(l->path), "%s", asked);
}

static void store_function(const struct search *s, const struct library_symbol *symbol, void *f)
{
    memcpy((char *)s->functions + symbol->offset, &f, sizeof(f));
}

static int take_functions(const struct search *s, const struct library *l, struct err *e)
{
    for (int i = 0; i < s->want->n_symbols; i++) {
        const struct library_symbol *symbol = &s->want->symbols[i];
        void *f = dlsym(l->handle, symbol->name);

        if (!f && !symbol->optional)
            return ERR(e, ERR_NOTSUP, "it has no %s", symbol->name);
        store_function(s, symbol, f);
    }
    return s->want->check ? s->want->check(s->functions, e) : 0;
}

/* Keep the first refusal: it is of the file that the user most wants to be taken. */
static void refuse(struct search *s, const char *file, const char *why)
{
    size_t n = strlen(file);

    if (strncmp(why, file, n) == 0 && why[n] == ':') /* the linker repeats the name */
        why += n + 1 + (why[n + 1] == ' ');
    ERR(&s->refused, ERR_NOTSUP, "%s: %.120s: %.100s", s->want->what, file, why);
}

static bool try_file(struct search *s, const char *file)
{
    int flags = RTLD_NOW | RTLD_LOCAL | (s->want->resident ? RTLD_NODELETE : 0);
    struct library l = { .handle = dlopen(file, flags) };
    struct err why = { 0 };
    const char *said;

    if (!l.handle) {
        said = or_empty(dlerror());
        /* The linker's own search says "not there" like this, and a file of ours that is there but
         * lacks a library it needs says the same of another name. */
        if (strchr(file, '/') || strncmp(said, file, strlen(file)) != 0)
            refuse(s, file, said);
        return false;
    }
    name_file(&l, file);
    if (take_functions(s, &l, &why) < 0) {
        refuse(s, l.path, why.msg);
        for (int i = 0; i < s->want->n_symbols; i++)
            store_function(s, &s->want->symbols[i], NULL);
        dlclose(l.handle);
        return false;
    }
    *s->out = l;
    return true;
}

static bool try_folder(void *self, const char *folder)
{
    struct search *s = self;
    char file[PATH_MAX];

    for (int i = 0; s->want->names[i]; i++) {
        if (strchr(s->want->names[i], '/')) /* that file and no other: dlopen takes it as it is */
            continue;
        if (snprintf(file, sizeof(file), "%s/%s", folder, s->want->names[i]) >= (int)sizeof(file))
            continue;
        if (access(file, F_OK) == 0 && try_file(s, file))
            return true;
    }
    return false;
}

static bool try_user_folders(struct search *s)
{
    const char *at = or_empty(places.search_path);
    char folder[PATH_MAX];

    while (*at) {
        size_t n = strcspn(at, ":");

        if (n > 0 && n < sizeof(folder)) {
            snprintf(folder, sizeof(folder), "%.*s", (int)n, at);
            if (try_folder(s, folder))
                return true;
        }
        at += n + (at[n] == ':');
    }
    return false;
}

static bool try_linker(struct search *s)
{
    for (int i = 0; s->want->names[i]; i++)
        if (try_file(s, s->want->names[i]))
            return true;
    return false;
}

static bool try_system(struct search *s)
{
    bool found = false;

    for (size_t p = 0; p < sizeof(system_folders) / sizeof(system_folders[0]) && !found; p++) {
        glob_t g;

        if (glob(system_folders[p], 0, NULL, &g) != 0)
            continue;
        for (size_t i = g.gl_pathc; i-- > 0 && !found;) /* the newest toolkit is the last */
            found = try_folder(s, g.gl_pathv[i]);
        globfree(&g);
    }
    return found;
}

static int not_found(const struct search *s, struct err *e)
{
    char names[120] = "";
    size_t n = 0;

    if (s->refused.code)
        return ERR(e, ERR_NOTSUP, "%s", s->refused.msg);
    for (int i = 0; s->want->names[i] && n < sizeof(names); i++)
        n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i ? ", " : "",
                              s->want->names[i]);
    return ERR(e, ERR_NOTSUP, "%s is not here (%s; HEADROOM_LIBRARY_PATH may name its folder): %s",
               s->want->what, names, s->want->advice);
}

int library_open(struct library *out, const struct library_want *want, void *functions,
                 struct err *e)
{
    struct search s = { .want = want, .functions = functions, .out = out };

    *out = (struct library){ 0 };
    if (try_user_folders(&s) || try_linker(&s) || try_system(&s) ||
        library_python_folders(&places, try_folder, &s))
        return 0;
    return not_found(&s, e);
}

int library_symbol(const struct library *l, const char *symbol, void *out, struct err *e)
{
    void *f = dlsym(l->handle, symbol);

    if (!f)
        return ERR(e, ERR_NOTSUP, "the library %.160s has no %s", l->path, symbol);
    memcpy(out, &f, sizeof(f)); /* POSIX promises that the bits fit, ISO C knows no such cast */
    return 0;
}

void library_close(struct library *l)
{
    if (l->handle)
        dlclose(l->handle);
    *l = (struct library){ 0 };
}
