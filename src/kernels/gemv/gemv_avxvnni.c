/* gemv_avxvnni.c - the code of gemv_*_256.h with the dot products of AVX-VNNI. */
#define GEMV_256(name) gemv_avxvnni_##name

#include "kernels/gemv/gemv_256.h"
#include "kernels/gemv/gemv_k_256.h"
#include "kernels/gemv/gemv_legacy_256.h"
#include "kernels/gemv/gemv_ternary_256.h"
