#!/bin/sh
# Attaches the debugger to a pod of a service: in a container of its own beside it, as the same user, which sees its
# processes. It listens in the pod alone; port-forward leads there, as a user of the node, which dlv would refuse without
# --only-same-user=false. A container that was added so stays until the pod ends.
set -eu
[ $# = 1 ] || { echo "usage: attach.sh SERVICE" >&2; exit 2; }
image=$(kubectl -n shop get deployment debugger -o jsonpath='{.spec.template.spec.containers[0].image}')
pod=$(kubectl -n shop get pod -l "app=$1" --field-selector=status.phase=Running -o jsonpath='{.items[0].metadata.name}')
name=dlv-$(date +%s)
kubectl -n shop debug "$pod" --quiet --image="$image" --container="$name" --target=service --profile=restricted --env=HOME=/tmp --env=XDG_CONFIG_HOME=/tmp \
  --arguments-only -- attach 1 --headless --accept-multiclient --continue --api-version=2 --only-same-user=false --listen=127.0.0.1:2345
kubectl -n shop wait pod "$pod" --timeout=60s --for=jsonpath="{.status.ephemeralContainerStatuses[?(@.name==\"$name\")].state.running}" >/dev/null
echo "dlv listens in $pod; as 127.0.0.1:2345 here, until Ctrl-C. \`dlv connect 127.0.0.1:2345\` stops the service."
exec kubectl -n shop port-forward "$pod" 2345
