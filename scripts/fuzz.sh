#!/usr/bin/env bash
# Runs the fuzz targets of gateway/fuzz one after another: scripts/fuzz.sh [SECONDS [TARGET…]]
# What is found stands in gateway/fuzz/artifacts/TARGET; put it into gateway/fuzz/corpus/TARGET with its
# repair, so that `cargo test --test fuzz_corpus` replays it for ever. New inputs that reached new code stay
# in target/fuzz-corpus, from which the next run goes on.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly SECONDS_EACH="${1:-120}"
shift || true

# Installed where the other tools of this repository are, unless it is on the path.
if ! command -v cargo-fuzz >/dev/null 2>&1; then
  [ -x .tools/bin/cargo-fuzz ] || cargo install --quiet --root .tools cargo-fuzz
  export PATH="$PWD/.tools/bin:$PATH"
fi

targets=("$@")
if [ ${#targets[@]} = 0 ]; then
  for file in gateway/fuzz/fuzz_targets/*.rs; do
    targets+=("$(basename "$file" .rs)")
  done
fi

# Without a sanitizer it works on the stable toolchain; there is no unsafe code of ours to sanitize.
fuzz() { # subcommand target …
  (cd gateway && cargo fuzz "$1" "$2" --sanitizer none --target-dir "${FUZZ_TARGET_DIR:-$PWD/../target/fuzz}" "${@:3}")
}

failed=()
for target in "${targets[@]}"; do
  echo "fuzz: $target, $SECONDS_EACH s"
  mkdir -p "target/fuzz-corpus/$target"
  # Larger inputs only repeat what smaller ones do; none may take 10 s or 2 GiB.
  fuzz run "$target" "$PWD/target/fuzz-corpus/$target" "$PWD/gateway/fuzz/corpus/$target" -- \
    -max_total_time="$SECONDS_EACH" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 ||
    failed+=("$target")
done
if [ ${#failed[@]} -gt 0 ]; then
  echo "fuzz: something was found by: ${failed[*]}" >&2
  exit 1
fi
