package inbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Extent is the part of one of the inbox's files that a backup holds. The files only
// grow, so that a copy of it is consistent while the inbox goes on.
type Extent struct {
	Name string
	Size int64
}

// Extents returns what the folder of an inbox holds now, whichever process runs it.
func Extents(dir string) ([]Extent, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the inbox's folder: %w", err)
	}
	var extents []Extent
	for _, entry := range entries {
		if !isMailLog(entry.Name()) {
			continue
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // it was the oldest, and made room
		}
		if err != nil {
			return nil, fmt.Errorf("read the inbox's folder: %w", err)
		}
		extents = append(extents, Extent{entry.Name(), info.Size()})
	}
	return extents, nil
}
