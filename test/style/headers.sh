#!/bin/sh
# headers.sh ROOT - each header compiles alone, as C11 and as C++17 (nvcc reads them as C++).  A
# *_body.h is no header but code for several C files: it is read as C alone.
set -eu
cd "$1"
bad=0
for h in $(find src -name '*.h' | sort); do
    for how in 'gcc -x c -std=gnu11' 'g++ -x c++ -std=gnu++17'; do
        case "$how $h" in g++*_body.h) continue ;; esac
        # The list of benchmarks is the one header that its includer completes.
        $how -D_GNU_SOURCE '-DBENCH(id)=' -Isrc -Iinclude -Wall -Wextra -Werror -Wno-unused-function \
            -fsyntax-only -include "$h" /dev/null || { echo "$h: not by itself with $how"; bad=1; }
    done
done
# What other programs include: any C from C99 on, any C++, to the letter.
for h in $(find include -name '*.h' 2>/dev/null | sort); do
    for how in 'gcc -x c -std=c99' 'gcc -x c -std=c17' 'g++ -x c++ -std=c++98 -Wno-long-long' \
        'g++ -x c++ -std=c++20'; do
        $how -Iinclude -pedantic-errors -Wall -Wextra -Werror -fsyntax-only -include "$h" \
            /dev/null || { echo "$h: not by itself with $how"; bad=1; }
    done
done
exit $bad
