#!/bin/sh
# Builds a service's image from the tree of the commit in deploy/PREVIOUS with previous.patch on it, as skaffold's custom
# builder: IMAGE is the name and tag to push, the argument is the program's folder. It needs ko, and the history that
# holds the commit. The patch is what was mended in the version before, so that it can run beside this one.
# Without IMAGE it has the modules of all services be there, as long as a registry can be reached.
set -eu
commit=$(sed -n 's/^\([0-9a-f]\{7,\}\).*/\1/p' deploy/PREVIOUS | head -n 1)
patch=$(pwd)/deploy/previous.patch
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
git archive --format tar --output "$tree/archive.tar" "$commit"
tar -x -f "$tree/archive.tar" -C "$tree"
cd "$tree"
git apply "$patch"
if [ -z "${IMAGE:-}" ]; then
	go list -deps ./services/... >/dev/null
	exit
fi
# Without the paths of the folder (-trimpath, in .ko.yaml) Go's build cache knows what it compiled for the service before.
KO_DOCKER_REPO=${IMAGE%:*} ko build --bare --tags "${IMAGE##*:}" --sbom none "$1"
