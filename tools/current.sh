#!/bin/sh
# Fails when regenerating changed a committed file or brought a new one. Run after
# `make generate`; what is staged counts as committed, so that it can run before a commit.
set -eu
cd "$(dirname "$0")/.."

stale=$(git status --porcelain --untracked-files=all -- gen mesh/istio/gen 'services/*/internal/store/db' 'services/*/internal/view/*_templ.go' | grep -v '^[MARD] ' || true)
if [ -z "$stale" ]; then
  exit 0
fi
cat >&2 <<TEXT
Generated code is not current:
$stale
Run \`make generate\`, look at the difference, and commit these files with the
change to proto/, callers.yaml, migrations, queries or templates that they come from.
TEXT
exit 1
