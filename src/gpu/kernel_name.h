/* kernel_name.h - a kernel's name as a person knows it. */
#ifndef GPU_KERNEL_NAME_H
#define GPU_KERNEL_NAME_H

#include <stddef.h>

/* From a name as the compiler mangles it (Itanium C++ ABI): its namespaces and its own name, and of
 * template arguments the whole numbers ("gemv_kernel<4, 1>"), with "..." for the first that is
 * none.  Namespaces without a name are left out.  What is not mangled, or not understood, stays as
 * it is, cut to cap. */
void kernel_name(const char *mangled, char *out, size_t cap);

#endif
