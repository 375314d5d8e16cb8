#!/bin/sh
# Compares the contracts with those of an earlier commit. Called by `make breaking`.
#
# The earlier commit is, in this order: BASE when it is given; the newest tag; on a
# branch, where it left main; HEAD when proto/ has uncommitted changes; else HEAD's
# parent. Without an earlier commit that has contracts there is nothing to compare.
set -eu
cd "$(dirname "$0")/.."

base_commit() {
  if [ -n "${BASE:-}" ]; then
    git rev-parse --verify --quiet "$BASE^{commit}" || {
      echo "breaking: BASE=$BASE names no commit" >&2
      exit 2
    }
    return
  fi
  head=$(git rev-parse --verify --quiet HEAD) || return 0
  tag=$(git describe --tags --abbrev=0 2>/dev/null) && {
    git rev-parse "$tag^{commit}"
    return
  }
  for main in origin/main main; do
    fork=$(git merge-base HEAD "$main" 2>/dev/null) || continue
    if [ "$fork" != "$head" ]; then
      echo "$fork"
      return
    fi
  done
  if [ -n "$(git status --porcelain -- proto)" ]; then
    echo "$head"
    return
  fi
  git rev-parse --verify --quiet 'HEAD^' || true
}

base=$(base_commit)
if [ -z "$base" ] || [ -z "$(git ls-tree -r --name-only "$base" -- proto | grep '\.proto$' || true)" ]; then
  echo "breaking: no earlier commit with contracts, nothing to compare"
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
