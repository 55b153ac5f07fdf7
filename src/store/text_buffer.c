/* text_buffer.c - a FILE that writes to memory of ours. */
#include "store/text_buffer.h"

#include <errno.h>
#include <string.h>

#include "core/mem.h"

static ssize_t take(void *self, const char *text, size_t n)
{
    struct text_buffer *b = self;

    if (n >= b->cap - b->n) {
        size_t more = 2 * b->cap + n + 4096;
        char *grown = mem_realloc(b->text, more, 1);

        if (!grown) {
            errno = ENOMEM;
            return 0; /* an error of the stream */
        }
        b->text = grown;
        b->cap = more;
    }
    memcpy(b->text + b->n, text, n);
    b->n += n;
    b->text[b->n] = '\0';
    return (ssize_t)n;
}

int text_buffer_open(struct text_buffer *b, struct err *e)
{
    *b = (struct text_buffer){ .text = mem_calloc(1, 1), .cap = 1 };
    if (b->text)
        b->f = fopencookie(b, "w", (cookie_io_functions_t){ .write = take });
    if (b->f)
        return 0;
    text_buffer_release(b);
    return ERR(e, ERR_NOMEM, "no memory for a text");
}

int text_buffer_close(struct text_buffer *b, struct err *e)
{
    int bad = ferror(b->f), unfinished = fclose(b->f);

    b->f = NULL;
    return bad || unfinished ? ERR(e, ERR_NOMEM, "no memory for a text of %zu bytes", b->n) : 0;
}

void text_buffer_release(struct text_buffer *b)
{
    if (b->f)
        fclose(b->f);
    mem_free(b->text);
    *b = (struct text_buffer){ 0 };
}
