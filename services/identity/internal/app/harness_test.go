package app_test

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
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

const password = "tall bread under rivers"

// harness is the use cases on a database of their own, with a clock that the test moves.
type harness struct {
	*app.Accounts

	t      *testing.T
	pool   *pg.Pool
	hasher *passwords.Hasher
	trace  *testkit.Statements

	mu        sync.Mutex
	now       time.Time
	customers map[uuid.UUID]uuid.UUID // by account

	settings domain.Settings // a test changes them before what is to see that
}

func newHarness(t *testing.T) *harness {
	t.Helper()
	h := &harness{
		t: t, hasher: passwords.NewHasher(nil, testkit.Log(t)), trace: &testkit.Statements{}, now: time.Now().UTC().Truncate(time.Microsecond),
		customers: make(map[uuid.UUID]uuid.UUID), settings: protoconv.Settings(settings.Defaults[*identityv1.Settings]()),
	}
	h.pool = testkit.Open(t, pg.Config{URL: testkit.DatabaseURL(t, identity.Migrations()), Tracer: h.trace})
	key, err := token.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	sealing, err := domain.NewSealingKey(bytes.Repeat([]byte{1}, domain.SealingKeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	h.Accounts = app.NewAccounts(app.AccountDeps{
		Pool: h.pool, Hasher: h.hasher, Sealing: sealing, RefreshSecret: []byte("refresh"), LinkSecret: []byte("link"),
		Issue:        token.NewIssuer("https://shop.example", "shopmesh", key, h.clock).Access,
		Settings:     func() domain.Settings { return h.settings },
		LinkCustomer: h.linkCustomer,
		Publish:      app.Publish{Changed: events.Changed, Verified: events.Verified, Link: events.Link, Notice: events.Notice},
		Wake:         func() {}, Now: h.clock, NewID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) }, Log: testkit.Log(t),
	})
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { _ = h.hasher.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	return h
}

func (h *harness) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *harness) after(passed time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(passed)
}

// linkCustomer is customer as identity sees it: the same account has the same customer.
func (h *harness) linkCustomer(_ context.Context, c domain.NewCustomer) (uuid.UUID, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.customers[c.AccountID] == uuid.Nil {
		h.customers[c.AccountID] = uuid.New()
	}
	return h.customers[c.AccountID], nil
}

// mails has all requests decided, and returns the mails with links that are to be sent.
func (h *harness) mails() []*identityv1.MailLinkRequested {
	h.t.Helper()
	if err := h.DecideMailRequests(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	return published[*identityv1.MailLinkRequested](h)
}

// published returns what was published of a type, in order.
func published[M proto.Message](h *harness) []M {
	h.t.Helper()
	var kind M
	rows, err := h.pool.Query(h.t.Context(), `select payload from outbox where type = $1 order by id`, string(kind.ProtoReflect().Descriptor().FullName()))
	if err != nil {
		h.t.Fatal(err)
	}
	payloads, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		h.t.Fatal(err)
	}
	list := make([]M, len(payloads))
	for i, payload := range payloads {
		list[i] = kind.ProtoReflect().New().Interface().(M)
		if err := proto.Unmarshal(payload, list[i]); err != nil {
			h.t.Fatal(err)
		}
	}
	return list
}

// link returns the token of the newest mail to an address, as notification gets it.
func (h *harness) link(address string) string {
	h.t.Helper()
	mails := h.mails()
	for i := len(mails) - 1; i >= 0; i-- {
		if mails[i].GetEmail() == address {
			text, _, err := h.MintMailLink(h.t.Context(), uuid.MustParse(mails[i].GetLinkId()))
			if err != nil {
				h.t.Fatal(err)
			}
			return text
		}
	}
	h.t.Fatalf("nothing was mailed to %s", address)
	return ""
}

func email(t *testing.T, text string) domain.Email {
	t.Helper()
	e, err := domain.ParseEmail(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func from(prefix string) app.Client { return app.Client{AddressPrefix: prefix, Agent: "test"} }

// signUp makes the account of an address, and returns its first session.
func (h *harness) signUp(address string) app.Session {
	h.t.Helper()
	if err := h.SignUp(h.t.Context(), email(h.t, address), ""); err != nil {
		h.t.Fatal(err)
	}
	session, err := h.VerifyEmail(h.t.Context(), h.link(address), password, domain.Person{FirstName: "Ada", LastName: "Lovelace"}, from("home"))
	if err != nil {
		h.t.Fatal(err)
	}
	return session
}

func (h *harness) signIn(address, password, prefix string) (app.Session, error) {
	return h.SignIn(h.t.Context(), domain.Customer, email(h.t, address), password, "", from(prefix))
}

// as returns a context in which the account of an address calls, with its newest session.
func (h *harness) as(address string) context.Context {
	h.t.Helper()
	var account, session uuid.UUID
	err := h.pool.QueryRow(h.t.Context(), `select a.id, s.id from accounts a join sessions s on s.account_id = a.id
		where a.email = $1 order by s.create_time desc, s.id desc limit 1`, address).Scan(&account, &session)
	if err != nil {
		h.t.Fatal(err)
	}
	return authz.WithCaller(h.t.Context(), authz.Identity{Kind: authz.Customer, AccountID: account.String(), SessionID: session.String()})
}

func (h *harness) epoch(address string) (epoch int64) {
	h.t.Helper()
	if err := h.pool.QueryRow(h.t.Context(), `select epoch from accounts where email = $1`, address).Scan(&epoch); err != nil {
		h.t.Fatal(err)
	}
	return epoch
}

func wants(t *testing.T, what string, err error, reason fault.Reason) {
	t.Helper()
	if fault.ReasonOf(err) != reason {
		t.Errorf("%s: %v, want %s", what, err, reason)
	}
}

// compare compares a password with a hash.
func (h *harness) compare(prefix, password, hash string) (passwords.Verdict, error) {
	h.t.Helper()
	place, err := h.hasher.Enter(prefix)
	if err != nil {
		return passwords.Verdict{}, err
	}
	defer place.Leave()
	return place.Compare(h.t.Context(), password, hash)
}
