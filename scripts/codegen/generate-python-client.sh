#!/bin/sh
# Generate the Python client of an API again, or check that it is as it would be generated.
#
#     scripts/codegen/generate-python-client.sh SPEC OUT [--check] [more options]
#
# The package is named after the folder OUT. Files that were added are kept. More options are those
# of `ai-spine sdk-sync python`. PYTHON is the interpreter that has ai-spine-sdk[sdk-sync].
set -eu

if [ $# -lt 2 ]; then
    echo "usage: $0 SPEC OUT [--check] [more options]" >&2
    exit 2
fi
spec=$1
out=$2
shift 2
exec "${PYTHON:-python3}" -m ai_spine sdk-sync python --spec-file "$spec" --out "$out" --force "$@"
