package inventory

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
)

func TestSettingsHoldWhatAnOwnerSetAndDefaultsElsewhere(t *testing.T) {
	t.Parallel()
	defaults := domain.Settings{LowStockThreshold: 5, LevelInterval: 2 * time.Second, IdempotencyRetention: 48 * time.Hour, EventRetention: 7 * 24 * time.Hour}
	noThreshold, faster := defaults, defaults
	noThreshold.LowStockThreshold, faster.LevelInterval = 0, 500*time.Millisecond
	cases := map[string]domain.Settings{
		`{}`: defaults,
		`{"inventory": {"lowStockThreshold": "0"}}`:                         noThreshold,
		`{"inventory": {"levelInterval": "0.5s"}}`:                          faster,
		`{"inventory": {"levelInterval": null, "lowStockThreshold": null}}`: defaults,
	}
	for text, want := range cases {
		if got, err := fromFile(t, text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		`{"inventory": {"levelInterval": "0s"}}`, `{"inventory": {"levelInterval": "61s"}}`,
		`{"inventory": {"lowStockThreshold": "-1"}}`, `{"inventory": {"lowStock": "1"}}`,
	} {
		if got, err := fromFile(t, text); err == nil {
			t.Errorf("%s: accepted as %+v", text, got)
		}
	}
}

func fromFile(t *testing.T, text string) (domain.Settings, error) {
	t.Helper()
	loaded, err := settings.Load(file(t, text), Name, settings.Defaults[*inventoryv1.Settings]())
	if err != nil {
		return domain.Settings{}, err
	}
	return readSettings(loaded)
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "settings.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
