#!/usr/bin/env bash
# Installs what `make bench-zoeken` compares with: PostgreSQL 15 with PostGIS 3. No test needs it.
# Safe to run again: when all is there it touches nothing and needs no network.
# STAGEPOORT_PG_BIN names another folder with the programs of a PostgreSQL that has PostGIS.
set -euo pipefail

readonly PACKAGES=(postgresql-15 postgresql-15-postgis-3)
bin=${STAGEPOORT_PG_BIN:-/usr/lib/postgresql/15/bin}

stop() {
  echo "setup-postgis: $*" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else stop "not root and no sudo: run as root: $*"; fi
}

complete() {
  [ -x "$bin/initdb" ] || return 1
  local extensions
  extensions="$("$bin/pg_config" --sharedir)/extension"
  [ -f "$extensions/postgis.control" ] && [ -f "$extensions/pg_trgm.control" ]
}

complete && exit 0
[ -z "${STAGEPOORT_PG_BIN:-}" ] || stop "$bin has no PostgreSQL with PostGIS and pg_trgm"
command -v apt-get >/dev/null ||
  stop "missing: ${PACKAGES[*]}. This is no Debian: install them yourself and set STAGEPOORT_PG_BIN"

echo "setup-postgis: installing ${PACKAGES[*]}"
# The benchmark starts a server of its own; the package should make and start none.
config=/etc/postgresql-common/createcluster.conf
if [ ! -e "$config" ]; then
  as_root mkdir -p "${config%/*}"
  echo "create_main_cluster = false" | as_root tee "$config" >/dev/null
fi
install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends)
as_root "${install[@]}" "${PACKAGES[@]}" >/dev/null 2>&1 || {
  as_root apt-get update -qq || stop "apt-get update failed: is there a network?"
  as_root "${install[@]}" "${PACKAGES[@]}" >/dev/null || stop "could not install: ${PACKAGES[*]}"
}
complete || stop "the packages were installed, but $bin has no PostgreSQL with PostGIS and pg_trgm"
