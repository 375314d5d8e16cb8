#!/bin/sh
# Makes the credentials where there are none, where what makes them has changed, or where the certificate has less than
# a third of its 90 days left: to compile it anew at each edit of the kit would take longer than all that it does.
set -eu
cd "$(dirname "$0")"
[ generated/.made -nt main.go ] && [ -n "$(find generated/tls.crt -mtime -60 2>/dev/null)" ] && exit
(cd ../../.. && go run ./deploy/components/secrets)
touch generated/.made
