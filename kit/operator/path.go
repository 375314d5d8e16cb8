package operator

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// PathFor returns where a socket is opened that belongs at path: there, or, where the
// system takes no path of that length, in a folder of ours for temporary files. That folder
// is made; one that others could have made is an error.
func PathFor(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("the operator's socket: %w", err)
	}
	if len(path) <= maxPath {
		return path, nil
	}
	sum := sha256.Sum256([]byte(path))
	folder := filepath.Join(os.TempDir(), "shopmesh-"+strconv.Itoa(os.Geteuid())+"-"+hex.EncodeToString(sum[:8]))
	short := filepath.Join(folder, filepath.Base(path))
	if len(short) > maxPath {
		return "", fmt.Errorf("the operator's socket: neither %s nor %s is short enough, the system takes %d bytes: name a shorter path", path, short, maxPath)
	}
	if err := os.Mkdir(folder, folderMode); err != nil && !os.IsExist(err) {
		return "", fmt.Errorf("the operator's socket: %w", err)
	}
	info, err := os.Lstat(folder)
	if err != nil {
		return "", fmt.Errorf("the operator's socket: %w", err)
	}
	if info.Mode().Type() != fs.ModeDir || info.Mode().Perm() != folderMode || !isOurs(info) {
		return "", fmt.Errorf("the operator's socket: %s is not a folder that you alone may enter: remove it", folder)
	}
	return short, nil
}
