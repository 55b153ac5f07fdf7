/* env_build.c - what this build is: the only reader of the generated build_info.h. */
#include "host/env_build.h"

#include <gnu/libc-version.h>

#include "build_info.h"

static void put(struct facts *fs, const char *key, const char *value, const char *reason)
{
    if (value[0] != '\0')
        facts_text(fs, key, value);
    else
        facts_null(fs, key, "%s", reason);
}

void env_build_facts(struct facts *fs)
{
    const char *no_git = "not built from a git checkout", *no_cuda = "built without CUDA";

    put(fs, "version", BUILD_VERSION, "the build does not know it");
    put(fs, "git.commit", BUILD_GIT, no_git);
    put(fs, "git.date", BUILD_GIT_DATE, no_git);
    put(fs, "git.branch", BUILD_GIT_BRANCH, BUILD_GIT[0] ? "no branch was checked out" : no_git);
    put(fs, "git.remote", BUILD_GIT_REMOTE, BUILD_GIT[0] ? "there is no remote" : no_git);
    if (BUILD_GIT[0] != '\0')
        facts_bool(fs, "git.dirty", BUILD_DIRTY);
    else
        facts_null(fs, "git.dirty", "%s", no_git);
    put(fs, "type", BUILD_TYPE, "none was set");
    put(fs, "compiler", BUILD_COMPILER, "the build does not know it");
    put(fs, "flags", BUILD_FLAGS, "none");
#if defined(__x86_64__)
    facts_text(fs, "architecture", "x86_64");
#else
    facts_text(fs, "architecture", "aarch64");
#endif
    facts_text(fs, "libc", gnu_get_libc_version());
    put(fs, "cuda", BUILD_CUDA, no_cuda);
    put(fs, "cuda_architectures", BUILD_CUDA_ARCHITECTURES, no_cuda);
    put(fs, "libraries.jansson", BUILD_JANSSON, "the build does not know it");
    put(fs, "libraries.liburing", BUILD_LIBURING, "the build does not know it");
    put(fs, "libraries.sqlite", BUILD_SQLITE, "the build does not know it");
    put(fs, "libraries.zlib", BUILD_ZLIB, "the build does not know it");
    put(fs, "libraries.pcre2", BUILD_PCRE2, "the build does not know it");
}
