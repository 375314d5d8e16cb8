package load

import (
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// small are limits of which one address may have the half.
func small() Limits {
	half := Bound{All: 8, PerAddress: 4, PerConnection: 3}
	return Limits{
		Receiving: half, Waiting: half, InWork: half, Writing: half, Unsent: Bound{All: 800, PerAddress: 400, PerConnection: 300},
		Burst: 100 * time.Millisecond, Standing: 20 * time.Millisecond,
	}
}

const other = "192.0.2.2"

// However many calls of one client are at a stage, another's get through: while it
// sends headers alone, while it works, and while it reads nothing.
func TestOneClientDoesNotTakeThePlaceOfOthers(t *testing.T) {
	t.Parallel()
	for name, take := range map[string]func(*testing.T, *Call){
		"receiving": func(*testing.T, *Call) {},
		"in work": func(t *testing.T, call *Call) {
			t.Helper()
			_ = call.Work(t.Context())
		},
		"unread": func(t *testing.T, call *Call) {
			t.Helper()
			if call.Work(t.Context()) == nil {
				call.Reply()
				call.Hold(100)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := New(small(), slog.New(slog.DiscardHandler))
				var calls []*Call
				refused := 0
				for range 3 {
					c := l.Connect(client)
					for range 10 {
						call, err := c.Begin(t.Context())
						if err != nil {
							refused++
							continue
						}
						calls = append(calls, call)
						take(t, call)
					}
				}
				if refused == 0 && name == "receiving" {
					t.Error("the attacker was never refused")
				}
				for range 4 {
					start := time.Now()
					if err := serving(l.Connect(other), 0)(t.Context()); err != nil || time.Since(start) > 0 {
						t.Errorf("another client: %v after %v", err, time.Since(start))
					}
				}
				// The place in work is given back when the handler is done, unread or not.
				if n := l.counts[inWork].Load(); name == "unread" && n != 0 {
					t.Errorf("%d in work", n)
				}
				for _, call := range calls {
					call.End()
				}
			})
		})
	}
}

// A client that leaves too much unread is refused until it reads.
func TestWhoDoesNotReadIsRefused(t *testing.T) {
	t.Parallel()
	l := New(small(), slog.New(slog.DiscardHandler))
	c := l.Connect(client)
	call, err := c.Begin(t.Context())
	if err != nil || call.Work(t.Context()) != nil {
		t.Fatal("not let in", err)
	}
	call.Reply()
	if !call.Hold(300) || call.Hold(1) {
		t.Error("300 bytes are the bound of a connection")
	}
	if err := serving(c, 0)(t.Context()); !shed(err) {
		t.Errorf("with all unread: %v", err)
	}
	if l.Condition(t.Context()) == nil {
		t.Error("nothing shows it")
	}
	call.Sent(300)
	call.End()
	if err := serving(c, 0)(t.Context()); err != nil {
		t.Errorf("when it has read: %v", err)
	}
	left(t, l)
}

// Free places go to the address that has the fewest in work, whoever came first.
func TestEachAddressGetsItsShare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limits := small()
		limits.InWork = Bound{All: 2, PerAddress: 2, PerConnection: 2}
		limits.Burst = time.Hour
		l := New(limits, slog.New(slog.DiscardHandler))
		var mu sync.Mutex
		var order []string
		var calls sync.WaitGroup
		run := func(from string, c *Connection) {
			calls.Go(func() {
				call, err := c.Begin(t.Context())
				if err != nil || call.Work(t.Context()) != nil {
					t.Errorf("%s was refused", from)
					return
				}
				mu.Lock()
				order = append(order, from)
				mu.Unlock()
				<-time.After(time.Second)
				call.End()
			})
			synctest.Wait()
		}
		attacking, another := l.Connect("attacker"), l.Connect("other")
		run("attacker", attacking)
		<-time.After(time.Second / 2)
		run("attacker", attacking)
		run("attacker", attacking) // waits
		run("other", another)
		calls.Wait()
		if len(order) != 4 || order[2] != "other" {
			t.Errorf("in work: %v", order)
		}
		left(t, l)
	})
}

// Closing connections is no way to have more in work, and addresses that have gone are
// forgotten.
func TestAClosedConnectionsCallsCount(t *testing.T) {
	t.Parallel()
	l := New(small(), slog.New(slog.DiscardHandler))
	for i := range 6 {
		c := l.Connect(client)
		call, err := c.Begin(t.Context())
		if err != nil || i >= 4 {
			if !shed(err) {
				t.Errorf("call %d: %v", i, err)
			}
			break
		}
		_ = call
		c.Close()
	}
	l.Connect("192.0.2.3").Close()
	l.sweep()
	if len(l.addresses) != 1 {
		t.Errorf("%d addresses are known", len(l.addresses))
	}
}
