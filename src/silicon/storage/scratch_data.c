/* scratch_data.c - what is written to disk: incompressible, and different in every block. */
#include "silicon/storage/scratch_data.h"

#include <inttypes.h>
#include <string.h>

#include "core/rng.h"

struct header {
    uint64_t magic; /* of the seed: an old run's file is not ours */
    uint64_t number;
    uint64_t generation;
    uint64_t body; /* the stream that the random bytes come from */
};
enum { BODY = SCRATCH_BLOCK - sizeof(struct header) };

static uint64_t magic_of(uint64_t seed)
{
    return seed ^ 0x6861656472366f6dULL;
}

static void body_fill(uint8_t *body, uint64_t seed, uint64_t stream)
{
    struct rng rng;

    rng_init(&rng, seed, stream);
    rng_fill(&rng, body, BODY);
}

void scratch_data_fill(void *buf, size_t blocks, uint64_t seed)
{
    for (size_t i = 0; i < blocks; i++) {
        uint8_t *block = (uint8_t *)buf + i * SCRATCH_BLOCK;
        struct header h = { .body = i };

        memcpy(block, &h, sizeof(h));
        body_fill(block + sizeof(h), seed, i);
    }
}

void scratch_data_stamp(void *buf, size_t blocks, uint64_t first, uint32_t generation,
                        uint64_t seed)
{
    for (size_t i = 0; i < blocks; i++) {
        uint8_t *block = (uint8_t *)buf + i * SCRATCH_BLOCK;
        struct header h;

        memcpy(&h, block, sizeof(h));
        h.magic = magic_of(seed);
        h.number = first + i;
        h.generation = generation;
        memcpy(block, &h, sizeof(h));
    }
}

int scratch_data_check(const void *block, uint64_t number, uint32_t generation, uint64_t seed,
                       struct err *e)
{
    uint8_t body[BODY];
    struct header h;

    memcpy(&h, block, sizeof(h));
    if (h.magic != magic_of(seed))
        return ERR(e, ERR_MISMATCH, "block %" PRIu64 " is not what was written there", number);
    if (h.number != number)
        return ERR(e, ERR_MISMATCH, "block %" PRIu64 " came back as block %" PRIu64, number,
                   h.number);
    if (h.generation != generation)
        return ERR(e, ERR_MISMATCH,
                   "block %" PRIu64 " came back as written for the %" PRIu64
                   ". time, not the %" PRIu32 ". time",
                   number, h.generation, generation);
    body_fill(body, seed, h.body);
    if (memcmp((const uint8_t *)block + sizeof(h), body, BODY) != 0)
        return ERR(e, ERR_MISMATCH, "the bytes of block %" PRIu64 " have changed", number);
    return 0;
}
