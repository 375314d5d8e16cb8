package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestComplaintsAreCountedFromATimeOn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "payment-1.log")
	text := strings.Join([]string{
		`{"time":"2026-01-02T03:04:04Z","level":"WARN","msg":"too early","error":"x"}`,
		`{"time":"2026-01-02T03:04:05Z","level":"WARN","msg":"no database","error":"it is\naway"}`,
		`[2026-01-02 03:04:06] WARN no JSON`,
		`{"time":"2026-01-02T03:04:06Z","level":"INFO","msg":"all is well"}`,
		`{"time":"2026-01-02T03:04:07Z","level":"WARN","msg":"no database","error":"it is away"}`,
	}, "\n")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	countComplaints(path, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), got)
	if want := "payment-1: no database: it is away"; len(got) != 1 || got[want] != 2 {
		t.Errorf("counted %v, want %q twice", got, want)
	}
}
