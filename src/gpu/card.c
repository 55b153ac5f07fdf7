/* card.c - a GPU as NVML sees it. */
#include "gpu/card.h"

#include <math.h>
#include <stdio.h>

int card_open(struct card *c, const char *uuid, const char *pci_id, struct err *e)
{
    unsigned status = NVML_NOT_FOUND;
    char why[96];
    int rc = 0;

    *c = (struct card){ 0 };
    TRY(nvml_api_open(&c->nvml, e));
    if (uuid[0] && c->nvml.by_uuid)
        status = c->nvml.by_uuid(uuid, &c->device);
    if (status != NVML_OK && pci_id[0] && c->nvml.by_pci_id)
        status = c->nvml.by_pci_id(pci_id, &c->device);
    if (status != NVML_OK) {
        card_why(c, status, why, sizeof(why));
        rc = ERR(e, ERR_NOTSUP, "NVML does not know %s: %s", uuid[0] ? uuid : pci_id, why);
    }
out:
    if (rc < 0)
        card_close(c);
    return rc;
}

void card_close(struct card *c)
{
    nvml_api_close(&c->nvml);
    *c = (struct card){ 0 };
}

unsigned card_seen(struct card *c, unsigned status)
{
    c->lost = c->lost || status == NVML_GPU_IS_LOST;
    return status;
}

double card_field_number(const nvml_field *f)
{
    switch (f->value_type) {
    case NVML_VALUE_DOUBLE: return f->value.d;
    case NVML_VALUE_UINT: return (double)f->value.u;
    case NVML_VALUE_ULONG: return (double)f->value.ul;
    case NVML_VALUE_ULLONG: return (double)f->value.ull;
    case NVML_VALUE_SLLONG: return (double)f->value.ll;
    case NVML_VALUE_SINT: return (double)f->value.i;
    case NVML_VALUE_USHORT: return (double)f->value.us;
    default: return (double)NAN;
    }
}

unsigned card_field(struct card *c, unsigned field, double *out)
{
    nvml_field f = { .field = field };
    unsigned status = CARD_CALL(c, fields, 1, &f);

    if (status == NVML_OK)
        status = card_seen(c, f.status);
    *out = status == NVML_OK ? card_field_number(&f) : (double)NAN;
    return status == NVML_OK && isnan(*out) ? (unsigned)NVML_NOT_SUPPORTED : status;
}

void card_why(const struct card *c, unsigned status, char *why, size_t cap)
{
    const char *words = c->nvml.error_string ? c->nvml.error_string(status) : "no NVML";

    if (status == NVML_FUNCTION_NOT_FOUND)
        snprintf(why, cap, "this driver's NVML cannot tell");
    else if (status == NVML_NOT_SUPPORTED)
        snprintf(why, cap, "this GPU does not tell (%s)", words);
    else if (status == NVML_GPU_IS_LOST)
        snprintf(why, cap, "the GPU is lost: it fell off the bus");
    else
        snprintf(why, cap, "NVML: %s", words);
}

bool card_may_answer(unsigned status)
{
    return status != NVML_NOT_SUPPORTED && status != NVML_FUNCTION_NOT_FOUND;
}
