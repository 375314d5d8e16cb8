#!/bin/sh
# Regenerates everything that is committed as generated code: gen/go, gen/ts/src,
# gen/openapi, mesh/istio/gen, services/*/internal/store/db and the templates of
# services/storefront. Called by `make generate`, which
# has built the generators into bin/tools and the imported protos into .proto-deps.
#
# Each folder is generated aside and then swapped in, so that a build that runs
# at the same time never sees an empty tree, and a failed run changes nothing.
set -eu
cd "$(dirname "$0")/.."

# Two runs in one tree would swap each other's folders away. mkdir is the lock
# that every system has; a run that was killed leaves it behind, hence the age.
lock=bin/generate.lock
mkdir -p bin
tries=0
until mkdir "$lock" 2>/dev/null; do
  if [ -n "$(find "$lock" -maxdepth 0 -mmin +5 2>/dev/null)" ]; then
    rmdir "$lock" 2>/dev/null || true
    continue
  fi
  tries=$((tries + 1))
  if [ "$tries" -gt 300 ]; then
    echo "generate: another run holds $lock; remove it if there is none" >&2
    exit 1
  fi
  sleep 1
done
stage=bin/stage
old=bin/stage.old
trap 'rm -rf "$stage" "$old"; rmdir "$lock" 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM
rm -rf "$stage" "$old"

# swap FRESH TARGET: puts the folder FRESH in TARGET's place.
swap() {
  mkdir -p "$(dirname "$2")" "$old"
  rm -rf "$old/swap"
  if [ -e "$2" ]; then mv "$2" "$old/swap"; fi
  mv "$1" "$2"
}

PATH="$PWD/bin/tools:$PATH"
export PATH

contracts() {
  if [ -z "$(find proto -name '*.proto' -print 2>/dev/null | head -n 1)" ]; then
    echo "generate: no contracts in proto/ yet"
    return
  fi
  buf generate --output "$stage" proto
  buf generate --output "$stage" --template tools/buf.gen.details.yaml --path .proto-deps/google/rpc/error_details.proto .proto-deps
  # The first document gives the merged one its title, servers and security.
  mkdir -p "$stage/gen/openapi"
  # Paths are sorted, so that the merged document does not depend on the file system.
  find "$stage/openapi" -name '*.json' | LC_ALL=C sort |
    xargs openapiv3-merge tools/openapi.base.json >"$stage/merged.json"
  # Bounds, errors and the like, which the generator does not know.
  buf build proto --output "$stage/contracts.binpb"
  openapi "$stage/contracts.binpb" <"$stage/merged.json" >"$stage/gen/openapi/shopmesh.openapi.json"
  # Routes and policies of the mesh.
  mkdir -p "$stage/mesh"
  meshgen "$stage/contracts.binpb" mesh/istio/callers.yaml "$stage/mesh"
  swap "$stage/mesh" mesh/istio/gen
  swap "$stage/gen/go" gen/go
  swap "$stage/gen/ts/src" gen/ts/src
  swap "$stage/gen/openapi" gen/openapi
}

# queries generates the typed queries. sqlc fails on a context without any query,
# so a copy of sqlc.yaml without those contexts is what it reads; the copy lies
# in the stage, hence the rewritten paths.
queries() {
  empty=""
  for context in $(sed -n 's/^  - name: //p' sqlc.yaml); do
    if ! ls "services/$context/internal/store/queries/"*.sql >/dev/null 2>&1; then
      empty="$empty $context "
    fi
  done
  mkdir -p "$stage"
  awk -v empty="$empty" '
    /^  - name: / { skip = index(empty, " " $3 " ") > 0 }
    /^[^ #]/      { skip = 0 }
    skip          { next }
    /^    queries: /            { sub(/: /, ": ../../") }
    /^      - .*\/migrations$/  { sub(/- /, "- ../../") }
    { print }
  ' sqlc.yaml >"$stage/sqlc.yaml"
  if ! grep -q '^  - name: ' "$stage/sqlc.yaml"; then
    echo "generate: no queries in services/ yet"
    return
  fi
  sqlc generate -f "$stage/sqlc.yaml"
  for context in $(sed -n 's/^  - name: //p' "$stage/sqlc.yaml"); do
    swap "$stage/services/$context/internal/store/db" "services/$context/internal/store/db"
  done
}

# templates writes the Go code beside the *.templ files, each whole or not at all.
templates() {
  templ generate -path services/storefront/internal/view -include-version=false -log-level error
}

contracts
queries
templates
