#!/usr/bin/env bash
# Installs PostgreSQL 15, of which the tests start their own servers; with --postgis also PostGIS 3, which
# only `make bench-zoeken` compares with.
# Safe to run again: when all is there it touches nothing and needs no network.
# STAGEPOORT_PG_BIN names another folder with the programs of a PostgreSQL.
set -euo pipefail

postgis=no
[ "${1:-}" != --postgis ] || postgis=yes
packages=(postgresql-15)
[ $postgis = no ] || packages+=(postgresql-15-postgis-3)
bin=${STAGEPOORT_PG_BIN:-/usr/lib/postgresql/15/bin}

stop() {
  echo "setup-postgres: $*" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else stop "not root and no sudo: run as root: $*"; fi
}

complete() {
  [ -x "$bin/initdb" ] && [ -x "$bin/pg_basebackup" ] || return 1
  [ $postgis = yes ] || return 0
  local extensions
  extensions="$("$bin/pg_config" --sharedir)/extension"
  [ -f "$extensions/postgis.control" ] && [ -f "$extensions/pg_trgm.control" ]
}

complete && exit 0
[ -z "${STAGEPOORT_PG_BIN:-}" ] || stop "$bin lacks what ${packages[*]} would bring"
command -v apt-get >/dev/null ||
  stop "missing: ${packages[*]}. This is no Debian: install them yourself and set STAGEPOORT_PG_BIN"

echo "setup-postgres: installing ${packages[*]}"
# Tests and benchmark start servers of their own; the package should make and start none.
config=/etc/postgresql-common/createcluster.conf
if [ ! -e "$config" ]; then
  as_root mkdir -p "${config%/*}"
  echo "create_main_cluster = false" | as_root tee "$config" >/dev/null
fi
install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends)
as_root "${install[@]}" "${packages[@]}" >/dev/null 2>&1 || {
  as_root apt-get update -qq || stop "apt-get update failed: is there a network?"
  as_root "${install[@]}" "${packages[@]}" >/dev/null || stop "could not install: ${packages[*]}"
}
complete || stop "the packages were installed, but $bin lacks what ${packages[*]} should bring"
