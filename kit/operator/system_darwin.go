package operator

import "golang.org/x/sys/unix"

// maxPath is the longest path of a socket: sun_path without its end.
const maxPath = 103

func peerUID(fd int) (int, error) {
	credentials, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return 0, err
	}
	return int(credentials.Uid), nil
}
