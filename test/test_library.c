/* test_library.c - libraries opened at run time: every place, the order of places, and what is said
 * of one that is absent, broken, incomplete or of the wrong version. */
#include "core/library.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/library_python.h"
#include "test.h"

struct thing {
    int (*version)(void);
    int (*twice)(int x);
    int (*thrice)(int x);
};

static char root[] = "/tmp/headroom-test-library-XXXXXX";
static const char *const names[] = { "libheadroomthing.so.2", "libheadroomthing.so.1", NULL };
static const struct library_symbol symbols[] = {
    { "thing_version", offsetof(struct thing, version), false },
    { "thing_twice", offsetof(struct thing, twice), false },
    { "thing_thrice", offsetof(struct thing, thrice), true },
};

/* Make root/folder and its parents. */
static void make_folders(const char *folder)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", root, folder);
    for (char *p = path + strlen(root) + 1; *p; p++)
        if (*p == '/') {
            *p = '\0';
            mkdir(path, 0755);
            *p = '/';
        }
    mkdir(path, 0755);
}

/* root/folder/name becomes a link to the fake library of that kind. */
static void put(const char *folder, const char *name, const char *fake)
{
    char from[PATH_MAX], to[PATH_MAX];

    make_folders(folder);
    snprintf(from, sizeof(from), "%s/%s.so", HEADROOM_FAKES, fake);
    snprintf(to, sizeof(to), "%s/%s/%s", root, folder, name);
    CHECK_EQ(symlink(from, to), 0);
}

static void put_text(const char *file, const char *text, mode_t mode)
{
    char path[PATH_MAX];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", root, file);
    f = fopen(path, "w");
    CHECK(f != NULL);
    if (!f)
        return;
    fputs(text, f);
    fclose(f);
    CHECK_EQ(chmod(path, mode), 0);
}

static int check_version(const void *functions, struct err *e)
{
    const struct thing *t = functions;

    return t->version() == 1 ? 0 : ERR(e, ERR_NOTSUP, "it is version %d, not 1", t->version());
}

static int check_never(const void *functions, struct err *e)
{
    (void)functions;
    return ERR(e, ERR_NOTSUP, "none is good enough");
}

static struct library_want want = { .what = "Thing",
                                    .names = names,
                                    .advice = "install it",
                                    .symbols = symbols,
                                    .n_symbols = 3,
                                    .check = check_version };

/* Each is a folder below root, or NULL. */
static void set_places(const char *search_path, const char *venv, const char *path,
                       const char *home)
{
    static char text[4][PATH_MAX];
    const char *given[4] = { search_path, venv, path, home };

    for (int i = 0; i < 4; i++)
        snprintf(text[i], sizeof(text[i]), "%s/%s", root, given[i] ? given[i] : "nowhere");
    library_places_set(&(struct library_places){
        .search_path = search_path ? text[0] : NULL,
        .virtual_env = venv ? text[1] : NULL,
        .path = path ? text[2] : NULL,
        .home = home ? text[3] : NULL,
    });
}

/* Opens, and the file ends as it should. */
static void opens(const char *end)
{
    struct library l;
    struct thing t = { 0 };
    struct err e = { 0 };
    int (*twice)(int) = NULL;

    CHECK_EQ(library_open(&l, &want, &t, &e), 0);
    if (e.code) {
        fprintf(stderr, "%s\n", e.msg);
        return;
    }
    CHECK_EQ(t.version(), 1);
    CHECK_EQ(t.twice(21), 42);
    CHECK(!t.thrice);
    CHECK(strstr(l.path, end) != NULL);
    CHECK_EQ(library_symbol(&l, "thing_twice", &twice, &e), 0);
    CHECK(twice && twice(4) == 8);
    CHECK_EQ(library_symbol(&l, "thing_thrice", &twice, &e), ERR_NOTSUP);
    CHECK(strstr(e.msg, "thing_thrice") != NULL);
    library_close(&l);
    CHECK(!l.handle);
    library_close(&l);
}

/* Does not open; every text is in the message. */
static void refuses(const char *a, const char *b)
{
    struct library l = { .handle = &l };
    struct thing t = { 0 };
    struct err e = { 0 };

    CHECK_EQ(library_open(&l, &want, &t, &e), ERR_NOTSUP);
    CHECK(!l.handle && !t.version && !t.twice);
    CHECK(strstr(e.msg, "Thing") != NULL);
    if (!strstr(e.msg, a) || !strstr(e.msg, b)) {
        fprintf(stderr, "\"%s\" lacks \"%s\" or \"%s\"\n", e.msg, a, b);
        test_failures++;
    }
}

static void test_places(void)
{
    set_places(NULL, NULL, NULL, NULL);
    refuses("libheadroomthing.so.2, libheadroomthing.so.1", "install it");

    put("venv/lib/python3.12/site-packages/nvidia/cu13/lib", names[1], "fake_thing1");
    set_places(NULL, "venv", NULL, NULL);
    opens("/venv/lib/python3.12/");

    put("home/.local/lib/python3.9/site-packages/nvidia/nccl/lib", names[0], "fake_thing1");
    set_places(NULL, NULL, NULL, "home");
    opens("/home/.local/");

    set_places("given", NULL, NULL, "home");
    opens("/home/.local/");
    put("given", names[0], "fake_thing1");
    opens("/given/");
}

/* The python3 on the path: a virtual environment's link, the one behind it, a version of pyenv. */
static void test_python(void)
{
    char from[PATH_MAX], to[PATH_MAX];

    make_folders("base/bin");
    put_text("base/bin/python3.11", "", 0755);
    make_folders("env/bin");
    snprintf(from, sizeof(from), "%s/base/bin/python3.11", root);
    snprintf(to, sizeof(to), "%s/env/bin/python3", root);
    CHECK_EQ(symlink(from, to), 0);
    set_places(NULL, NULL, "env/bin", NULL);
    refuses("is not here", "HEADROOM_LIBRARY_PATH");
    put("base/lib/python3.11/site-packages/nvidia/cublas/lib", names[1], "fake_thing1");
    opens("/base/");
    put("env/lib/python3.11/site-packages/nvidia/cublas/lib", names[1], "fake_thing1");
    opens("/env/");

    make_folders("pyenv/shims");
    put_text("pyenv/shims/python3", "#!/bin/sh\n", 0755);
    set_places(NULL, NULL, "pyenv/shims", NULL);
    refuses("is not here", "install it");
    put_text("pyenv/version", "3.12.7\n", 0644);
    put("pyenv/versions/3.12.7/lib/python3.12/site-packages/nvidia/cu13/lib", names[0],
        "fake_thing1");
    opens("/pyenv/versions/3.12.7/");
}

/* The first that fits is taken; the first that was there is named. */
static void test_refusals(void)
{
    put("bad/old", names[0], "fake_thing2");
    put("bad/needy", names[0], "fake_thing3");
    make_folders("bad/text");
    put_text("bad/text/libheadroomthing.so.2",
             "no library at all, however long this text may become; an ELF header has 64 bytes",
             0644);

    set_places("bad/old", NULL, NULL, NULL);
    refuses("/bad/old/", "thing_twice");
    set_places("bad/needy", NULL, NULL, NULL);
    refuses("/bad/needy/", "libheadroom_is_nowhere.so");
    set_places("bad/text", NULL, NULL, NULL);
    refuses("/bad/text/", "invalid ELF header");
    set_places("bad/text", NULL, NULL, "home");
    opens("/home/.local/");

    put("bad/old", names[1], "fake_thing1"); /* the second name in the same folder */
    set_places("bad/old", NULL, NULL, NULL);
    opens("/bad/old/");
    want.check = check_never;
    refuses("/bad/old/", "thing_twice");
    set_places("given", NULL, NULL, NULL);
    refuses("/given/", "none is good enough");
    want.check = check_version;
}

/* Paths of absurd length and lists of nothing. */
static void test_odd_places(void)
{
    static char longest[3 * PATH_MAX];
    struct library_places p = { .search_path = ":::", .path = ":", .virtual_env = "", .home = "" };

    library_places_set(&p);
    refuses("is not here", "install it");
    memset(longest, 'a', sizeof(longest) - 1);
    p.search_path = p.path = p.virtual_env = p.home = longest;
    library_places_set(&p);
    refuses("is not here", "install it");
}

int main(void)
{
    char command[PATH_MAX];

    CHECK(mkdtemp(root) != NULL);
    test_places();
    test_python();
    test_refusals();
    test_odd_places();
    snprintf(command, sizeof(command), "rm -rf %s", root);
    CHECK_EQ(system(command), 0);
    TEST_DONE();
}
