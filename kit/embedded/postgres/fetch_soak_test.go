//go:build soak

package postgres

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/shopmesh/shopmesh/kit/embedded/internal/embeddedtest"
)

// Several first starts on one machine fetch once, and a broken fetch does not hinder them.
// It has a build tag because it downloads each time.
func TestPostgresIsFetchedOnce(t *testing.T) {
	t.Parallel()
	cache := embeddedtest.PassableDir(t)
	if err := os.WriteFile(filepath.Join(cache, stagingPrefix+"broken"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	var starts sync.WaitGroup
	homes := make([]string, 3)
	for n := range homes {
		starts.Go(func() {
			home, err := postgresBinaries(t.Context(), cache, embeddedtest.Log(t))
			if err != nil || !isComplete(home) {
				t.Errorf("start %d: %q, %v", n, home, err)
			}
			homes[n] = home
		})
	}
	starts.Wait()
	if homes[0] != homes[1] || homes[1] != homes[2] {
		t.Errorf("several homes: %q", homes)
	}
	if left, _ := filepath.Glob(filepath.Join(cache, stagingPrefix+"*")); len(left) != 0 {
		t.Errorf("broken fetches are left: %q", left)
	}
}
