#!/bin/bash
# driver.sh - CUDA drivers that do not work: too old, without a card, not ready.  What needs a GPU
# says why it has none, the rest of the run goes on, and the exit code is the documented one.
. "$(dirname "$0")/lib.sh"

if "$program" info | grep -q 'built without CUDA'; then
    echo 'skipped: built without CUDA'
    exit 77
fi
mkdir "$scratch/driver"
ln -s "$(dirname "$program")/fakes/fake_cuda.so" "$scratch/driver/libcuda.so.1"
export LD_LIBRARY_PATH=$scratch/driver

# refused REASON: by every way to ask for the GPU; a run of the CPU alone is made.
refused() {
    try 0 info
    prints "$1"
    try 5 run silicon.launch -o none.json
    says "silicon.launch needs a GPU: $1"
    try 5 run silicon.memory --device gpu -o none.json
    says "this machine has no such device: $1"
    leaves
}
FAKE_CUDA_VERSION=12020 refused 'the CUDA driver is for 12.2, this program needs 1'
FAKE_CUDA_INIT=100 refused 'no CUDA-capable device is detected (cudaErrorNoDevice)'
FAKE_CUDA_INIT=802 refused 'system not yet initialized (cudaErrorSystemNotReady)'
FAKE_CUDA_INIT=803 refused 'system has unsupported display driver / cuda driver combination'

export FAKE_CUDA_VERSION=12020
try 0 run "${row[@]}" -o row.json
prints '1 row: 1 ok'
json row.json 'd["machine"]["gpus"] is None'
leaves row.json
done_testing
