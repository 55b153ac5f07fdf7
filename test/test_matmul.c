/* test_matmul.c - the matrix product's code paths that this CPU has, and those wrong on purpose. */
#include "matmul_parity.h"

int main(void)
{
    /* Tiles are the kernel's to give; where it does not, their paths are not run. */
    uint64_t tiles = (uint64_t)1 << CPU_AMX_TILE;

    matmul_have = cpu_here()->features;
    if ((matmul_have & tiles) && cpu_amx_enable(NULL) < 0)
        matmul_have &= ~tiles;
    test_table();
    test_parity();
    test_wrong();
    test_integers();
    test_bits();
    test_error();
    TEST_DONE();
}
