#!/bin/sh
# Makes the credentials where there are none, or where what makes them has changed: to compile it anew at each edit of
# the kit would take longer than all that it does.
set -eu
cd "$(dirname "$0")"
[ generated/.made -nt main.go ] && exit
(cd ../../.. && go run ./deploy/components/secrets)
touch generated/.made
