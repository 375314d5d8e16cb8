package operator

import (
	"io/fs"
	"os"
	"syscall"
)

// restrict gives the socket its mode before it has a name, so that it is never open to
// others; where the system ignores that, Listen sets the mode right after.
func restrict(_, _ string, conn syscall.RawConn) error {
	return conn.Control(func(fd uintptr) { _ = syscall.Fchmod(int(fd), uint32(socketMode)) })
}

// isOurs reports whether the file belongs to the user that the process runs as.
func isOurs(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}
