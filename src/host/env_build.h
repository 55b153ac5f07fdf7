/* env_build.h - what this build is: the only reader of the generated build_info.h. */
#ifndef HOST_ENV_BUILD_H
#define HOST_ENV_BUILD_H

#include "core/facts.h"

void env_build_facts(struct facts *fs);

#endif
