/* tmac_cuda.c - the functions of headroom_tmac.h for a GPU. */
#include <headroom.h>
#include <headroom_tmac.h>
#include <pthread.h>

#include "api/api.h"
#include "api/api_gpu.h"
#include "gpu/gpu.h"

enum { GPU = 0 };

int cuda_available(void)
{
    return headroom_gpus() > 0;
}

static struct headroom_device device; /* of GPU 0, once asked for; all zero where there is none */

static void ask(void)
{
    headroom_device(GPU, &device);
}

const char *cuda_device_name(void)
{
    static pthread_once_t asked = PTHREAD_ONCE_INIT;

    pthread_once(&asked, ask);
    return device.name;
}

int cuda_sync(void)
{
    return headroom_sync(GPU, NULL);
}
