/* env_storage.h - what lies under a directory: file system and device.
 *
 * Keys: storage.dir .mount .filesystem .source .options .total_bytes .available_bytes
 * .rotational .model .scheduler .device_bytes .logical_block_bytes */
#ifndef HOST_ENV_STORAGE_H
#define HOST_ENV_STORAGE_H

#include "core/facts.h"

/* dir NULL: every key is null. */
void env_storage_facts(struct facts *fs, const char *root, const char *dir);

#endif
