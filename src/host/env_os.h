/* env_os.h - operating system, kernel settings and container as facts. */
#ifndef HOST_ENV_OS_H
#define HOST_ENV_OS_H

#include "core/facts.h"

void env_os_system(struct facts *fs, const char *root);
void env_os_kernel(struct facts *fs, const char *root);
void env_os_container(struct facts *fs, const char *root);

#endif
