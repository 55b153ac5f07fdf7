/* json_alloc.h - the allocator that Jansson uses: core/mem.h, and a way out of its parser.
 *
 * Jansson 2.14 ignores a failed growth of its token buffer (lex_save in load.c) and then reads past
 * the token's end, so without memory its parser may crash; json_dumps ignores that a key did not
 * fit into its text.  While json_alloc_guarded runs, an allocation that fails ends the call
 * instead, and what the call had allocated is freed. */
#ifndef JSON_JSON_ALLOC_H
#define JSON_JSON_ALLOC_H

#include <stdbool.h>

/* Once per process, cheap afterwards; thread-safe. */
void json_alloc_init(void);

/* Free what Jansson allocated and handed out (json_dumps). */
void json_alloc_free(void *p);

/* Call work(self).  false when memory ran out inside it: work was left in the middle and every
 * block that Jansson had allocated in it is gone, so work may hold nothing else.  Not nested. */
bool json_alloc_guarded(void (*work)(void *self), void *self);

#endif
