#!/bin/sh
# functions.sh ROOT - no function above 100 lines or a cyclomatic complexity of 20 (pmccabe; a
# switch counts as one).  test/style/functions.allow names exceptions, each with its reason.
set -eu
cd "$1"
if ! command -v pmccabe >/dev/null; then
    echo 'skipped: pmccabe is not here'
    exit 77
fi
allow=test/style/functions.allow
[ -f $allow ] || allow=/dev/null
find src examples test fuzz docs -name '*.c' -o -name '*.cu' 2>/dev/null | sort | xargs pmccabe |
    awk -F'\t' -v allow=$allow '
BEGIN {
    while ((getline line < allow) > 0) {
        if (line ~ /^#/ || line == "")
            continue
        n = split(line, word, " ")
        if (n < 3) {
            print allow ": no reason in: " line
            bad = 1
        }
        allowed[word[1]] = 1
    }
}
$1 > 20 || $5 > 100 {
    file = $6
    sub(/\(.*/, "", file)
    name = $6
    sub(/.*: /, "", name)
    if ((file ":" name) in allowed)
        next
    print file ":" $4 ": " name ": " $5 " lines, complexity " $1
    bad = 1
}
END { exit bad }'
