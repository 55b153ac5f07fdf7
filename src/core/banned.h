/* banned.h - functions that are too easy to misuse; force-included before every C file.
 *
 * The headers come first, because poisoning a name makes its later declaration an error. */
#ifndef CORE_BANNED_H
#define CORE_BANNED_H

#ifndef __cplusplus
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#pragma GCC poison strcpy strcat strncpy sprintf vsprintf strtok atoi atol atof rand srand
#pragma GCC poison gettimeofday
#endif

#endif
