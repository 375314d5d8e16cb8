//go:build soak

package embedded

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Several first starts on one machine fetch once, and a broken fetch is not in the way. Kept out of the ordinary run
// because it downloads each time.
func TestPostgresIsFetchedOnce(t *testing.T) {
	t.Parallel()
	cache := passableDir(t)
	appendTo(t, createFile(t, filepath.Join(cache, stagingPrefix+"broken")), []byte("half"))
	var starts sync.WaitGroup
	homes := make([]string, 3)
	for n := range homes {
		starts.Go(func() {
			home, err := postgresBinaries(t.Context(), cache, testLogger(t))
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

func createFile(t *testing.T, path string) string {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
