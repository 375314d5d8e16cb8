package postgres

import "golang.org/x/sys/unix"

// machineMemory returns the machine's memory in bytes, 0 when it is not known.
func machineMemory() uint64 {
	size, err := unix.SysctlUint64("hw.memsize")
	if err != nil {
		return 0
	}
	return size
}
