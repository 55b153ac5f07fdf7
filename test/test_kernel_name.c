/* Names of kernels, made readable: those that nvcc writes, and what is no name at all. */
#include "gpu/kernel_name.h"
#include "test.h"

static void is(const char *mangled, const char *want)
{
    char name[72];

    kernel_name(mangled, name, sizeof(name));
    CHECK_STR(name, want);
}

int main(void)
{
    char small[8];

    is("_Z12count_kernelPj", "count_kernel");
    is("_ZL12count_kernelPj", "count_kernel");
    is("_ZN31_GLOBAL__N__05c55d9a_4_a_cu_ext4anonEPi", "anon");
    is("_ZN52_INTERNAL_0d64f1c6_16_stream_kernel_cu_4c1ad25a_1234L4copyEPi", "copy");
    is("_ZN1x1kILi4ELb1EEEvPf", "x::k<4, 1>");
    is("_ZN7cutlass13device_kernelIN4cute4tupleEEEvT_", "cutlass::device_kernel<...>");
    is("_Z5typedIfEvPT_", "typed<...>");
    is("_Z5mixedILin3EfEvPT_", "mixed<-3, ...>");
    is("_Z13stream_kernelIL13stream_gpu_op3ELi4EL4hint0EEv15stream_gpu_args",
       "stream_kernel<3, 4, 0>");
    is("nvjet_hsh_128x256_64x4_2x1_v_bz_TNN", "nvjet_hsh_128x256_64x4_2x1_v_bz_TNN");

    /* Cut short, or not what it seems: kept, and nothing is read beyond the end. */
    is("", "");
    is("_Z", "_Z");
    is("_ZN", "_ZN");
    is("_ZN5ab", "_ZN5ab");
    is("_Z99count", "_Z99count");
    is("_Z99999999999999999999a", "_Z99999999999999999999a");
    is("_Z1kI", "k>"); /* an open list of arguments */
    is("_Z1kILi", "k<...>");
    is("_Z1kILin", "k<...>");
    is("_Z1kIL4hint", "k<...>");
    is("_Z1kIL40hint0E", "k<...>");
    kernel_name("_Z12count_kernelPj", small, sizeof(small));
    CHECK_STR(small, "count_k");
    kernel_name("_Z1kILi1234567EEvv", small, sizeof(small));
    CHECK_STR(small, "k<12345");
    TEST_DONE();
}
