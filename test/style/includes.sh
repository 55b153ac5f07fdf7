#!/bin/sh
# includes.sh ROOT - includes point one way:
#   core <- host, gpu <- silicon | kernels <- models <- server <- command
# api, behind the public headers, knows what kernels do; json and judge know core only, store core, json and judge, report core and judge, models and
# server json too; main.c knows all.  Paths are written from src/.
set -eu
cd "$1"
find src -name '*.[ch]' -o -name '*.cu' -o -name '*.cuh' | sort | xargs awk '
BEGIN {
    may["core"] = "core"
    may["host"] = "core host"
    may["gpu"] = "core gpu"
    may["json"] = "core json"
    may["judge"] = "core judge"
    may["store"] = "core json judge store"
    may["report"] = "core judge report"
    may["api"] = "core host gpu kernels api"
    may["silicon"] = "core host gpu silicon"
    may["kernels"] = "core host gpu kernels"
    may["models"] = "core host gpu json silicon kernels models"
    may["server"] = "core host gpu json silicon kernels models server"
    may["command"] = "core host gpu json silicon kernels models server judge store report command"
    may["main.c"] = may["command"]
    may["bench_table.c"] = "core"
    may["bench_list.h"] = ""
    generated["build_info.h"] = 1
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
    split(FILENAME, path, "/")
    from = path[2]
    split($0, quoted, "\"")
    what = quoted[2]
    if (what in generated || what == "bench_list.h")
        next
    to = what
    sub("/.*", "", to)
    if (!(from in may)) {
        print FILENAME ": src/" from " has no place in the order of layers"
        bad = 1
    } else if (what ~ /\.\./ || what !~ /\//) {
        print FILENAME ":" FNR ": \"" what "\" is not written from src/"
        bad = 1
    } else if (index(" " may[from] " ", " " to " ") == 0) {
        print FILENAME ":" FNR ": " from " may not know " to " (\"" what "\")"
        bad = 1
    }
}
END { exit bad }'
