/* advice_card.h - what `headroom doctor` says about the GPUs, from the facts about them. */
#ifndef HOST_ADVICE_CARD_H
#define HOST_ADVICE_CARD_H

#include "core/facts.h"
#include "host/advice.h"

/* Judge gpus.N.* and cuda.* (gpu/gpu_facts.h, gpu/card_facts.h).  Entries "gpu:N.link", ".power",
 * ".throttle", ".ecc", ".persistence", ".tenants", ".mode" and "cuda.driver"; what the driver does
 * not tell is absent, with its reason.  Nothing where there is no GPU. */
void advice_card(struct advice_list *list, const struct facts *machine);

#endif
