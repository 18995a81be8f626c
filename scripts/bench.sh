#!/usr/bin/env bash
# Figures of the national set, of one request, of a batch beside it, of searching, of the log in PostgreSQL and of delivering; gateway/benches/README.md
# says how and against what.
#
#   scripts/bench.sh [LEERBEDRIJVEN] [--only national,node,request,bulk,eerlijk,zoeken,opslag,push]
#
# eerlijk, zoeken, opslag and push run only when asked for; the last three then install PostgreSQL (zoeken: with PostGIS)
# when it is not there.
# STAGEPOORT_BENCH_KLEIN=1 makes a short run on a small set, which shows that the benchmark works.
# STAGEPOORT_POSTCODES and STAGEPOORT_KWALIFICATIES name CSV tables to make the set up from.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-target}

command -v taskset >/dev/null || {
  echo "bench: taskset is missing; it keeps server and generator apart (Debian: util-linux)" >&2
  exit 1
}
if [ "$(nproc)" -lt 2 ]; then
  echo "bench: two cores are needed, one for the server and one for who asks" >&2
  exit 1
fi
case " $* " in *zoeken*) scripts/setup-postgres.sh --postgis ;; *opslag* | *push*) scripts/setup-postgres.sh ;; esac

"${CARGO:-cargo}" build --release --quiet -p stagepoort -p stagepoort-bench
# A short run takes the size it is made for, whatever the Makefile says.
if [ -n "${STAGEPOORT_BENCH_KLEIN:-}" ] && [ "${1:-}" = 250000 ]; then shift; fi
exec "$target/release/stagepoort-bench" --map "$target/bench" "$@"
