package identity_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/sync/errgroup"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/identity"
)

func (o harness) keys(t *testing.T) []*identityv1.SigningKey {
	t.Helper()
	res, err := o.ListSigningKeys(t.Context(), &identityv1.ListSigningKeysRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return res.GetSigningKeys()
}

// The first start makes a key that signs at once. Everybody can read its public half, by RPC
// and where RFC 8414 and browsers look, and caches may keep it; the private half is nowhere.
func TestTheFirstStartMakesAKey(t *testing.T) {
	t.Parallel()
	o := newHarness(t)
	keys := o.keys(t)
	if len(keys) != 1 || keys[0].GetActivateTime().AsTime().After(time.Now()) || keys[0].GetExpireTime() != nil {
		t.Fatalf("keys %v", keys)
	}
	set, err := token.ParseKeySet([]byte(o.get(t, "/.well-known/jwks.json")))
	if err != nil || len(set.IDs()) != 1 || set.IDs()[0] != keys[0].GetKid() {
		t.Errorf("jwks.json has %v, %v", set.IDs(), err)
	}
	if one, err := token.ParseKeySet([]byte(`{"keys":[` + keys[0].GetJwk() + `]}`)); err != nil || one.Len() != 1 {
		t.Errorf("the RPC's JWK: %v", err)
	}
	var metadata map[string]any
	if err := json.Unmarshal([]byte(o.get(t, "/.well-known/oauth-authorization-server")), &metadata); err != nil ||
		metadata["issuer"] != publicURL || metadata["jwks_uri"] != publicURL+"/.well-known/jwks.json" {
		t.Errorf("metadata %v, %v", metadata, err)
	}
	var sealed []byte
	if err := o.pool.QueryRow(t.Context(), "select sealed_key from signing_keys").Scan(&sealed); err != nil || strings.Contains(string(sealed), "PRIVATE KEY") {
		t.Errorf("the private key is kept as %q, %v", sealed, err)
	}
}

func (o harness) get(t *testing.T, path string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, o.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "localhost"
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != "public, max-age=300" || res.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%s: %d %v %s, %v", path, res.StatusCode, res.Header, body, err)
	}
	return string(body)
}

// Replicas share their keys, whichever starts first, also after a restart.
func TestReplicasShareTheirKeys(t *testing.T) {
	t.Parallel()
	o := newHarness(t)
	first := o.keys(t)[0].GetKid()
	other := o.again(t)
	if keys := other.keys(t); len(keys) != 1 || keys[0].GetKid() != first {
		t.Errorf("another replica has %v, the first %s", keys, first)
	}
	o.stop()
	other.stop()
	if keys := o.again(t).keys(t); len(keys) != 1 || keys[0].GetKid() != first {
		t.Errorf("after a restart %v, before %s", keys, first)
	}
}

// A month later a start publishes the next key beside the one that signs; of two replicas
// that start then, one makes it. Much later, the former key is gone.
func TestKeysRotateWithAnOverlap(t *testing.T) {
	t.Parallel()
	o := newHarness(t)
	first := o.keys(t)[0]
	o.stop()
	o.move(t, 30*24*time.Hour-30*time.Minute)
	var replicas [2]harness
	var starting errgroup.Group
	for i := range replicas {
		starting.Go(func() (err error) {
			replicas[i], err = o.start(t)
			return err
		})
	}
	if err := starting.Wait(); err != nil {
		t.Fatalf("a replica did not start: %v", err)
	}
	for _, replica := range replicas {
		keys := replica.keys(t)
		if len(keys) != 2 || keys[1].GetKid() != first.GetKid() {
			t.Fatalf("keys %v", keys)
		}
		ahead := time.Until(keys[0].GetActivateTime().AsTime())
		if ahead < 40*time.Minute || ahead > 45*time.Minute || !keys[1].GetRetireTime().AsTime().Equal(keys[0].GetActivateTime().AsTime()) {
			t.Errorf("the next key signs in %v, and the former one until %v", ahead, keys[1].GetRetireTime().AsTime())
		}
		if published := keys[1].GetExpireTime().AsTime().Sub(keys[1].GetRetireTime().AsTime()); published < 12*time.Hour {
			t.Errorf("the former key is published for %v after it signs no more: an operator's token lives 12 h", published)
		}
		replica.stop()
	}
	o.move(t, 24*time.Hour)
	if keys := o.again(t).keys(t); len(keys) != 1 || keys[0].GetKid() == first.GetKid() {
		t.Errorf("a day later: %v", keys)
	}
}

// move lets time pass for the keys.
func (o harness) move(t *testing.T, by time.Duration) {
	t.Helper()
	const statement = `update signing_keys set create_time = create_time - $1::interval, activate_time = activate_time - $1::interval,
  retire_time = retire_time - $1::interval, expire_time = expire_time - $1::interval`
	if _, err := o.pool.Exec(t.Context(), statement, by); err != nil {
		t.Fatal(err)
	}
}

// Without its key, or with another one, identity does not start, and one sentence names what
// to do; it holds nothing of a key.
func TestAWrongKeyStopsTheStart(t *testing.T) {
	t.Parallel()
	o := newHarness(t)
	o.stop()
	wrong := o
	wrong.config.Key = identity.NewKey()
	if _, err := wrong.start(t); err == nil || !strings.Contains(err.Error(), "SHOPMESH_IDENTITY_KEY is not the key") || !strings.Contains(err.Error(), "give the former key") {
		t.Errorf("another key: %v", err)
	}
	wrong.config.Key = identity.Key{}
	if _, err := wrong.start(t); err == nil || !strings.Contains(err.Error(), "SHOPMESH_IDENTITY_KEY is not set") {
		t.Errorf("no key: %v", err)
	}
	if _, err := identity.ParseKey("aHVudGVyMg==", "identity.key"); err == nil || strings.Contains(err.Error(), "aHVudGVyMg") || !strings.Contains(err.Error(), "identity.key holds no key") {
		t.Errorf("a short key: %v", err)
	}
}

// After a restore no key of before is published, and the next start makes another. A
// database on which identity never started is left alone.
func TestARestoreMakesTokensOfBeforeUseless(t *testing.T) {
	t.Parallel()
	o := newHarness(t)
	before := o.keys(t)[0].GetKid()
	o.stop()
	log := slog.New(slog.DiscardHandler)
	if err := identity.Renew(t.Context(), pg.Config{URL: o.database}, log); err != nil {
		t.Fatal(err)
	}
	if keys := o.again(t).keys(t); len(keys) != 1 || keys[0].GetKid() == before {
		t.Errorf("after the restore: %v, before %s", keys, before)
	}
	if err := identity.Renew(t.Context(), pg.Config{URL: testkit.DatabaseURL(t, fstest.MapFS{})}, log); err != nil {
		t.Errorf("an empty database: %v", err)
	}
}
