/* library_python.c - the folders of shared libraries that Python packages of NVIDIA bring. */
#include "core/library_python.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct visitor {
    bool (*visit)(void *self, const char *folder);
    void *self;
};

static bool set(const char *s)
{
    return s && s[0];
}

/* An environment's folder: where its packages are depends on the Python and on the distribution. */
static bool visit_prefix(const struct visitor *v, const char *prefix)
{
    static const char *const packages[] = { "lib/python3*/site-packages",
                                            "lib64/python3*/site-packages",
                                            "lib/python3*/dist-packages",
                                            "local/lib/python3*/dist-packages" };
    char pattern[PATH_MAX];
    bool done = false;
    glob_t g;

    for (size_t p = 0; p < sizeof(packages) / sizeof(packages[0]) && !done; p++) {
        if (snprintf(pattern, sizeof(pattern), "%s/%s/nvidia/*/lib", prefix, packages[p]) >=
            (int)sizeof(pattern))
            continue;
        if (glob(pattern, 0, NULL, &g) != 0)
            continue;
        for (size_t i = g.gl_pathc; i-- > 0 && !done;) /* cu13 before cu12 */
            done = v->visit(v->self, g.gl_pathv[i]);
        globfree(&g);
    }
    return done;
}

/* Cut the last n parts of a path off. */
static bool parent(char *path, int n)
{
    for (; n > 0; n--) {
        char *slash = strrchr(path, '/');

        if (!slash)
            return false;
        *slash = '\0';
    }
    return true;
}

/* pyenv puts a script in python3's place: the version that it would start is in a file. */
static bool visit_pyenv(const struct visitor *v, const char *root)
{
    char path[PATH_MAX], version[64] = "", prefix[PATH_MAX];
    FILE *f;

    if (snprintf(path, sizeof(path), "%s/version", root) >= (int)sizeof(path))
        return false;
    f = fopen(path, "re");
    if (!f)
        return false;
    if (fscanf(f, "%63s", version) != 1)
        version[0] = '\0';
    fclose(f);
    if (!version[0] ||
        snprintf(prefix, sizeof(prefix), "%s/versions/%s", root, version) >= (int)sizeof(prefix))
        return false;
    return visit_prefix(v, prefix);
}

/* folder/python3 is there.  The environment is the folder's own (venv, conda), and where that is a
 * link, also the one of the Python behind it. */
static bool visit_python(const struct visitor *v, const char *folder)
{
    char python[PATH_MAX], real[PATH_MAX], prefix[PATH_MAX];

    snprintf(prefix, sizeof(prefix), "%s", folder);
    if (!parent(prefix, 1))
        return false;
    if (strcmp(folder + strlen(prefix), "/shims") == 0)
        return visit_pyenv(v, prefix);
    if (visit_prefix(v, prefix))
        return true;
    if (snprintf(python, sizeof(python), "%s/python3", folder) >= (int)sizeof(python) ||
        !realpath(python, real) || !parent(real, 2))
        return false;
    return strcmp(real, prefix) != 0 && visit_prefix(v, real);
}

/* The first python3 that the shell would find. */
static bool visit_path(const struct visitor *v, const char *path)
{
    char folder[PATH_MAX], file[PATH_MAX + 16];

    while (*path) {
        size_t n = strcspn(path, ":");

        if (n > 0 && n < sizeof(folder)) {
            snprintf(folder, sizeof(folder), "%.*s", (int)n, path);
            snprintf(file, sizeof(file), "%s/python3", folder);
            if (access(file, X_OK) == 0)
                return visit_python(v, folder);
        }
        path += n + (path[n] == ':');
    }
    return false;
}

bool library_python_folders(const struct library_places *p,
                            bool (*visit)(void *self, const char *folder), void *self)
{
    const struct visitor v = { .visit = visit, .self = self };
    char local[PATH_MAX];

    if (set(p->virtual_env) && visit_prefix(&v, p->virtual_env))
        return true;
    if (set(p->path) && visit_path(&v, p->path))
        return true;
    if (!set(p->home) || snprintf(local, sizeof(local), "%s/.local", p->home) >= (int)sizeof(local))
        return false;
    return visit_prefix(&v, local);
}
