//go:build mesh

package mesh

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// refresh is how often istiod reads the public keys in this row: 20 minutes by default, of the 45
// for which a key is published before it signs.
const refresh = "20s"

// Row 9, keys: while the key that signs is rotated, and while identity is away, no valid token is
// refused, by the ingress or by a service; the ingress never has a placeholder key.
//
// Time passes for the keys by SQL, as it does in identity's own tests, and for istiod by its
// setting.
func TestRow09Keys(t *testing.T) {
	istiod(t, "PILOT_JWT_PUB_KEY_REFRESH_INTERVAL="+refresh)
	defer istiod(t, "PILOT_JWT_PUB_KEY_REFRESH_INTERVAL-")
	var before, after string
	latest := sql(t, "shopmesh_identity", "select kid from signing_keys order by activate_time desc limit 1")
	eventually(t, 100*time.Second, func() error { return signedWith(t, latest, &before) })
	calls := newBearer(t, before)
	defer calls.stop()

	former := publishedKeys(t)
	passForKeys(t, "30 days")
	defer passForKeys(t, "1 hour") // also where this ends before the next key signs
	var published time.Time
	var next string
	eventually(t, 100*time.Second, func() error {
		kids := publishedKeys(t)
		i := slices.IndexFunc(kids, func(kid string) bool { return !slices.Contains(former, kid) })
		if i < 0 {
			return fmt.Errorf("published are %v", kids)
		}
		next, published = kids[i], time.Now()
		return nil
	})
	eventually(t, 2*time.Minute, func() error { return knownAtIngress(t, next) })
	took := time.Since(published)
	if got := kidOf(t, operatorToken(t)); got == next {
		t.Errorf("the key %s signs as soon as it is published", got)
	}

	passForKeys(t, "45 minutes")
	eventually(t, 100*time.Second, func() error {
		err := signedWith(t, next, &after)
		calls.add(after) // good at once, wherever it is from
		return err
	})
	calls.only(before, after)
	rotated := calls.wait(t, 80)

	down := func() {
		defer replicas(t, "identity", 2)
		replicas(t, "identity", 0)
		eventually(t, 90*time.Second, func() error {
			if pods := kubectl(t, "-n", "shop", "get", "pods", "-l", "app=identity", "-o", "name"); pods != "" {
				return fmt.Errorf("there are still %s", pods)
			}
			return nil
		})
		calls.count(t)
		<-time.After(time.Minute) // what the row is about
	}
	down()
	away := calls.count(t)
	if err := knownAtIngress(t, next); err != nil {
		t.Error(err)
	}
	calls.stop()
	if len(calls.refused) > 0 {
		t.Errorf("valid tokens were refused: %+v", calls.refused)
	}
	if away < 80 {
		t.Errorf("%d calls were made in the minute without identity: nothing is shown by so few", away)
	}
	if all := rotated + away; len(calls.failed)*100 > all { // without answers nothing is shown
		t.Errorf("%d of %d calls failed otherwise, want one in a hundred at most: %+v", len(calls.failed), all, calls.failed)
	}
	t.Logf("row 9, keys: the next key was known at the ingress %v after it was published (istiod reads them every %s here); %d calls until it signed and after, %d in the minute without identity, %d refused, %d failed otherwise (1 %% at most); no placeholder key",
		took.Round(time.Second), refresh, rotated, away, len(calls.refused), len(calls.failed))
}

// istiod sets or unsets ("NAME-") a variable of istiod and waits for it.
func istiod(t *testing.T, variable string) {
	t.Helper()
	kubectl(t, "-n", "istio-system", "set", "env", "deployment", "-l", "app=istiod", variable)
	kubectl(t, "-n", "istio-system", "rollout", "status", "deployment", "-l", "app=istiod", "--timeout=180s")
}

// passForKeys lets time pass for the signing keys.
func passForKeys(t *testing.T, by string) {
	t.Helper()
	sql(t, "shopmesh_identity", fmt.Sprintf(`update signing_keys set create_time = create_time - interval '%[1]s', activate_time = activate_time - interval '%[1]s',
  retire_time = retire_time - interval '%[1]s', expire_time = expire_time - interval '%[1]s'`, by))
}

// signedWith has each replica of identity sign a token, keeps the last one, and returns an error
// unless all are signed with this key. Each replica looks once a minute which it is.
func signedWith(t *testing.T, kid string, token *string) error {
	t.Helper()
	for _, pod := range podsOf(t, "shop", "identity") {
		*token = strings.TrimSpace(kubectl(t, "-n", "shop", "exec", pod, "-c", "service", "--", "/ko-app/identity", "token", "--as", "owner", "--for", "1h"))
		if got := kidOf(t, *token); got != kid {
			return fmt.Errorf("%s signs with %s, want %s", pod, got, kid)
		}
	}
	return nil
}

// kidOf is the id of the key that a token is signed with.
func kidOf(t *testing.T, token string) string {
	t.Helper()
	header, _, _ := strings.Cut(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(header)
	if err != nil {
		t.Fatal(err)
	}
	var read struct{ Kid string }
	if err := json.Unmarshal(text, &read); err != nil || read.Kid == "" {
		t.Fatalf("the token's header is %s", text)
	}
	return read.Kid
}

// publishedKeys are the ids of the keys that identity publishes.
func publishedKeys(t *testing.T) []string {
	t.Helper()
	got := drive[[]answer](t, outside, "request", "-url", gateway+"/.well-known/jwks.json", "-ca", certificate(t))[0]
	var set struct{ Keys []struct{ Kid string } }
	if err := json.Unmarshal([]byte(got.Body), &set); err != nil {
		t.Fatalf("%+v", got)
	}
	var kids []string
	for _, key := range set.Keys {
		kids = append(kids, key.Kid)
	}
	return kids
}

// knownAtIngress returns an error unless each replica of the ingress checks tokens with a key, and with
// none that is a placeholder.
func knownAtIngress(t *testing.T, kid string) error {
	t.Helper()
	for _, pod := range podsOf(t, "shop-ingress", "ingress") {
		if err := checksWith(proxy(t, "shop-ingress", pod, "config_dump"), kid); err != nil {
			return fmt.Errorf("%s: %w", pod, err)
		}
	}
	return nil
}

// checksWith returns an error unless a proxy's configuration has checks of tokens with this key,
// and none with a placeholder.
func checksWith(config, kid string) error {
	found := false
	for _, key := range strings.Split(config, `"inline_string": "{`)[1:] {
		keys, _, _ := strings.Cut(key, "\n")
		if !strings.Contains(keys, "keys") {
			continue
		}
		if !strings.Contains(keys, `\"EC\"`) {
			return fmt.Errorf("it checks with a placeholder key: %.200s", keys)
		}
		found = found || strings.Contains(keys, kid)
	}
	if !found {
		return fmt.Errorf("it does not check with the key %q", kid)
	}
	return nil
}

// bearer calls an RPC that needs a token, over all protocols, with each of its tokens in turn,
// until it is stopped.
type bearer struct {
	mu     sync.Mutex
	tokens []string
	made   int
	// refused are the answers that the token is not good, failed those that say nothing about it.
	refused, failed []probed
	end             chan struct{}
	ended           sync.WaitGroup
	stop            func()
}

func newBearer(t *testing.T, token string) *bearer {
	t.Helper()
	c := &bearer{tokens: []string{token}, end: make(chan struct{})}
	c.stop = sync.OnceFunc(func() {
		close(c.end)
		c.ended.Wait()
	})
	args := []string{"probe", "-url", gateway, "-ca", certificate(t), "-n", "5", "-procedure", "/shopmesh.order.v1.OrderService/ListOrders", "-rest", "GET /v1/orders", "-header"}
	c.ended.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-c.end:
				return
			default:
			}
			c.mu.Lock()
			token := c.tokens[n%len(c.tokens)]
			c.mu.Unlock()
			got := drive[[]probed](t, outside, append(args, "Authorization: Bearer "+token)...)
			c.mu.Lock()
			for _, one := range got {
				c.made++
				switch {
				case one.HTTP == 401 || one.HTTP == 403 || one.Code == "16" || one.Code == "7":
					c.refused = append(c.refused, one)
				case one.Error != "" || one.HTTP != 200 || one.Code != "" && one.Code != "0":
					c.failed = append(c.failed, one)
				}
			}
			c.mu.Unlock()
		}
	})
	return c
}

// add has it show another token, too.
func (c *bearer) add(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tokens = append(c.tokens, token)
}

// only has it show these tokens alone.
func (c *bearer) only(tokens ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tokens = tokens
}

// count returns how many calls were made since it was asked last.
func (c *bearer) count(t *testing.T) int {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	made := c.made
	c.made = 0
	return made
}

// wait waits for so many more calls and returns how many there were since it was asked last.
func (c *bearer) wait(t *testing.T, more int) int {
	t.Helper()
	before := c.count(t)
	var made int
	eventually(t, patience, func() error {
		c.mu.Lock()
		defer c.mu.Unlock()
		if made = c.made; made < more {
			return fmt.Errorf("%d calls", made)
		}
		return nil
	})
	return before + made
}
