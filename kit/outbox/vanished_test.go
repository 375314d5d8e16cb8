package outbox_test

import (
	"io"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// vanishing stands before the database. After vanish its clients are gone and the
// server does not know: it has their connections still.
type vanishing struct {
	listener net.Listener
	socket   string

	mu      sync.Mutex
	clients []net.Conn
	servers []net.Conn
	gone    bool
}

// stand puts one before the database at an address, and returns the address that
// leads through it.
func stand(t *testing.T, address string) (*vanishing, string) {
	t.Helper()
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	v := &vanishing{socket: filepath.Join(at.Query().Get("host"), ".s.PGSQL."+at.Query().Get("port"))}
	if v.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	go v.accept()
	t.Cleanup(func() {
		v.vanish()
		for _, c := range v.servers {
			_ = c.Close()
		}
	})
	at.Host, at.RawQuery = v.listener.Addr().String(), "sslmode=disable"
	return v, at.String()
}

func (v *vanishing) accept() {
	for {
		client, err := v.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("unix", v.socket)
		if err != nil {
			_ = client.Close()
			continue
		}
		v.mu.Lock()
		v.clients, v.servers = append(v.clients, client), append(v.servers, server)
		v.mu.Unlock()
		go func() {
			_, _ = io.Copy(server, client)
			if !v.isGone() {
				_ = server.Close()
			}
		}()
		go func() { _, _ = io.Copy(client, server) }()
	}
}

func (v *vanishing) isGone() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.gone
}

func (v *vanishing) vanish() {
	v.mu.Lock()
	v.gone = true
	clients := slices.Clone(v.clients)
	v.mu.Unlock()
	_ = v.listener.Close()
	for _, c := range clients {
		_ = c.Close()
	}
}

// A leader that was killed behind a proxy, so that its connection stays open, is replaced
// within a minute; so is one that got the lock and did nothing else yet. It once kept the
// lock for as long as the test ran.
func TestALeaderThatIsGoneIsReplaced(t *testing.T) {
	t.Parallel()
	address, broker := testkit.DatabaseURL(t, migrations()), testkit.Broker(t)
	topics(t, broker)
	pool := testkit.Open(t, pg.Config{URL: address})
	// A predecessor that did not step down has the new leader wait with the lock in hand.
	if _, err := pool.Exec(t.Context(), `insert into outbox_leader values (true, gen_random_uuid(), false)`); err != nil {
		t.Fatal(err)
	}
	between, through := stand(t, address)
	run(t, testkit.Open(t, pg.Config{URL: through}), broker, outbox.Config{})
	held := 0
	testkit.Eventually(t, "the first has the lock", func() bool {
		held, _ = lockHolder(t, pool)
		return held != 0
	})
	between.vanish()
	received := collect(t, broker)
	relay, _ := run(t, pool, broker, outbox.Config{})
	key := uuid.New()
	publish(t, pool, relay.Wake, key, 1, 1)
	received.arrived.Wait(t, "the next leads", func() bool { return len(received.of(key)) == 1 })
}
