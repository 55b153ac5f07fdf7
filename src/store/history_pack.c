/* history_pack.c - text as the history keeps it. */
#include "store/history_pack.h"

#include <string.h>
#include <zlib.h>

#include "core/mem.h"

enum { HEAD = 4 };

/* Of the samples' digits hardly anything can be saved, of the names around them all: the middle
 * level finds that, the highest takes three times as long for 2 %. */
enum { LEVEL = 6 };

static void *pack_alloc(void *self, unsigned n, unsigned size)
{
    (void)self;
    return mem_calloc(n, size);
}

static void pack_free(void *self, void *p)
{
    (void)self;
    mem_free(p);
}

int history_pack(const char *text, size_t n, void **out, size_t *out_n, struct err *e)
{
    z_stream z = { .zalloc = pack_alloc, .zfree = pack_free };
    size_t cap;
    unsigned char *p;

    *out = NULL;
    *out_n = 0;
    if (n > UINT32_MAX || deflateInit(&z, LEVEL) != Z_OK)
        return ERR(e, ERR_NOMEM, "no memory to pack %zu bytes", n);
    cap = HEAD + deflateBound(&z, n);
    p = mem_calloc(cap, 1);
    if (!p) {
        deflateEnd(&z);
        return ERR(e, ERR_NOMEM, "no memory to pack %zu bytes", n);
    }
    for (int i = 0; i < HEAD; i++)
        p[i] = (unsigned char)(n >> (8 * i));
    z.next_in = (Bytef *)(uintptr_t)text;
    z.avail_in = (unsigned)n;
    z.next_out = p + HEAD;
    z.avail_out = (unsigned)(cap - HEAD);
    BUG_ON(deflate(&z, Z_FINISH) != Z_STREAM_END); /* deflateBound is enough by its contract */
    *out = p;
    *out_n = HEAD + z.total_out;
    deflateEnd(&z);
    return 0;
}

int history_unpack(const void *packed, size_t n, size_t max, char **out, size_t *out_n,
                   struct err *e)
{
    z_stream z = { .zalloc = pack_alloc, .zfree = pack_free };
    const unsigned char *p = packed;
    size_t length = 0;
    int rc = 0;

    *out = NULL;
    *out_n = 0;
    for (int i = 0; i < HEAD && n >= HEAD; i++)
        length |= (size_t)p[i] << (8 * i);
    /* A zlib stream gives at most 1032 times its own length. */
    if (n <= HEAD || n > UINT32_MAX || length > max || length / 1100 > n)
        return ERR(e, ERR_FORMAT, "a packed text of %zu bytes is damaged", n);
    *out = mem_calloc(length + 1, 1);
    if (!*out || inflateInit(&z) != Z_OK) {
        rc = ERR(e, ERR_NOMEM, "no memory to unpack %zu bytes", length);
        goto out;
    }
    z.next_in = (Bytef *)(uintptr_t)(p + HEAD);
    z.avail_in = (unsigned)(n - HEAD);
    z.next_out = (Bytef *)*out;
    z.avail_out = (unsigned)length + 1; /* one more than it may fill */
    rc = inflate(&z, Z_FINISH);
    if (rc == Z_MEM_ERROR)
        rc = ERR(e, ERR_NOMEM, "no memory to unpack %zu bytes", length);
    else if (rc != Z_STREAM_END || z.total_out != length || z.avail_in != 0)
        rc = ERR(e, ERR_FORMAT, "a packed text of %zu bytes is damaged", n);
    else
        rc = 0;
    inflateEnd(&z);
    if (rc == 0)
        (*out)[length] = '\0';
    *out_n = length;
out:
    if (rc < 0) {
        mem_free(*out);
        *out = NULL;
        *out_n = 0;
    }
    return rc;
}
