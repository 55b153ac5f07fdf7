/* fake_cuda.c - a CUDA driver that does not get as far as a card, for test/cli/driver.sh: what the
 * runtime asks of libcuda.so.1 before there is a device.
 *
 *   FAKE_CUDA_VERSION  what it says it is for (13000)
 *   FAKE_CUDA_INIT     what cuInit gives (100: no device) */
#include <stdlib.h>
#include <string.h>

enum { NO_DEVICE = 100, NOT_FOUND = 500 };

static int set(const char *name, int otherwise)
{
    const char *text = getenv(name);

    return text ? (int)strtol(text, NULL, 10) : otherwise;
}

static int missing(void)
{
    return NOT_FOUND;
}

int cuInit(unsigned flags);
int cuInit(unsigned flags)
{
    (void)flags;
    return set("FAKE_CUDA_INIT", NO_DEVICE);
}

int cuDriverGetVersion(int *version);
int cuDriverGetVersion(int *version)
{
    *version = set("FAKE_CUDA_VERSION", 13000);
    return 0;
}

int cuGetProcAddress_v2(const char *symbol, void **function, int version, unsigned long long flags,
                        int *status);
int cuGetProcAddress_v2(const char *symbol, void **function, int version, unsigned long long flags,
                        int *status)
{
    static const struct {
        const char *name;
        void (*function)(void);
    } known[] = { { "cuInit", (void (*)(void))cuInit },
                  { "cuDriverGetVersion", (void (*)(void))cuDriverGetVersion },
                  { "cuGetProcAddress", (void (*)(void))cuGetProcAddress_v2 } };
    void (*found)(void) = (void (*)(void))missing;

    (void)version;
    (void)flags;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(symbol, known[i].name) == 0)
            found = known[i].function;
    memcpy(function, &found, sizeof(found));
    if (status)
        *status = 0;
    return 0;
}
