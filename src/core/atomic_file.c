/* atomic_file.c - replace a file in one step. */
#include "core/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"

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

static int target_find(struct atomic_file *t, const char *path, struct err *e)
{
    struct stat st;
    const char *slash, *name;
    int n;

    *t = (struct atomic_file){ .fd = -1, .mode = 0666 };
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
static int temp_open(const struct atomic_file *t, bool *unnamed)
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
static int temp_link(const struct atomic_file *t)
{
    char proc[64];

    snprintf(proc, sizeof(proc), "/proc/self/fd/%d", t->fd);
    if (linkat(AT_FDCWD, proc, AT_FDCWD, t->temp, AT_SYMLINK_FOLLOW) == 0)
        return 0;
    if (errno != EEXIST || unlink(t->temp) != 0)
        return -1;
    return linkat(AT_FDCWD, proc, AT_FDCWD, t->temp, AT_SYMLINK_FOLLOW);
}

static int copy_all(int from, int to)
{
    off_t at = 0;
    ssize_t n;

    while ((n = sendfile(to, from, &at, 1 << 30)) > 0)
        ;
    return n < 0 ? -1 : 0;
}

/* Where an unnamed file cannot get a name (no /proc), what it holds goes to one that has it. */
static int temp_copy(struct atomic_file *t)
{
    bool unnamed = false;
    int fd = temp_open(t, &unnamed);

    if (fd < 0)
        return -1;
    t->named = true;
    if (copy_all(t->fd, fd) != 0) {
        close(fd);
        return -1;
    }
    close(t->fd);
    t->fd = fd;
    return 0;
}

int atomic_file_open(struct atomic_file *t, const char *path, struct err *e)
{
    bool unnamed = true;
    int rc = target_find(t, path, e);

    if (rc < 0)
        return rc;
    if (t->exists && !t->regular) {
        t->fd = open(t->path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    } else {
        t->fd = temp_open(t, &unnamed);
        t->named = t->fd >= 0 && !unnamed;
    }
    return t->fd < 0 ? failed(t->path, e) : 0;
}

void atomic_file_abandon(struct atomic_file *t)
{
    if (t->fd > 0)
        close(t->fd);
    if (t->named)
        unlink(t->temp);
    t->fd = -1;
    t->named = false;
}

/* The rename itself survives a crash of the machine only when the folder is synced; where folders
 * cannot be, the file is still whole. */
static void folder_sync(const struct atomic_file *t)
{
    int fd = open(t->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

/* -1 with errno. */
static int take_place(struct atomic_file *t)
{
    if (!t->named && temp_link(t) != 0 && (!refused(errno) || temp_copy(t) != 0))
        return -1;
    t->named = true;
    /* The umask must not narrow what the old file allowed. */
    if ((t->exists && fchmod(t->fd, t->mode) != 0) || fsync(t->fd) != 0 ||
        rename(t->temp, t->path) != 0)
        return -1;
    t->named = false;
    folder_sync(t);
    return 0;
}

int atomic_file_commit(struct atomic_file *t, struct err *e)
{
    int rc = 0, fd = t->fd;

    if (t->exists && !t->regular) {
        t->fd = -1;
        return close(fd) == 0 ? 0 : failed(t->path, e);
    }
    if (take_place(t) != 0)
        rc = failed(t->path, e);
    atomic_file_abandon(t);
    return rc;
}

/* All of the text, out of our buffers. */
static int write_text(const struct atomic_file *t, atomic_file_fill fill, const void *self,
                      struct err *e)
{
    struct err why = { 0 };
    int rc = 0, fd = dup(t->fd);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

    if (!f) {
        rc = failed(t->path, e);
        if (fd >= 0)
            close(fd);
        return rc;
    }
    rc = fill(self, f, &why);
    if (rc < 0 && rc != ERR_IO)
        ERR(e, rc, "%s: %s", shown(t->path), why.msg);
    else if (rc == ERR_IO || ferror(f) || fflush(f) != 0)
        rc = failed(t->path, e);
    if (fclose(f) != 0 && rc == 0)
        rc = failed(t->path, e);
    return rc;
}

int atomic_file_write(const char *path, atomic_file_fill fill, const void *self, struct err *e)
{
    struct atomic_file t;
    int rc = atomic_file_open(&t, path, e);

    if (rc == 0)
        rc = write_text(&t, fill, self, e);
    if (rc == 0)
        return atomic_file_commit(&t, e);
    atomic_file_abandon(&t);
    return rc;
}

int atomic_file_check(const char *path, struct err *e)
{
    struct atomic_file t;
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
