/* atomic_file.c - replace a file in one step. */
#include "store/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"

/* Where a target lies. */
struct target {
    char path[PATH_MAX]; /* symbolic links followed */
    char folder[PATH_MAX];
    char temp[PATH_MAX]; /* ".NAME.tmp" in the folder */
    bool exists, regular;
    mode_t mode;
};

/* The end of a long path says more than its beginning. */
static const char *shown(const char *path)
{
    size_t n = strlen(path);

    return n > 100 ? path + n - 100 : path;
}

static int failed(const char *path, struct err *e)
{
    return ERR(e, ERR_IO, "%s: %s", shown(path), strerror(errno));
}

static int target_find(struct target *t, const char *path, struct err *e)
{
    struct stat st;
    const char *slash, *name;
    int n;

    *t = (struct target){ .mode = 0666 };
    if (!*path)
        return ERR(e, ERR_ARG, "the name of the file to write is empty");
    if (strlen(path) >= sizeof(t->path))
        return ERR(e, ERR_ARG, "%s: the path is too long", shown(path));
    if (stat(path, &st) == 0) {
        t->exists = true;
        t->regular = S_ISREG(st.st_mode);
        t->mode = st.st_mode & 07777;
        if (S_ISDIR(st.st_mode))
            return ERR(e, ERR_IO, "%s: is a directory", shown(path));
        if (!realpath(path, t->path))
            return failed(path, e);
    } else if (errno != ENOENT) {
        return failed(path, e);
    } else {
        snprintf(t->path, sizeof(t->path), "%s", path);
    }
    slash = strrchr(t->path, '/');
    name = slash ? slash + 1 : t->path;
    if (!*name)
        return ERR(e, ERR_ARG, "%s: no file name at its end", shown(path));
    n = slash ? (int)(slash - t->path) : 0;
    if (snprintf(t->folder, sizeof(t->folder), "%.*s", n ? n : 1, slash ? t->path : ".") >=
            (int)sizeof(t->folder) ||
        snprintf(t->temp, sizeof(t->temp), "%s/.%s.tmp", t->folder, name) >= (int)sizeof(t->temp))
        return ERR(e, ERR_ARG, "%s: the path is too long", shown(path));
    return 0;
}

/* Did open() or linkat() say that it cannot do it here at all?  Then a named file may. */
static bool refused(int error)
{
    return error == EOPNOTSUPP || error == EISDIR || error == EINVAL || error == ENOENT ||
           error == EPERM || error == ENOSYS;
}

/* The new file, unnamed if it can be.  -1 with errno. */
static int temp_open(const struct target *t, bool *unnamed)
{
    int fd = -1;

    if (*unnamed)
        fd = open(t->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, t->mode);
    if (fd >= 0 || (*unnamed && !refused(errno)))
        return fd;
    *unnamed = false;
    unlink(t->temp); /* a leftover may be another's or read-only: open would fail on it */
    return open(t->temp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, t->mode);
}

/* Give an unnamed file its name. */
static int temp_link(const struct target *t, int fd)
{
    char proc[64];

    snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
    if (linkat(AT_FDCWD, proc, AT_FDCWD, t->temp, AT_SYMLINK_FOLLOW) == 0)
        return 0;
    if (errno != EEXIST || unlink(t->temp) != 0)
        return -1;
    return linkat(AT_FDCWD, proc, AT_FDCWD, t->temp, AT_SYMLINK_FOLLOW);
}

/* All of the text, out of our buffers. */
static int write_text(const char *path, FILE *f, atomic_file_fill fill, const void *self,
                      struct err *e)
{
    struct err why = { 0 };
    int rc = fill(self, f, &why);

    if (rc < 0 && rc != ERR_IO)
        return ERR(e, rc, "%s: %s", shown(path), why.msg);
    if (rc == ERR_IO || ferror(f) || fflush(f) != 0)
        return failed(path, e);
    return 0;
}

/* ERR_NOTSUP: not with an unnamed file, and nothing was changed. */
static int write_beside(const struct target *t, bool unnamed, atomic_file_fill fill,
                        const void *self, struct err *e)
{
    int rc = 0, fd = temp_open(t, &unnamed);
    bool named = fd >= 0 && !unnamed;
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

    if (!f) {
        rc = failed(t->path, e);
        if (fd >= 0)
            close(fd);
        goto out;
    }
    TRY(write_text(t->path, f, fill, self, e));
    /* The umask must not narrow what the old file allowed. */
    if ((t->exists && fchmod(fd, t->mode) != 0) || fsync(fd) != 0) {
        rc = failed(t->path, e);
        goto out;
    }
    if (unnamed && temp_link(t, fd) != 0) {
        rc = refused(errno) ? ERR_NOTSUP : failed(t->path, e);
        goto out;
    }
    named = true;
    if (rename(t->temp, t->path) != 0) {
        rc = failed(t->path, e);
        goto out;
    }
    named = false;
out:
    if (f)
        fclose(f);
    if (named)
        unlink(t->temp);
    return rc;
}

/* The rename itself survives a crash of the machine only when the folder is synced; where folders
 * cannot be, the file is still whole. */
static void folder_sync(const struct target *t)
{
    int fd = open(t->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

static int write_direct(const char *path, atomic_file_fill fill, const void *self, struct err *e)
{
    FILE *f = fopen(path, "we");
    int rc;

    if (!f)
        return failed(path, e);
    rc = write_text(path, f, fill, self, e);
    if (fclose(f) != 0 && rc == 0)
        rc = failed(path, e);
    return rc;
}

int atomic_file_write(const char *path, atomic_file_fill fill, const void *self, struct err *e)
{
    struct target t;
    int rc = target_find(&t, path, e);

    if (rc < 0)
        return rc;
    if (t.exists && !t.regular)
        return write_direct(path, fill, self, e);
    rc = write_beside(&t, true, fill, self, e);
    if (rc == ERR_NOTSUP)
        rc = write_beside(&t, false, fill, self, e);
    if (rc == 0)
        folder_sync(&t);
    return rc;
}

int atomic_file_check(const char *path, struct err *e)
{
    struct target t;
    bool unnamed = true;
    int fd, rc = target_find(&t, path, e);

    if (rc < 0)
        return rc;
    /* A rename would replace a file that its owner made read-only. */
    if (t.exists && faccessat(AT_FDCWD, t.path, W_OK, AT_EACCESS) != 0)
        return failed(path, e);
    if (t.exists && !t.regular)
        return 0;
    fd = temp_open(&t, &unnamed);
    if (fd < 0)
        return failed(path, e);
    close(fd);
    if (!unnamed)
        unlink(t.temp);
    return 0;
}

/* Read to the end of fd; the buffer grows with what is there, not with what st_size claims. */
static int read_all(int fd, const char *path, size_t max, char **text, size_t *n, struct err *e)
{
    size_t cap = 0;

    for (;;) {
        ssize_t got;

        if (*n + 1 >= cap) {
            size_t more = cap ? 2 * cap : 65536;
            char *grown = mem_realloc(*text, more, 1);

            if (!grown)
                return ERR(e, ERR_NOMEM, "%s: no memory for %zu bytes", shown(path), more);
            *text = grown;
            cap = more;
        }
        got = read(fd, *text + *n, cap - *n - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failed(path, e);
        *n += (size_t)got;
        if (*n > max)
            return ERR(e, ERR_FORMAT, "%s: more than %zu MB, not a file of ours", shown(path),
                       max / 1000000);
        if (got == 0)
            break;
    }
    (*text)[*n] = '\0';
    return 0;
}

int atomic_file_read(const char *path, size_t max, char **text, size_t *n, struct err *e)
{
    int rc, fd = open(path, O_RDONLY | O_CLOEXEC);

    *text = NULL;
    *n = 0;
    if (fd < 0)
        return failed(path, e);
    rc = read_all(fd, path, max, text, n, e);
    close(fd);
    if (rc < 0) {
        mem_free(*text);
        *text = NULL;
    }
    return rc;
}

int atomic_file_make_folders(const char *path, struct err *e)
{
    char folder[PATH_MAX];
    size_t from;
    int why = 0;

    if (snprintf(folder, sizeof(folder), "%s", path) >= (int)sizeof(folder))
        return ERR(e, ERR_ARG, "%s: the path is too long", shown(path));
    from = strspn(folder, "/");
    for (char *slash = strchr(folder + from, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0777) < 0 && errno != EEXIST)
            why = errno;
        if (why && access(folder, F_OK) < 0)
            return ERR(e, ERR_IO, "%s: %s", shown(folder), strerror(why));
        *slash = '/';
    }
    return 0;
}
