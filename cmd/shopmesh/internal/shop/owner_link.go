package shop

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/shopmesh/shopmesh/kit/embedded/datadir"
)

// keepOwnerLink returns what keeps the link of the shop's first owner in a file, for the
// user who runs the shop alone; nil where nothing is to be changed.
func (c components) keepOwnerLink() func(link string) error {
	if c.config.idle {
		return nil
	}
	return func(link string) error {
		if link != "" {
			return datadir.WriteFile(c.ownerLink, []byte(link+"\n"), 0o600)
		}
		err := os.Remove(c.ownerLink)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			err = datadir.Sync(filepath.Dir(c.ownerLink))
		}
		if err != nil {
			return fmt.Errorf("remove the first owner's link: %w", err)
		}
		return nil
	}
}

// ownerLinkFile returns the file with the link of the shop's first owner; empty when the
// shop has an owner.
func (c components) ownerLinkFile() string {
	if _, err := os.Stat(c.ownerLink); err != nil {
		return ""
	}
	return c.ownerLink
}
