/* card.h - a GPU as NVML sees it.
 *
 * Found by UUID, else by PCI id, and never by number: CUDA, NVML and containers count differently.
 * A value comes with a status; card_why() says in words why there is none.  Not thread-safe. */
#ifndef GPU_CARD_H
#define GPU_CARD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "gpu/vendor/nvml_api.h"

#ifdef __cplusplus
extern "C" {
#endif

struct card {
    struct nvml nvml; /* owned; NVML itself counts how often it was initialised */
    nvml_device device;
    bool lost; /* fell off the bus: it is not asked any more */
};

/* ERR_NOTSUP with the reason where NVML is not there or does not know the card. */
int card_open(struct card *c, const char *uuid, const char *pci_id, struct err *e);
void card_close(struct card *c); /* accepts a zeroed struct */

/* card_CALL(c, member of struct nvml, arguments after the device): the status of a call about this
 * card; NVML_FUNCTION_NOT_FOUND where the driver's library lacks it. */
#define CARD_CALL(c, member, ...)                                                  \
    card_seen((c), (c)->lost          ? (unsigned)NVML_GPU_IS_LOST                 \
                   : (c)->nvml.member ? (c)->nvml.member((c)->device, __VA_ARGS__) \
                                      : (unsigned)NVML_FUNCTION_NOT_FOUND)

/* The status as it is; remembers a lost card. */
unsigned card_seen(struct card *c, unsigned status);

/* One field (NVML_FIELD_*) as a number; scope 0. */
unsigned card_field(struct card *c, unsigned field, double *out);
/* A field's value, of whatever type; NaN for a type of a later NVML. */
double card_field_number(const nvml_field *f);

/* Why a call gave nothing: "this GPU does not tell (Not Supported)", "this driver's NVML cannot
 * tell", "the GPU is lost: it fell off the bus". */
void card_why(const struct card *c, unsigned status, char *why, size_t cap);

/* Will it ever answer?  false: asking again is a waste. */
bool card_may_answer(unsigned status);

#ifdef __cplusplus
}
#endif

#endif
