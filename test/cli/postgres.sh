#!/bin/bash
# postgres.sh - a history on a real PostgreSQL server: started here, on the loopback, as a user
# without rights, with its data in the scratch folder.
. "$(dirname "$0")/lib.sh"

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -x "$bin/initdb" ] || bin=$(dirname "$(command -v initdb 2>/dev/null)")
if [ ! -x "$bin/initdb" ]; then
    echo 'skipped: no PostgreSQL server here (package postgresql)'
    exit 77
fi
user=()
if [ "$(id -u)" -eq 0 ]; then
    user=(setpriv --reuid=65534 --regid=65534 --clear-groups env -u LD_PRELOAD)
fi
data=$scratch/pg
mkdir "$data" && { [ ${#user[@]} -eq 0 ] || chown 65534:65534 "$data"; }
if ! "${user[@]}" "$bin/initdb" -D "$data/db" -U headroom --auth=trust --no-sync --locale=C \
    -E UTF8 >"$scratch/initdb" 2>&1; then
    echo "skipped: initdb: $(tail -1 "$scratch/initdb")"
    exit 77
fi

# server_start, server_stop [MODE]: it listens on the loopback and on no socket in a shared folder.
server_start() {
    "${user[@]}" "$bin/pg_ctl" -D "$data/db" -w -l "$data/log" -o "-p $port -h 127.0.0.1 -k '' \
        -c fsync=off -c max_connections=20" start >"$scratch/pg_ctl" 2>&1
}
server_stop() { "${user[@]}" "$bin/pg_ctl" -D "$data/db" -m "${1:-fast}" stop >/dev/null 2>&1; }
trap 'server_stop immediate; clean_up' EXIT
sql() { "$bin/psql" -X -q -A -t -h 127.0.0.1 -p "$port" -U headroom -d postgres -c "$1" 2>&1; }
for port in $((RANDOM + 20000)) $((RANDOM + 20000)) $((RANDOM + 20000)) none; do
    [ "$port" != none ] || { cat "$scratch/pg_ctl" "$data/log"; exit 1; }
    ! server_start || break # another program may have this port
done
# id_of FILE: the run's; the files of results/ are replaced now and then.
id_of() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["run"]["id"])' "$1"; }
url=postgresql://headroom@127.0.0.1:$port/postgres
unset PGPASSWORD PGHOST PGPORT PGUSER PGDATABASE

if ! "$program" export --store "$url" latest 2>&1 | grep -q 'holds no run yet'; then
    "$program" export --store "$url" latest >"$out" 2>"$err"
    if grep -q 'built without PostgreSQL\|needs libpq\|install the package libpq5' "$err"; then
        echo "skipped: $(cat "$err")"
        exit 77
    fi
    fail 'an empty history on a server'
fi

# The same as with a file: what goes in comes out, and what is there stays.
try 0 run "${row[@]}" --store "$url" -o a.json
try 0 export --store "$url" latest
cmp -s "$out" a.json || fail "$what: another file"
try 0 import --store "$url" a.json
prints 'in the history already'
python3 -m json.tool "$source"/results/*-cascade-lake-2-cores-quick.json >pretty.json
try 0 import --store "$url" "$source"/results/*-h200-quick.json pretty.json
try 0 export --store "$url" "$(id_of pretty.json)"
cmp -s "$out" pretty.json || fail "$what: another file"
try 0 export --store "$url" "$(id_of "$source"/results/*-h200-quick.json)"
cmp -s "$out" "$source"/results/*-h200-quick.json || fail "$what: another file"
try 5 import --store "$url" "$source"/results/*-cascade-lake-2-cores-quick.json
says 'with another content'
sql 'DELETE FROM headroom.document' | grep -q 'append-only' || fail 'rows can be deleted'
sql 'TRUNCATE headroom.run CASCADE' | grep -q 'append-only' || fail 'tables can be emptied'
sql "UPDATE headroom.run SET suite = 'x'" | grep -q 'append-only' || fail 'runs can be changed'

try 0 baseline save --store "$url" nightly latest
try 64 baseline save --store "$url" nightly a.json
try 0 baseline save --store "$url" nightly a.json --replace nightly
try 0 baseline show --store "$url" nightly
prints 'read l1 one'
try 0 baseline delete --store "$url" nightly
try 0 history --store "$url" --json
json "$out" 'len(d["runs"]) == 3 and len(d["series"]) >= 20'
try 0 history --store "$url" --runs --last 2
[ "$(wc -l <"$out")" -eq 2 ] || fail "$what: not two runs"

# A file's history and a server's say the same.
try 0 import a.json pretty.json "$source"/results/*-h200-quick.json
"$program" history --json >file.out
"$program" history --json --store "$url" >server.out
cmp -s file.out server.out || fail 'the two kinds of history differ'

# Many at once: nothing is lost, nothing is there twice.
sql 'SELECT count(*) FROM headroom.block' >"$scratch/blocks"
for i in 1 2 3 4; do
    sed "s/\"id\":\"\([0-9TZ]*\)-........\"/\"id\":\"\1-0000000$i\"/" a.json >"many-$i.json"
done
pids=()
for i in 1 2 3 4; do
    "$program" import --store "$url" "many-$i.json" >/dev/null & pids+=($!)
done
for p in "${pids[@]}"; do wait "$p" || fail 'import beside others'; done
[ "$(sql 'SELECT count(*) FROM headroom.run')" -eq 7 ] || fail 'import beside others: not 7 runs'
[ "$(sql 'SELECT count(*) FROM headroom.block')" = "$(cat "$scratch/blocks")" ] ||
    fail 'import beside others: what runs share is there twice'

# A newer program's tables, and a server that another one holds.
sql 'INSERT INTO headroom.schema_version VALUES (99)'
try 5 history --store "$url"
says 'has schema 99'
sql 'DELETE FROM headroom.schema_version WHERE version = 99'

# A database of version 1 is brought up to date.
sql 'DROP TABLE headroom.baseline; UPDATE headroom.schema_version SET version = 1' >/dev/null
try 0 history --store "$url" --runs
try 0 baseline save --store "$url" nightly latest
[ "$(sql 'SELECT max(version) FROM headroom.schema_version')" -eq 2 ] || fail 'the schema is old'

# The server goes away while rows are written: the run is in its file, and can be stored later.
start run "${long[@]}" --set op=read,write --seconds 1 --store "$url" -o gone.json
until_true 60 first_row_done
server_stop immediate
ended 5
says 'could not store the run' 'no connection' 'the run is in gone.json' 'headroom import gone.json'
server_start || fail "the server does not start again"
try 0 import --store "$url" gone.json
try 5 run "${row[@]}" --store "postgresql://headroom@127.0.0.1:$((port + 1))/postgres"
says 'no connection'

# It goes away in the middle of a transaction: all of the run, or nothing.
sed 's/"id":"\([0-9TZ]*\)-........"/"id":"\1-00000099"/' \
    "$source"/results/*-h200-standard.json >big.json
sql 'LOCK TABLE headroom.document IN EXCLUSIVE MODE; SELECT pg_sleep(60)' >/dev/null &
locker=$!
until_true 10 eval '[ "$(sql "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
    WHERE c.relname = '"'document'"' AND l.mode = '"'ExclusiveLock'"'")" -eq 1 ]'
start import --store "$url" big.json
until_true 10 eval '[ "$(sql "SELECT count(*) FROM pg_locks WHERE NOT granted")" -ge 1 ]' ||
    fail 'import does not wait for the lock'
server_stop immediate
wait "$locker" 2>/dev/null
ended 5
says 'the server went away'
server_start || fail "the server does not start again"
try 64 export --store "$url" "$(id_of big.json)"
try 0 import --store "$url" big.json
try 0 export --store "$url" "$(id_of big.json)"
cmp -s "$out" big.json || fail "$what: another file"
done_testing
