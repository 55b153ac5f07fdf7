/* load_file.c - the file that silicon.load reads. */
#include "silicon/load/load_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/mem.h"
#include "silicon/storage/scratch_data.h"

enum { PART = 4 << 20 };

/* Pages that another reader of the disk brings in are not ours; a load that finds one in a thousand
 * of them is cold, and one that misses as few is warm. */
static const double FEW = 0.001;

int load_file_read(const struct load_file *f, void *to, size_t offset, size_t bytes, struct err *e)
{
    size_t done = 0;

    while (done < bytes) {
        ssize_t n = pread(f->scratch.fd, (char *)to + done, bytes - done, (off_t)(offset + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ERR(e, ERR_IO, "%s: reading the scratch file at %zu: %s", f->scratch.cfg.dir,
                       offset + done, n < 0 ? strerror(errno) : "it ends there");
        done += (size_t)n;
    }
    return 0;
}

/* Compare all of it with what was written, and add it up. */
static int read_back(struct load_file *f, struct err *e)
{
    struct region part;
    int rc = 0;

    TRY(region_map(&part, PART, e));
    for (size_t at = 0; at < f->bytes; at += PART) {
        size_t n = f->bytes - at < PART ? f->bytes - at : PART;
        const uint64_t *words = part.p;

        TRY(load_file_read(f, part.p, at, n, e));
        for (size_t i = 0; i < n; i += SCRATCH_BLOCK)
            TRY(scratch_data_check((const char *)part.p + i, (at + i) / SCRATCH_BLOCK, 1,
                                   f->scratch.cfg.seed, e));
        for (size_t i = 0; i < n / sizeof(*words); i++)
            f->checksum = load_file_add(f->checksum, at / sizeof(*words) + i, words[i]);
    }
out:
    region_unmap(&part);
    return rc;
}

int load_file_open(struct load_file *f, const struct scratch_config *cfg, bool mapped,
                   struct err *e)
{
    int rc = 0;

    *f = (struct load_file){ .cold = cfg->direct, .mapped = mapped };
    TRY(scratch_open(&f->scratch, cfg, e));
    TRY(scratch_fill(&f->scratch, cfg->bytes, 0, e));
    f->bytes = f->scratch.bytes;
    TRY(read_back(f, e));
out:
    if (rc < 0)
        load_file_close(f);
    return rc;
}

static void unmap(struct load_file *f)
{
    if (f->map)
        munmap((void *)(uintptr_t)f->map, f->bytes);
    f->map = NULL;
}

void load_file_close(struct load_file *f)
{
    unmap(f);
    scratch_close(&f->scratch);
    *f = (struct load_file){ 0 };
}

static int map_file(struct load_file *f, struct err *e)
{
    void *p = mmap(NULL, f->bytes, PROT_READ, MAP_SHARED, f->scratch.fd, 0);

    if (p == MAP_FAILED)
        return ERR(e, ERR_IO, "%s: the scratch file cannot be mapped: %s", f->scratch.cfg.dir,
                   strerror(errno));
    f->map = p;
    return 0;
}

int load_file_prepare(struct load_file *f, struct err *e)
{
    double cached;
    int rc = 0;

    unmap(f); /* mapped pages cannot be dropped */
    if (f->cold)
        posix_fadvise(f->scratch.fd, 0, 0, POSIX_FADV_DONTNEED);
    TRY(scratch_cached(&f->scratch, &cached, e));
    if (f->cold && cached > FEW)
        rc = ERR(e, ERR_NOTSUP,
                 "%s: %.1f %% of the file stay in the page cache when they are dropped: no cold "
                 "load can be measured here",
                 f->scratch.cfg.dir, 100 * cached);
    else if (!f->cold && cached < 1 - FEW)
        rc = ERR(e, ERR_NOTSUP, "%s: the page cache keeps %.1f %% of the file: too little memory",
                 f->scratch.cfg.dir, 100 * cached);
    else if (f->mapped)
        rc = map_file(f, e);
out:
    return rc;
}
