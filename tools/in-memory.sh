#!/bin/sh
# in-memory.sh COMMAND…: runs a command whose temporary files (TMPDIR) are kept in memory,
# where the machine has room for them. Tests start many shops and databases, and a disk
# makes each several times as slow. Elsewhere the command runs as it is. The go command's own
# files stay where they are.
need=$((8 * 1024 * 1024)) # KiB, of memory and of the file system

dir=
cleanup() { [ -z "$dir" ] || rm -rf "$dir"; }
trap cleanup EXIT
trap 'exit 130' INT TERM

free=$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $1 == "tmpfs" { print $4 }')
memory=$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo 2>/dev/null)
if [ "${free:-0}" -ge "$need" ] && [ "${memory:-0}" -ge "$need" ] && dir=$(mktemp -d /dev/shm/t-XXXXXX); then
	# The database's own user passes through it, and programs are built and run in it.
	chmod 711 "$dir"
	printf '#!/bin/sh\n' >"$dir/try" && chmod 700 "$dir/try"
	if "$dir/try" 2>/dev/null; then
		GOTMPDIR=${GOTMPDIR:-${TMPDIR:-/tmp}}
		TMPDIR=$dir
		export GOTMPDIR TMPDIR
	fi
fi
"$@"
