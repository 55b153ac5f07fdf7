/* gemv_dotprod.c - the code of gemv_128.h with Arm's dot product of bytes (SDOT). */
#define GEMV_128(name) gemv_dotprod_##name

#include "kernels/gemv/gemv_128.h"
