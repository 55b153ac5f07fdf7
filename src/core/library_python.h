/* library_python.h - the folders of shared libraries that Python packages of NVIDIA bring. */
#ifndef CORE_LIBRARY_PYTHON_H
#define CORE_LIBRARY_PYTHON_H

#include "core/library.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Call visit with each folder "<packages>/nvidia/<name>/lib" of the environments in p, until one
 * gives true.  Files are looked at, Python is not started. */
bool library_python_folders(const struct library_places *p,
                            bool (*visit)(void *self, const char *folder), void *self);

#ifdef __cplusplus
}
#endif

#endif
