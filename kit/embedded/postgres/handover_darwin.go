package postgres

import "os/exec"

// handover does nothing on macOS, which has no names for the descriptors of folders: the
// program's user must be able to pass through every folder above.
type handover struct{}

func (*handover) path(_ Account, path string) (string, error) { return path, nil }
func (*handover) to(*exec.Cmd)                                {}
func (*handover) close()                                      {}

// admit lets the account pass through folders of ours, and checks that it can pass
// through those above them.
func (a Account) admit(folders ...string) error {
	for _, folder := range folders {
		if err := a.open(folder); err != nil {
			return err
		}
	}
	if len(folders) == 0 {
		return nil
	}
	return a.reaches(folders[len(folders)-1])
}
