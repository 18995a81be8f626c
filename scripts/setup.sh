#!/usr/bin/env bash
# Installs what `make test` needs beside Rust, python3 and node with npm: a few Debian packages, a Python
# environment in .venv, the npm packages of conformance-tests, promtool in .tools, and PostgreSQL.
# Safe to run again: when all is there it touches nothing and needs no network.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly LEAST_PYTHON="3.10" LEAST_NODE=20
readonly STAMP=.venv/.setup-stamp

say() { echo "setup: $*"; }
stop() {
  echo "setup: $*" >&2
  exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

# What the installed things depend on. The folder is part of it, because a Python environment does not
# survive being moved.
fingerprint() {
  { pwd; cat scripts/setup.sh conformance-tests/requirements.txt conformance-tests/package-lock.json; } | cksum
}

# promtool on the path, or the one that an earlier run unpacked.
has_promtool() { has promtool || [ -x .tools/usr/bin/promtool ]; }

venv_works() { [ -x .venv/bin/python ] && .venv/bin/python -c 'import pytest, lxml, zeep, requests, jsonschema, sslyze' 2>/dev/null; }

complete() {
  [ -f "$STAMP" ] && [ "$(cat "$STAMP")" = "$(fingerprint)" ] &&
    has xmllint && has openssl && has testssl && has_promtool && venv_works && [ -d conformance-tests/node_modules/soap ]
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif has sudo; then sudo "$@"; else stop "not root and no sudo: run as root: $*"; fi
}

apt_updated=no
apt_update() {
  [ "$apt_updated" = no ] || return 0
  say "apt-get update"
  as_root apt-get update -qq || stop "apt-get update failed: is there a network?"
  apt_updated=yes
}

debian_packages() { # package…
  [ $# -gt 0 ] || return 0
  has apt-get || stop "missing: $*. This is no Debian or Ubuntu: install them with your own package manager"
  say "installing $*"
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends)
  as_root "${install[@]}" "$@" >/dev/null 2>&1 && return 0
  apt_update
  as_root "${install[@]}" "$@" >/dev/null || stop "could not install: $*"
}

# Debian's prometheus package starts a service when it is installed; only promtool out of it is wanted.
unpack_promtool() {
  has apt-get || stop "missing: promtool. Install Prometheus' promtool and put it on the path"
  say "unpacking promtool into .tools"
  local scratch
  scratch=$(mktemp -d)
  chmod 755 "$scratch"
  (cd "$scratch" && apt-get download -qq prometheus >/dev/null 2>&1) || {
    apt_update
    (cd "$scratch" && apt-get download -qq prometheus >/dev/null) || stop "could not download the Debian package prometheus"
  }
  mkdir -p .tools/usr/bin
  dpkg-deb --fsys-tarfile "$scratch"/prometheus_*.deb | tar -xO ./usr/bin/promtool >.tools/usr/bin/promtool.new
  chmod 755 .tools/usr/bin/promtool.new
  mv .tools/usr/bin/promtool.new .tools/usr/bin/promtool
  rm -rf "$scratch"
}

python_environment() {
  say "Python packages in .venv"
  # One that was made elsewhere, or by a Python that is gone, is of no use.
  if ! venv_works || [ "$(cat "$STAMP" 2>/dev/null)" != "$(fingerprint)" ]; then rm -rf .venv; fi
  [ -x .venv/bin/python ] || python3 -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -r conformance-tests/requirements.txt ||
    stop "pip could not install conformance-tests/requirements.txt"
}

node_packages() {
  say "npm packages in conformance-tests/node_modules"
  npm ci --prefix conformance-tests --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null ||
    stop "npm could not install conformance-tests/package-lock.json"
}

# It has its own look at what is there.
scripts/setup-postgres.sh

if complete; then
  say "everything is there"
  exit 0
fi

has python3 || stop "python3 is missing (Debian: python3)"
python3 -c "import sys; sys.exit(sys.version_info < tuple(map(int, '$LEAST_PYTHON'.split('.'))))" ||
  stop "python3 is older than $LEAST_PYTHON"
if ! has node || ! has npm; then stop "node and npm are missing (Debian: nodejs npm)"; fi
[ "$(node -p 'process.versions.node.split(".")[0]')" -ge $LEAST_NODE ] || stop "node is older than $LEAST_NODE"

wanted=()
has xmllint || wanted+=(libxml2-utils)
has openssl || wanted+=(openssl)
has testssl || wanted+=(testssl.sh)
python3 -c 'import venv, ensurepip' 2>/dev/null || wanted+=(python3-venv)
debian_packages "${wanted[@]}"
has_promtool || unpack_promtool
python_environment
node_packages
fingerprint >"$STAMP"
say "done"
