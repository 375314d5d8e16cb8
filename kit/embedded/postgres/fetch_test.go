package postgres

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/kit/embedded/internal/embeddedtest"
)

// A download that brings nothing more ends after the stall's time with how far it came,
// and with what to do without a network.
func TestAStalledDownloadEnds(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".sha256") {
			_, _ = w.Write([]byte(strings.Repeat("0", 64)))
			return
		}
		w.Header().Set("Content-Length", "15000000")
		_, _ = w.Write(make([]byte, 1_200_000))
		w.(http.Flusher).Flush()
		select {
		case <-over:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(over)
	cache := t.TempDir()
	_, err := fetcher{
		repository: server.URL, stall: 200 * time.Millisecond, progress: time.Second, logger: embeddedtest.Log(t),
	}.fetch(t.Context(), cache, t.TempDir())
	if err == nil {
		t.Fatal("it was fetched")
	}
	// How far it came within that time depends on the machine.
	for _, part := range []string{"brought nothing for 200ms, after ", " MB", "put " + archiveName() + " into " + cache, server.URL} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q lacks %q", err, part)
		}
	}
}

func TestADownloadShowsHowFarItCame(t *testing.T) {
	t.Parallel()
	for size, want := range map[int64]string{15_000_000: "1.2 of 15.0 MB", -1: "1.2 MB"} {
		download := &transfer{size: size}
		download.read.Store(1_200_000)
		if got := download.amount(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// The library may rename the field that holds the address: this fails then.
func TestTheLibraryKnowsWhereThePublishedArchivesAre(t *testing.T) {
	t.Parallel()
	if at, err := url.Parse(published()); err != nil || at.Scheme != "https" || at.Host == "" {
		t.Fatalf("%q, %v", published(), err)
	}
}

// A download ends with its caller.
func TestADownloadEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	defer server.Close()
	_, err := fetcher{
		repository: server.URL, stall: time.Minute, progress: time.Second, logger: embeddedtest.Log(t),
	}.fetch(ctx, t.TempDir(), t.TempDir())
	if err == nil || ctx.Err() == nil {
		t.Fatalf("got %v", err)
	}
}

// What is not what was published is not unpacked.
func TestAnArchiveWithAnotherChecksumIsRefused(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(strings.Repeat("0", 64)))
	}))
	defer server.Close()
	_, err := fetcher{
		repository: server.URL, stall: time.Minute, progress: time.Second, logger: embeddedtest.Log(t),
	}.fetch(t.Context(), t.TempDir(), t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "SHA-256") {
		t.Fatalf("got %v", err)
	}
}

// Without a network, an archive in the cache is used.
func TestAnArchiveInTheCacheIsUsed(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	if err := os.WriteFile(filepath.Join(cache, archiveName()), []byte("no zip"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := fetcher{repository: "http://127.0.0.1:1", logger: embeddedtest.Log(t)}.fetch(t.Context(), cache, t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "unpack "+filepath.Join(cache, archiveName())) {
		t.Fatalf("got %v", err)
	}
}

// Without HOME the error names what to do.
func TestNoHomeIsNamed(t *testing.T) {
	t.Parallel()
	want := "no folder to keep PostgreSQL's programs in, because HOME is not set: set it, or name a folder in SHOPMESH_CACHE"
	if got := noCache(nil).Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := noCache(os.ErrPermission).Error(); !strings.HasSuffix(got, os.ErrPermission.Error()) {
		t.Errorf("got %q", got)
	}
}
