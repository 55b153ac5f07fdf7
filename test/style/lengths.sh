#!/bin/sh
# lengths.sh ROOT - no file above 1,000 lines, no line above 100 columns.
set -eu
export LC_ALL=C.UTF-8
cd "$1"
bad=0
for f in $(find src include examples test fuzz docs tools -name '*.[ch]' -o -name '*.cu' -o -name '*.cuh' \
    -o -name '*.sh' -o -name '*.cmake' 2>/dev/null | sort); do
    n=$(wc -l <"$f")
    [ "$n" -le 1000 ] || { echo "$f: $n lines: something wants to be split"; bad=1; }
done
if find src include examples test fuzz docs -name '*.[ch]' -o -name '*.cu' -o -name '*.cuh' 2>/dev/null | sort |
    xargs grep -nE '^.{101,}' /dev/null; then
    echo '  ^ more than 100 columns'
    bad=1
fi
exit $bad
