/* model_map.c - a file mapped for reading, and SIGBUS. */
#include "models/format/model_map.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"

/* What the handler reads.  Slots are never freed, only used again, so that it may walk the list
 * while another thread adds to it. */
struct map_slot {
    struct map_slot *next; /* set before the slot is on the list */
    atomic_uintptr_t base; /* 0: free */
    atomic_size_t bytes;   /* whole pages */
    atomic_int fd;
    atomic_bool lost;
};

static _Atomic(struct map_slot *) slots;
static pthread_mutex_t slots_lock = PTHREAD_MUTEX_INITIALIZER;
static struct sigaction before; /* what SIGBUS did until the first map */
static atomic_uintptr_t page_bytes;

static struct map_slot *slot_of(uintptr_t address)
{
    for (struct map_slot *s = atomic_load(&slots); s; s = s->next) {
        uintptr_t base = atomic_load(&s->base);

        if (base && address - base < atomic_load(&s->bytes))
            return s;
    }
    return NULL;
}

/* Zero pages where the file is gone: from the page of the address to the end of the map, or, where
 * the file is still that long and the device failed, this page alone. */
static int fill_gap(struct map_slot *s, uintptr_t address)
{
    uintptr_t base = atomic_load(&s->base), page = atomic_load(&page_bytes);
    uintptr_t at = address & ~(page - 1);
    size_t bytes = base + atomic_load(&s->bytes) - at;
    struct stat st;
    void *got;

    if (fstat(atomic_load(&s->fd), &st) == 0 && (uintptr_t)st.st_size > at - base)
        bytes = page;
    atomic_store(&s->lost, true);
    got = mmap((void *)at, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    return got == MAP_FAILED ? -1 : 0;
}

/* Not ours: as if we were not here. */
static void pass_on(int sig, siginfo_t *info, void *context)
{
    if (before.sa_flags & SA_SIGINFO) {
        before.sa_sigaction(sig, info, context);
    } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
        before.sa_handler(sig);
    } else if (info->si_code > 0 || before.sa_handler == SIG_DFL) {
        /* A fault comes again when we return, and now ends the process; a signal that somebody sent
         * has to be sent again. */
        signal(sig, SIG_DFL);
        if (info->si_code <= 0)
            raise(sig);
    }
}

static void on_bus(int sig, siginfo_t *info, void *context)
{
    int was = errno;
    struct map_slot *s = NULL;

    /* BUS_MCEERR_* is memory that broke, not a file. */
    if (info->si_code == BUS_ADRERR)
        s = slot_of((uintptr_t)info->si_addr);
    if (!s || fill_gap(s, (uintptr_t)info->si_addr) != 0)
        pass_on(sig, info, context);
    errno = was;
}

static int handler_install(void)
{
    struct sigaction a = { .sa_sigaction = on_bus, .sa_flags = SA_SIGINFO | SA_ONSTACK };

    if (atomic_load(&page_bytes))
        return 0;
    atomic_store(&page_bytes, (uintptr_t)sysconf(_SC_PAGESIZE));
    if (sigaction(SIGBUS, NULL, &before) != 0 || sigaction(SIGBUS, &a, NULL) != 0) {
        atomic_store(&page_bytes, 0);
        return -1;
    }
    return 0;
}

/* A slot for a map, put in use at once.  NULL without memory. */
static struct map_slot *slot_take(const void *p, size_t n, int fd)
{
    struct map_slot *s;
    uintptr_t page;

    pthread_mutex_lock(&slots_lock);
    if (handler_install() != 0) {
        pthread_mutex_unlock(&slots_lock);
        return NULL;
    }
    page = atomic_load(&page_bytes);
    for (s = atomic_load(&slots); s; s = s->next)
        if (!atomic_load(&s->base))
            break;
    if (!s) {
        s = mem_calloc(1, sizeof(*s));
        if (s) {
            s->next = atomic_load(&slots);
            atomic_store(&slots, s);
        }
    }
    if (s) {
        atomic_store(&s->lost, false);
        atomic_store(&s->fd, fd);
        atomic_store(&s->bytes, (n + page - 1) & ~(page - 1));
        atomic_store(&s->base, (uintptr_t)p);
    }
    pthread_mutex_unlock(&slots_lock);
    return s;
}

const char *model_map_shown(const char *path)
{
    size_t n = strlen(path);

    return n > 100 ? path + n - 100 : path;
}

static const char *not_a_file(mode_t mode)
{
    if (S_ISDIR(mode))
        return "is a folder";
    if (S_ISFIFO(mode))
        return "is a pipe; a model is mapped, so it must be a file";
    return "is a device; a model is mapped, so it must be a file";
}

/* The file, open, and its size.  O_NONBLOCK: a pipe that nobody writes to must not hold us. */
static int open_regular(const char *path, int *fd, size_t *n, struct err *e)
{
    struct stat st;

    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*fd < 0)
        return ERR(e, ERR_IO, "%s: %s", model_map_shown(path),
                   errno == ENXIO ? "is a socket or device; a model must be a file"
                                  : strerror(errno));
    if (fstat(*fd, &st) != 0)
        return ERR(e, ERR_IO, "%s: %s", model_map_shown(path), strerror(errno));
    if (!S_ISREG(st.st_mode))
        return ERR(e, ERR_IO, "%s: %s", model_map_shown(path), not_a_file(st.st_mode));
    if (st.st_size == 0)
        return ERR(e, ERR_IO, "%s: is empty", model_map_shown(path));
    if ((uint64_t)st.st_size > SIZE_MAX / 2)
        return ERR(e, ERR_IO, "%s: too large to map", model_map_shown(path));
    *n = (size_t)st.st_size;
    return 0;
}

int model_map_open(struct model_map *m, const char *path, struct err *e)
{
    int fd = -1, rc;
    void *p;

    *m = (struct model_map){ 0 };
    TRY(open_regular(path, &fd, &m->n, e));
    p = mmap(NULL, m->n, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED) {
        rc = ERR(e, ERR_IO, "%s: cannot be mapped: %s", model_map_shown(path), strerror(errno));
        goto out;
    }
    m->p = p;
    m->slot = slot_take(p, m->n, fd);
    if (!m->slot) {
        munmap(p, m->n);
        rc = ERR(e, ERR_NOMEM, "%s: no memory to map it", model_map_shown(path));
        goto out;
    }
    fd = -1; /* the slot's */
out:
    if (fd >= 0)
        close(fd);
    if (rc < 0)
        *m = (struct model_map){ 0 };
    return rc;
}

void model_map_close(struct model_map *m)
{
    if (m->slot) {
        int fd = atomic_load(&m->slot->fd);

        /* First out of the handler's sight: the addresses may be another's a moment later. */
        atomic_store(&m->slot->base, 0);
        munmap((void *)(uintptr_t)m->p, m->n);
        close(fd);
    }
    *m = (struct model_map){ 0 };
}

int model_map_check(const struct model_map *m, const char *path, struct err *e)
{
    struct stat st;

    if (!m->slot)
        return 0;
    if (fstat(atomic_load(&m->slot->fd), &st) == 0 && (uint64_t)st.st_size < m->n)
        return ERR(e, ERR_IO, "%s: has shrunk from %zu to %lld bytes since it was opened",
                   model_map_shown(path), m->n, (long long)st.st_size);
    if (atomic_load(&m->slot->lost))
        return ERR(e, ERR_IO, "%s: a part of it was gone, or could not be read, when it was needed",
                   model_map_shown(path));
    return 0;
}
