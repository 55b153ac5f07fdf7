/* store_codec.h - how a row crosses from a worker to the runner: the same JSON that is stored. */
#ifndef STORE_STORE_CODEC_H
#define STORE_STORE_CODEC_H

#include "core/runner.h"

extern const struct runner_codec store_codec;

#endif
