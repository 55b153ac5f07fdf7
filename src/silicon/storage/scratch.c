/* scratch.c - the file that storage is measured on: unnamed, bounded, written before it is read. */
#include "silicon/storage/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/mem.h"
#include "silicon/storage/io_ring.h"
#include "silicon/storage/scratch_data.h"

enum { MIB = 1 << 20 };

/* Writing the file: large, and deep enough for any disk. */
enum { FILL_BLOCK = MIB, FILL_DEPTH = 8 };

/* From this share on a file counts as cached; single pages come from readers of the same disk. */
static const double CACHED_SHARE = 0.01;

static int check_space(int dir, const struct scratch_config *cfg, struct err *e)
{
    uint64_t needed = cfg->bytes + cfg->bytes / 10, available;
    struct statvfs v;

    if (fstatvfs(dir, &v) < 0)
        return ERR(e, ERR_IO, "%s: %s", cfg->dir, strerror(errno));
    available = (uint64_t)v.f_bavail * v.f_frsize;
    if (available >= needed)
        return 0;
    return ERR(e, ERR_IO,
               "%s: %" PRIu64 " MiB are free and the scratch file needs %" PRIu64
               " MiB (with 10 %% in reserve); free some, or choose another --dir",
               cfg->dir, available / MIB, needed / MIB);
}

/* A file in memory takes O_DIRECT since Linux 6.6, and measures memory. */
static int check_is_storage(int dir, const struct scratch_config *cfg, struct err *e)
{
    struct statfs fs;

    if (fstatfs(dir, &fs) < 0)
        return ERR(e, ERR_IO, "%s: %s", cfg->dir, strerror(errno));
    if (cfg->direct && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC))
        return ERR(e, ERR_NOTSUP,
                   "%s is memory (tmpfs), not storage; choose a --dir on a disk, or cache=page",
                   cfg->dir);
    return 0;
}

/* O_TMPFILE is refused: a name, for as short as possible. */
static int open_unlinked(int dir, int flags)
{
    char name[64];
    int fd = -1;

    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), ".headroom-scratch-%ld-%d", (long)getpid(), i);
        fd = openat(dir, name, flags | O_CREAT | O_EXCL, 0600);
        if (fd >= 0) {
            unlinkat(dir, name, 0);
            return fd;
        }
        /* A file system without O_DIRECT says so only after it has made the file. */
        if (errno == EINVAL && unlinkat(dir, name, 0) == 0)
            errno = EINVAL;
        if (errno != EEXIST)
            break;
    }
    return -1;
}

static int open_file(struct scratch *s, int dir, struct err *e)
{
    const struct scratch_config *cfg = &s->cfg;
    int flags = O_RDWR | O_CLOEXEC | (cfg->direct ? O_DIRECT : 0), why;

    s->fd = openat(dir, ".", flags | O_TMPFILE, 0600);
    s->unnamed = s->fd >= 0;
    /* EINVAL may mean either flag: the second way tells which. */
    if (s->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT || errno == EINVAL))
        s->fd = open_unlinked(dir, flags);
    why = errno;
    if (s->fd >= 0)
        s->open = true;
    else if (cfg->direct && why == EINVAL)
        return ERR(e, ERR_NOTSUP,
                   "%s: this file system has no O_DIRECT, so its storage cannot be told from its "
                   "cache; choose another --dir, or cache=page",
                   cfg->dir);
    else
        return ERR(e, ERR_IO, "%s: no file can be made here: %s", cfg->dir, strerror(why));
    return 0;
}

/* Is O_DIRECT in force, and for blocks of ours? */
static int check_direct(const struct scratch *s, struct err *e)
{
    int flags = fcntl(s->fd, F_GETFL);

    if (flags < 0 || !(flags & O_DIRECT))
        return ERR(e, ERR_NOTSUP, "%s: O_DIRECT was accepted and is not in force", s->cfg.dir);
#ifdef STATX_DIOALIGN
    struct statx x;

    if (statx(s->fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &x) == 0 && (x.stx_mask & STATX_DIOALIGN) &&
        (x.stx_dio_offset_align == 0 || SCRATCH_BLOCK % x.stx_dio_offset_align != 0))
        return ERR(e, ERR_NOTSUP,
                   "%s: this file system has no direct I/O in blocks of 4 KiB (its unit is %u, 0: "
                   "none)",
                   s->cfg.dir, x.stx_dio_offset_align);
#endif
    return 0;
}

static int reserve(const struct scratch *s, struct err *e)
{
    int rc;

    do
        rc = fallocate(s->fd, 0, 0, (off_t)s->cfg.bytes);
    while (rc < 0 && errno == EINTR);
    /* Without fallocate (NFS, some FUSE) the space was checked, and is taken by writing. */
    if (rc == 0 || errno == EOPNOTSUPP || errno == ENOSYS)
        return 0;
    return ERR(e, ERR_IO, "%s: %" PRIu64 " MiB cannot be reserved for the scratch file: %s",
               s->cfg.dir, s->cfg.bytes / MIB, strerror(errno));
}

int scratch_open(struct scratch *s, const struct scratch_config *cfg, struct err *e)
{
    int dir, rc = 0;

    *s = (struct scratch){ .cfg = *cfg };
    dir = open(cfg->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return ERR(e, ERR_IO, "%s: %s", cfg->dir, strerror(errno));
    TRY(check_is_storage(dir, cfg, e));
    TRY(check_space(dir, cfg, e));
    TRY(open_file(s, dir, e));
    if (cfg->direct)
        TRY(check_direct(s, e));
    TRY(reserve(s, e));
out:
    close(dir);
    if (rc < 0)
        scratch_close(s);
    return rc;
}

void scratch_close(struct scratch *s)
{
    if (s->open)
        close(s->fd);
    *s = (struct scratch){ 0 };
}

static int fill_write(struct scratch *s, uint64_t min_bytes, double seconds, struct err *e)
{
    struct io_ring_config cfg = { .fd = s->fd,
                                  .fixed = true,
                                  .write = true,
                                  .block_bytes = FILL_BLOCK,
                                  .depth = FILL_DEPTH,
                                  .file_bytes = s->cfg.bytes,
                                  .seed = s->cfg.seed,
                                  .operations = s->cfg.bytes / FILL_BLOCK };
    uint64_t started = clock_now_ns();
    struct io_ring ring = { 0 };
    int rc = 0;

    TRY(io_ring_open(&ring, &cfg, e));
    while (ring.submitted < cfg.operations && (ring.submitted * FILL_BLOCK < min_bytes ||
                                               (double)(clock_now_ns() - started) * 1e-9 < seconds))
        TRY(io_ring_run(&ring, NULL, FILL_DEPTH, e));
    TRY(io_ring_drain(&ring, e));
    s->bytes = ring.submitted * FILL_BLOCK;
out:
    s->written += ring.submitted * FILL_BLOCK;
    io_ring_close(&ring);
    return rc;
}

int scratch_fill(struct scratch *s, uint64_t min_bytes, double seconds, struct err *e)
{
    double cached;
    int rc = 0;

    TRY(fill_write(s, min_bytes, seconds, e));
    if (ftruncate(s->fd, (off_t)s->bytes) < 0 || fdatasync(s->fd) < 0)
        return ERR(e, ERR_IO, "%s: the scratch file: %s", s->cfg.dir, strerror(errno));
    if (!s->cfg.direct)
        return 0;
    TRY(scratch_cached(s, &cached, e));
    if (cached > CACHED_SHARE)
        rc = ERR(e, ERR_NOTSUP,
                 "%s: this file system accepts O_DIRECT and caches all the same (%.0f %% of the "
                 "file is in the page cache); choose another --dir, or cache=page",
                 s->cfg.dir, 100 * cached);
out:
    return rc;
}

int scratch_cached(const struct scratch *s, double *share, struct err *e)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = (s->bytes + page - 1) / page, n = 0;
    unsigned char *in = mem_calloc(pages ? pages : 1, 1);
    void *map = MAP_FAILED;
    int rc = 0;

    *share = 0;
    if (!in)
        return ERR(e, ERR_NOMEM, "no memory for a map of %zu pages", pages);
    if (pages == 0)
        goto out;
    map = mmap(NULL, s->bytes, PROT_READ, MAP_SHARED, s->fd, 0);
    if (map == MAP_FAILED || mincore(map, s->bytes, in) < 0) {
        rc = ERR(e, ERR_IO, "%s: what the page cache holds of the scratch file: %s", s->cfg.dir,
                 strerror(errno));
        goto out;
    }
    for (size_t i = 0; i < pages; i++)
        n += in[i] & 1;
    *share = (double)n / (double)pages;
out:
    if (map != MAP_FAILED)
        munmap(map, s->bytes);
    mem_free(in);
    return rc;
}

int scratch_check(const struct scratch *s, uint64_t number, uint32_t generation, struct err *e)
{
    uint8_t buf[2 * SCRATCH_BLOCK]; /* room to align, as O_DIRECT asks */
    uint8_t *block = buf + (SCRATCH_BLOCK - (uintptr_t)buf % SCRATCH_BLOCK);
    ssize_t n;

    do
        n = pread(s->fd, block, SCRATCH_BLOCK, (off_t)(number * SCRATCH_BLOCK));
    while (n < 0 && errno == EINTR);
    if (n != SCRATCH_BLOCK)
        return ERR(e, ERR_IO, "%s: reading block %" PRIu64 " of the scratch file: %s", s->cfg.dir,
                   number, n < 0 ? strerror(errno) : "it ends there");
    return scratch_data_check(block, number, generation, s->cfg.seed, e);
}
