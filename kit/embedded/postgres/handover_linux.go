package postgres

import (
	"fmt"
	"os"
	"os/exec"
)

// handover lets a program that runs as another user reach files and folders below a
// folder that is closed to it, such as root's home of mode 0700: we open them, the
// program inherits the descriptors, and their names in /proc/self/fd lead to them
// without passing the folders above. The modes of those stay as they are.
type handover struct{ files []*os.File }

// path returns the name by which the account's program reaches what is at path.
func (h *handover) path(account Account, path string) (string, error) {
	if !account.foreign {
		return path, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("open for PostgreSQL: %w", err)
	}
	h.files = append(h.files, file)
	const firstExtraFile = 3 // exec.Cmd.ExtraFiles
	return fmt.Sprintf("/proc/self/fd/%d", firstExtraFile+len(h.files)-1), nil
}

// to hands the descriptors to a program that is not started yet.
func (h *handover) to(cmd *exec.Cmd) {
	if len(h.files) > 0 {
		cmd.ExtraFiles = h.files
		cmd.Dir = "/" // the program enters its data folder itself
	}
}

// close closes our descriptors, once the program has started.
func (h *handover) close() {
	for _, file := range h.files {
		_ = file.Close()
	}
}

// admit does nothing: no folder above the database's needs to be passed.
func (a Account) admit(...string) error { return nil }
