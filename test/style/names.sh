#!/bin/sh
# names.sh ROOT - base names are unique in the tree; foo.c, foo.h and foo.cu share a folder, but for
# the header foo/foo.h of an operation whose benchmark is foo.c.
set -eu
cd "$1"
find src include examples test fuzz \( -name '*.[ch]' -o -name '*.cu' -o -name '*.cuh' \) 2>/dev/null | sort | awk '
{
    dir = $0
    sub("/[^/]*$", "", dir)
    base = $0
    sub(".*/", "", base)
    header = base ~ /\.h$/
    sub(/\.[a-z]*$/, "", base)
    if (header && dir == "src/kernels/" base) {
        of_operation[base] = dir
        next
    }
    if (base in seen && seen[base] != dir) {
        print $0 ": " base " is also in " seen[base]
        bad = 1
    }
    seen[base] = dir
}
END {
    for (base in of_operation)
        if (base in seen && seen[base] != "src/kernels" && seen[base] != of_operation[base]) {
            print of_operation[base] "/" base ".h: " base " is also in " seen[base]
            bad = 1
        }
    exit bad
}'
