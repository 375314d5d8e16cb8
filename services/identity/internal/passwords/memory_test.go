package passwords_test

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/identity"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/events"
	"github.com/shopmesh/shopmesh/services/identity/internal/passwords"
	"github.com/shopmesh/shopmesh/services/identity/internal/protoconv"
)

// keycloak#28477: each sign-in left memory behind. Some hundreds of sign-ins, with the right
// password and of addresses that have no account, each from an address prefix of its own, leave the
// live heap as it was. It runs alone in its process, since others would allocate meanwhile,
// and here, where hashes can be cheap.
func TestSignInsKeepMemoryFlat(t *testing.T) {
	const address, password = "grace@example.com", "seven quiet herons wait"
	accounts := newAccounts(t)
	var link string
	keep := func(kept string) error { link = kept; return nil }
	if err := app.NewFirstOwner(accounts, keep).Update(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, mailed, _ := strings.Cut(link, "#")
	grace := email(t, address)
	if _, err := accounts.AcceptInvite(t.Context(), mailed, grace, password, domain.Person{FirstName: "Grace"}, app.Client{AddressPrefix: "home"}); err != nil {
		t.Fatal(err)
	}

	n := 0
	signIns := func(pairs int) {
		t.Helper()
		for range pairs {
			n++
			from := app.Client{AddressPrefix: fmt.Sprint("n ", n), Agent: fmt.Sprint("browser ", n)}
			if _, err := accounts.SignIn(t.Context(), domain.Staff, grace, password, "", from); err != nil {
				t.Fatal(err)
			}
			from.AddressPrefix = fmt.Sprint("elsewhere ", n)
			_, err := accounts.SignIn(t.Context(), domain.Staff, email(t, fmt.Sprintf("nobody%d@example.com", n)), password, "", from)
			if fault.ReasonOf(err) != domain.ReasonCredentialsInvalid {
				t.Fatal(err)
			}
		}
	}
	signIns(100) // connections, prepared statements and pools are there
	before := liveHeap()
	const pairs = 300
	signIns(pairs)
	// A fifth of the leak that must be found, which is 10 kB a sign-in: what the log of the
	// test and the pools of the runtime keep is less.
	const allowed = 2 * pairs * 2_000
	grown := liveHeap() - before
	if grown > allowed {
		t.Errorf("%d sign-ins left %d bytes behind, %d each", 2*pairs, grown, grown/(2*pairs))
	}
	t.Logf("the live heap grew by %d bytes", grown)
}

// liveHeap returns the bytes of the heap that something refers to.
func liveHeap() int64 {
	runtime.GC()
	runtime.GC() // what pools kept through the first, and finalizers freed
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// newAccounts returns the use cases on a database of their own, with hashes that cost nearly
// nothing.
func newAccounts(t *testing.T) *app.Accounts {
	t.Helper()
	key, err := token.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	sealing, err := domain.NewSealingKey(bytes.Repeat([]byte{1}, domain.SealingKeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	hasher := passwords.Cheap()
	accounts := app.NewAccounts(app.AccountDeps{
		Pool:   testkit.Open(t, pg.Config{URL: testkit.DatabaseURL(t, identity.Migrations())}),
		Hasher: hasher, Sealing: sealing, RefreshSecret: []byte("refresh"), LinkSecret: []byte("link"),
		Issue:        token.NewIssuer("https://shop.example", "shopmesh", key, time.Now).Access,
		Settings:     func() domain.Settings { return protoconv.Settings(settings.Defaults[*identityv1.Settings]()) },
		LinkCustomer: func(context.Context, domain.NewCustomer) (uuid.UUID, error) { return uuid.New(), nil },
		Publish:      app.Publish{Changed: events.Changed, Verified: events.Verified, Link: events.Link, Notice: events.Notice},
		Wake:         func() {}, Now: func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
		NewID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) }, Log: testkit.Log(t),
	})
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { _ = hasher.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	return accounts
}

func email(t *testing.T, text string) domain.Email {
	t.Helper()
	e, err := domain.ParseEmail(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}
