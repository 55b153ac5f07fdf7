#!/bin/sh
# names.sh ROOT - base names are unique in the tree; foo.c, foo.h and foo.cu share a folder.
set -eu
cd "$1"
find src test fuzz \( -name '*.[ch]' -o -name '*.cu' -o -name '*.cuh' \) 2>/dev/null | sort | awk '
{
    dir = $0
    sub("/[^/]*$", "", dir)
    base = $0
    sub(".*/", "", base)
    sub(/\.[a-z]*$/, "", base)
    if (base in seen && seen[base] != dir) {
        print $0 ": " base " is also in " seen[base]
        bad = 1
    }
    seen[base] = dir
}
END { exit bad }'
