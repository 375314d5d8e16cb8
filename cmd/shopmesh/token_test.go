package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/kit/command"
)

// Whoever owns the data directory gets a token for the role and the time that they name,
// also after a shop was killed; what there is not is named with what there is, and the log
// has who got what, without the token.
func TestTheOwnerOfTheDirectoryGetsTokens(t *testing.T) {
	t.Parallel()
	data := filepath.Join(tempDir(t), "data")
	if got := run(t, "token", "--as", "owner", "--data", data); got.code != command.ExitFailed || !strings.Contains(got.stderr, "no shop runs in "+data) {
		t.Errorf("without a shop: %+v", got)
	}
	killed := up(t, data)
	killed.ready(t)
	_ = killed.cmd.Process.Kill()
	_ = killed.cmd.Wait()
	if got := run(t, "token", "--as", "owner", "--data", data); got.code != command.ExitFailed || !strings.Contains(got.stderr, "no shop that you may operate answers at") {
		t.Errorf("of a shop that was killed: %+v", got)
	}
	c := up(t, data)
	api := c.ready(t)
	for _, as := range []string{"owner", "staff:ORDERS_READ,STOCK_READ", "customer:01890a5d-ac96-774b-bcce-b302099a8057", "service:order"} {
		if got := run(t, "token", "--as", as, "--data", data); got.code != 0 || strings.Count(got.stdout, ".") != 2 || got.stderr != "" {
			t.Errorf("%s: %+v", as, got)
		}
	}
	var issued struct {
		AccessToken string    `json:"access_token"`
		ExpireTime  time.Time `json:"expire_time"`
	}
	got := run(t, "token", "--as", "owner", "--for", "12h", "--socket", filepath.Join(data, "operator.sock"), "--json")
	if err := json.Unmarshal([]byte(got.stdout), &issued); err != nil || time.Until(issued.ExpireTime) < 11*time.Hour {
		t.Errorf("by the socket, as JSON: %+v, %v", got, err)
	}
	for want, args := range map[string][]string{
		"--as is missing":                      nil,
		"write owner, staff:PERMISSION":        {"--as", "root"},
		`no permission "ORDERS"; there are`:    {"--as", "staff:ORDERS_READ,ORDERS"},
		"give the UUID":                        {"--as", "customer:ada"},
		"there are catalog, config, ":          {"--as", "service:shop"},
		"a token lives from 5m to 12h":         {"--as", "owner", "--for", "13h"},
		"and 4m0s is not":                      {"--as", "owner", "--for", "4m"},
		"[data socket] were all set":           {"--as", "owner", "--socket", "x"},
		"holds no token":                       nil,
		"--token-file is for the addresses of": nil,
	} {
		line := append([]string{"token", "--data", data}, args...)
		switch want {
		case "holds no token":
			empty := filepath.Join(t.TempDir(), "token")
			if err := os.WriteFile(empty, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			line = []string{"audit", "--addr", api, "--token-file", empty}
		case "--token-file is for the addresses of":
			line = []string{"audit", "--data", data, "--token-file", "x"}
		}
		if got := run(t, line...); got.code != command.ExitUsage || got.stdout != "" || !strings.Contains(got.stderr, want) {
			t.Errorf("%v: %+v", line, got)
		}
	}
	if got := run(t, "demo", "--data", data); got.code != 0 {
		t.Errorf("the demo of a running shop: %+v", got)
	}
	log := c.stderr.String()
	if !strings.Contains(log, `"as":"staff:ORDERS_READ,STOCK_READ"`) || !strings.Contains(log, `"by":"operator-`) || strings.Contains(log, issued.AccessToken) {
		t.Errorf("it logged %s", log)
	}
	var keys struct{ Keys []struct{ Kid string } }
	get(t, "", api+"/.well-known/jwks.json", &keys)
	if len(keys.Keys) != 1 {
		t.Errorf("jwks.json has %v", keys)
	}
	c.stop(t, syscall.SIGTERM)
	if info, err := os.Stat(filepath.Join(data, "identity.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("identity.key: %v, %v", info, err)
	}
	if _, err := os.Stat(filepath.Join(data, "operator.sock")); err == nil {
		t.Error("the socket outlived the shop")
	}
}
