/* env.c - everything about this machine and this build that is needed to get the same figures. */
#include "host/env.h"

#include <stdio.h>

#include "core/mem.h"
#include "host/cpu.h"
#include "host/env_build.h"
#include "host/env_machine.h"
#include "host/env_os.h"
#include "host/env_storage.h"

static int capture_machine(struct facts *fs, const struct env_options *o, const char *root,
                           struct err *e)
{
    struct cpu_info *c = mem_calloc(1, sizeof(*c));
    char key[96];

    if (!c)
        return ERR(e, ERR_NOMEM, "no memory to describe this machine");
    if (root[0] == '\0')
        *c = *cpu_here();
    else
        cpu_detect(c, root, NULL);
    env_machine_identity(fs, root);
    env_machine_cpu(fs, root, c);
    env_machine_memory(fs, root, c);
    env_machine_clock(fs, root, c);
    env_os_system(fs, root);
    env_os_kernel(fs, root);
    env_os_container(fs, root);
    env_machine_network(fs, root);
    env_storage_facts(fs, root, o->dir);
    for (int i = 0; i < o->n_variables; i++) {
        snprintf(key, sizeof(key), "environment.%s", o->variables[i].name);
        if (o->variables[i].value)
            facts_text(fs, key, o->variables[i].value);
        else
            facts_null(fs, key, "not set");
    }
    mem_free(c);
    return 0;
}

int env_capture(struct facts *machine, struct facts *build, const struct env_options *o,
                struct err *e)
{
    int rc = 0;

    if (machine)
        TRY(capture_machine(machine, o, o->root ? o->root : "", e));
    if (build)
        env_build_facts(build);
    if ((machine && machine->lost) || (build && build->lost))
        rc = ERR(e, ERR_NOMEM, "no memory to describe this machine");
out:
    return rc;
}
