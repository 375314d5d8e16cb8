package postgres

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// Account is the system user that runs PostgreSQL: our own, or another when we are root,
// because PostgreSQL refuses to run as root.
type Account struct {
	uid, gid uint32
	foreign  bool // another than our own
}

// AccountFor returns the user that runs the database in a data folder: the owner of its
// files; for root and a new folder the system user "shopmesh" where it exists, and else
// "nobody". Other processes of "nobody" gain nothing: every connection needs a password.
func AccountFor(dataDir string) (Account, error) {
	if os.Geteuid() != 0 {
		return Account{uid: uint32(os.Geteuid()), gid: uint32(os.Getegid())}, nil
	}
	info, err := os.Stat(dataDir)
	if err == nil {
		return ownerOf(info)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return Account{}, fmt.Errorf("look for the database's owner: %w", err)
	}
	for _, name := range []string{"shopmesh", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(found.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(found.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return Account{}, fmt.Errorf("system user %s: %w", name, err)
		}
		return Account{uid: uint32(uid), gid: uint32(gid), foreign: true}, nil
	}
	return Account{}, errors.New("PostgreSQL refuses to run as root, and there is no system user shopmesh or nobody: add one to /etc/passwd, or run as another user")
}

func ownerOf(info fs.FileInfo) (Account, error) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return Account{}, fmt.Errorf("%s: this system reports no owner", info.Name())
	}
	if stat.Uid == 0 {
		return Account{}, fmt.Errorf("the database's files in %s belong to root, and PostgreSQL refuses to run as root: give them to the user that ran it before (chown -R)", info.Name())
	}
	return Account{uid: stat.Uid, gid: stat.Gid, foreign: true}, nil
}

// command prepares a program of PostgreSQL to run as this account in dir. It has a process
// group of its own, so that Ctrl-C reaches this process alone, which stops the database
// after everything that uses it.
func (a Account) command(dir, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = serverEnvironment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if a.foreign {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return cmd
}

// Give makes the account the owner of a file.
func (a Account) Give(path string) error {
	if !a.foreign {
		return nil
	}
	if err := os.Lchown(path, int(a.uid), int(a.gid)); err != nil {
		return fmt.Errorf("give %s to the database's user: %w", path, err)
	}
	return nil
}

// open lets the account pass through a folder of ours; the modes of what is in it stay.
func (a Account) open(path string) error {
	if !a.foreign {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("open a folder to the database's user: %w", err)
	}
	if a.maySearch(info) {
		return nil
	}
	if err := os.Chmod(path, info.Mode().Perm()|0o011); err != nil {
		return fmt.Errorf("open a folder to the database's user: %w", err)
	}
	return nil
}

// MakeFolder creates a folder that only the account may enter.
func (a Account) MakeFolder(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("create a folder of the database: %w", err)
	}
	if err := os.Chmod(path, 0o700); err != nil {
		return fmt.Errorf("close a folder of the database: %w", err)
	}
	return a.Give(path)
}

// reaches returns an error that names the first folder, from the root down to path, that the
// account can't pass.
func (a Account) reaches(path string) error {
	if !a.foreign {
		return nil
	}
	if parent := filepath.Dir(path); parent != path {
		if err := a.reaches(parent); err != nil {
			return err
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("check whether the database's user can pass: %w", err)
	}
	if !a.maySearch(info) {
		return fmt.Errorf("PostgreSQL runs as the system user %d, which can't pass through %s (mode %04o): allow it (chmod o+x %s), or name a directory elsewhere",
			a.uid, path, info.Mode().Perm(), path)
	}
	return nil
}

func (a Account) maySearch(info fs.FileInfo) bool {
	mode := info.Mode().Perm()
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case ok && stat.Uid == a.uid:
		return mode&0o100 != 0
	case ok && stat.Gid == a.gid:
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}
