#!/bin/sh
# Compares the contracts with those of an earlier commit. Called by `make breaking`.
#
# The earlier commit is BASE when it is given, else the one in tools/breaking.base, which
# `make breaking-base` moves. It is named there, and not found out, so that the contracts
# of a release are compared with those of the release before, however many commits there
# are between.
set -eu
cd "$(dirname "$0")/.."

base=$(git rev-parse --verify --quiet "${BASE:-$(cat tools/breaking.base)}^{commit}") || {
  echo "breaking: ${BASE:+BASE=}${BASE:-$(cat tools/breaking.base), from tools/breaking.base,} is no commit of this clone: fetch it, or name another with BASE=" >&2
  exit 2
}
if [ -z "$(git ls-tree -r --name-only "$base" -- proto | grep '\.proto$' || true)" ]; then
  echo "breaking: $base has no contracts, nothing to compare"
  exit 0
fi

earlier=bin/breaking
rm -rf "$earlier"
mkdir -p "$earlier"
trap 'rm -rf "$earlier"' EXIT
git archive "$base" proto buf.yaml | tar -x -C "$earlier"
cp -R .proto-deps "$earlier/.proto-deps"
echo "breaking: comparing with $(git log -1 --format='%h %s' "$base")"
bin/tools/buf breaking proto --against "$earlier/proto"
