package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSecretsAreFoundByTheirNames(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("first\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	environ := []string{"SHOPMESH_SECRET_PLAIN=plain", "SHOPMESH_SECRET_KEPT_FILE=" + file, "SHOPMESH_SECRET_TWICE=hunter2", "SHOPMESH_SECRET_TWICE_FILE=" + file}
	secrets := secretsFrom(environ)
	for name, want := range map[string]string{"PLAIN": "plain", "KEPT": "first"} {
		if got, err := secrets.Value(name); got != want || err != nil {
			t.Errorf("%s is %q, %v", name, got, err)
		}
	}
	for name, missing := range map[string]string{"OTHER": "SHOPMESH_SECRET_OTHER_FILE", "TWICE": "SHOPMESH_SECRET_TWICE_FILE"} {
		if got, err := secrets.Value(name); got != "" || err == nil || !strings.Contains(err.Error(), missing) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s is %q, %v", name, got, err)
		}
	}
	// What is in the file now counts.
	if err := os.WriteFile(file, []byte("second"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := secrets.Value("KEPT"); got != "second" || err != nil {
		t.Errorf("it is %q, %v", got, err)
	}
	if got, err := Secrets(nil).Value("PLAIN"); got != "" || err == nil {
		t.Errorf("without secrets it is %q, %v", got, err)
	}
	if problems := CheckNames(environ, variables()); len(problems) != 0 {
		t.Errorf("the names are refused: %v", problems)
	}
	if problems := CheckNames([]string{"SHOPMESH_SECRET_=1", "SHOPMESH_SECRET_lower=1"}, variables()); len(problems) != 2 {
		t.Errorf("names that no setting can hold: %v", problems)
	}
}
