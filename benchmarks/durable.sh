#!/bin/sh
# A durable server on a data directory of its own: durable.sh process|power PORT
directory="${TMPDIR:-/tmp}/fogbank-bench-$2"
rm -rf "$directory"
exec "${FOGBANK_ROOT}/.venv/bin/fogbank" start --port "$2" --data-dir "$directory" --durability "$1"
