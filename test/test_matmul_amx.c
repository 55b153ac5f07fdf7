/* test_matmul_amx.c - the logic of the AMX path, on emulated tiles: what the archive's table calls
 * matmul_amx is the one compiled here. */
#include "test.h"

#if defined(__x86_64__)
#include "amx_emulated.h"
#include "kernels/gemm/matmul_amx.c"
#include "matmul_parity.h"

/* Sums that one tile's wrong operand spoils are noticed. */
static void test_planted(void)
{
    struct parity_report r = { 0 };
    const struct parity_case pc = { "matmul", "planted", &shapes[1], PARITY_RANDOM, 1 };
    int n;
    const struct matmul_variant *v = matmul_variants(&n);

    amx_planted = true;
    for (int i = 0; i < n; i++)
        if (strcmp(v[i].name, "amx") == 0)
            run_variant(&v[i], &pc, &r);
    amx_planted = false;
    CHECK(r.wrong > 0);
}

int main(void)
{
    matmul_only = "amx";
    matmul_have = ~(uint64_t)0;
    matmul_inputs &= 1 << PARITY_RANDOM | 1 << PARITY_DENORMAL | 1 << PARITY_NAN;
    test_parity();
    test_bits();
    test_error();
    test_planted();
    TEST_DONE();
}
#else
int main(void)
{
    TEST_SKIP("AMX is an extension of x86-64");
}
#endif
