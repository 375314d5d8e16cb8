package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/shopmesh/shopmesh/cmd/shopmesh/internal/shop"
)

// A file that its user alone reads has a link that opens the inbox in one browser, while the shop
// runs; neither what it prints nor its log has the key.
func TestTheLinkToTheInboxIsInAFile(t *testing.T) {
	t.Parallel()
	c := up(t, filepath.Join(tempDir(t), "data"))
	line, err := c.stdout.ReadBytes('\n')
	if err != nil {
		t.Fatalf("it ended before it served: %v", err)
	}
	var printed struct{ Ready shop.Opened }
	if err := json.Unmarshal(line, &printed); err != nil {
		t.Fatalf("it printed %q: %v", line, err)
	}
	opened := printed.Ready
	file, err := os.Stat(opened.InboxLinkFile)
	if err != nil || file.Mode().Perm() != 0o600 {
		t.Fatalf("the file with the link is %v, %v", file, err)
	}
	link, err := os.ReadFile(opened.InboxLinkFile)
	if err != nil {
		t.Fatal(err)
	}
	page, key, found := strings.Cut(strings.TrimSpace(string(link)), "#")
	if !found || page != opened.Internal+"/inbox" {
		t.Fatalf("the link is %q", link)
	}
	sendKey := func() *http.Response {
		t.Helper()
		res := send(t, "", http.MethodPost, page+"/open", `{"key": "`+key+`"}`)
		_ = res.Body.Close()
		return res
	}
	for _, path := range []string{"/inbox", "/inbox/1", "/inbox.json"} {
		if status := call(t, http.MethodGet, opened.Internal+path, "", "", nil); status != http.StatusUnauthorized {
			t.Errorf("%s without anything: %d", path, status)
		}
	}
	res := sendKey()
	if res.StatusCode != http.StatusNoContent || len(res.Cookies()) != 1 {
		t.Fatalf("the key: %s, %v", res.Status, res.Cookies())
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, page, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.AddCookie(res.Cookies()[0])
	shown, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = shown.Body.Close()
	if shown.StatusCode != http.StatusOK {
		t.Errorf("with the cookie: %s", shown.Status)
	}
	if again := sendKey(); again.StatusCode != http.StatusUnauthorized {
		t.Errorf("the key once more: %s", again.Status)
	}
	c.stop(t, syscall.SIGTERM)
	if strings.Contains(c.stderr.String(), key) || strings.Contains(string(line), key) {
		t.Errorf("the key is in the log or in %s", line)
	}
	if _, err := os.Stat(opened.InboxLinkFile); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the link is left behind: %v", err)
	}
}
