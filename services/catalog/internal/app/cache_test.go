package app

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
)

var roomy = CacheLimits{Entries: 1000, Bytes: 1 << 20}

// table stands for the database: what was committed, by id.
type table struct {
	mu    sync.Mutex
	rows  map[uuid.UUID]stored
	reads int
}

func newTable(codes ...string) (*table, []uuid.UUID) {
	tab := &table{rows: map[uuid.UUID]stored{}}
	ids := make([]uuid.UUID, len(codes))
	for i, code := range codes {
		ids[i] = uuid.New()
		tab.rows[ids[i]] = stored{Listing: domain.Listing{ProductSnapshot: domain.ProductSnapshot{ID: ids[i], Code: code, Version: 1}}, LevelVersion: noLevel}
	}
	return tab, ids
}

var errNone = errors.New("no rows")

func (t *table) read(id uuid.UUID) (stored, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reads++
	row, ok := t.rows[id]
	if !ok {
		return stored{}, errNone
	}
	return row, nil
}

func (t *table) many(ids []uuid.UUID, codes []string) ([]stored, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reads++
	var found []stored
	for id, row := range t.rows {
		for _, wanted := range ids {
			if wanted == id {
				found = append(found, row)
			}
		}
		for _, wanted := range codes {
			if wanted == row.Code {
				found = append(found, row)
			}
		}
	}
	return found, nil
}

// change commits what fn makes of a row.
func (t *table) change(id uuid.UUID, fn func(*stored)) stored {
	t.mu.Lock()
	defer t.mu.Unlock()
	row := t.rows[id]
	fn(&row)
	t.rows[id] = row
	return row
}

func rename(row *stored) { row.Version++ }

func get(t *testing.T, c *Cache, tab *table, id uuid.UUID) domain.Listing {
	t.Helper()
	listing, err := c.get(t.Context(), key{id: id}, func(context.Context) (stored, error) { return tab.read(id) })
	if err != nil {
		t.Fatal(err)
	}
	return listing
}

func TestAProductIsReadOnceAndFoundByBothNames(t *testing.T) {
	t.Parallel()
	c := NewCache(roomy, true, time.Now)
	tab, ids := newTable("TEA", "CUP")
	get(t, c, tab, ids[0])
	get(t, c, tab, ids[0])
	byCode, err := c.get(t.Context(), key{code: "TEA"}, func(context.Context) (stored, error) { return stored{}, errNone })
	if err != nil || byCode.ID != ids[0] || tab.reads != 1 {
		t.Fatalf("%v, %v after %d reads", byCode, err, tab.reads)
	}
	// A batch reads what is missing alone, and gives each product once, by code.
	batch, err := c.getMany(t.Context(), ids, []string{"TEA", "CUP", "POT"}, func(_ context.Context, ids []uuid.UUID, codes []string) ([]stored, error) {
		if len(ids) != 1 || len(codes) != 2 {
			t.Errorf("read %v and %v from the database", ids, codes)
		}
		return tab.many(ids, codes)
	})
	if err != nil || len(batch) != 2 || batch[0].Code != "CUP" || batch[1].Code != "TEA" {
		t.Fatalf("%v, %v", batch, err)
	}
	if got := c.Stats(); got.Hits != 4 || got.Misses != 4 || got.Entries != 2 {
		t.Fatalf("%+v", got)
	}
}

// What was read before a change must not be kept after it, whichever way the change
// was received, and calls that begin after the change don't wait for that read.
func TestAReadThatAChangeOvertookIsNotKept(t *testing.T) {
	t.Parallel()
	for name, receive := range map[string]func(*Cache, *table, uuid.UUID){
		"a change": func(c *Cache, tab *table, id uuid.UUID) {
			c.Changed(id, "TEA", tab.change(id, rename).Version)
		},
		"a list": func(c *Cache, tab *table, id uuid.UUID) {
			c.seen([]domain.Listing{tab.change(id, rename).Listing})
		},
		"a commit whose outcome is not known": func(c *Cache, tab *table, id uuid.UUID) {
			tab.change(id, rename)
			c.Forget(id, "TEA")
		},
		"a gap": func(c *Cache, tab *table, id uuid.UUID) {
			tab.change(id, rename)
			c.Clear()
		},
		"more than is remembered": func(c *Cache, tab *table, id uuid.UUID) {
			c.Changed(id, "TEA", tab.change(id, rename).Version)
			for range maxNotes {
				c.Changed(uuid.New(), "X", 1)
			}
		},
	} {
		for by, k := range map[string]func(uuid.UUID) key{
			"id":   func(id uuid.UUID) key { return key{id: id} },
			"code": func(uuid.UUID) key { return key{code: "TEA"} },
		} {
			t.Run(name+" by "+by, func(t *testing.T) {
				t.Parallel()
				c := NewCache(roomy, true, time.Now)
				tab, ids := newTable("TEA")
				began, goOn := make(chan struct{}), make(chan struct{})
				first := make(chan domain.Listing)
				go func() {
					listing, _ := c.get(t.Context(), k(ids[0]), func(context.Context) (stored, error) {
						row, err := tab.read(ids[0])
						close(began)
						<-goOn
						return row, err
					})
					first <- listing
				}()
				<-began
				receive(c, tab, ids[0])
				if got := get(t, c, tab, ids[0]); got.Version != 2 {
					t.Errorf("after the change version %d was answered", got.Version)
				}
				close(goOn)
				<-first
				if got := get(t, c, tab, ids[0]); got.Version != 2 {
					t.Errorf("version %d was kept", got.Version)
				}
			})
		}
	}
}

func TestAChangeDropsWhatIsOlderAndNothingElse(t *testing.T) {
	t.Parallel()
	c := NewCache(roomy, true, time.Now)
	tab, ids := newTable("TEA", "CUP")
	get(t, c, tab, ids[0])
	get(t, c, tab, ids[1])
	c.Changed(ids[0], "TEA", tab.change(ids[0], rename).Version)
	if got := get(t, c, tab, ids[0]); got.Version != 2 {
		t.Fatalf("version %d", got.Version)
	}
	reads := tab.reads
	c.Changed(ids[0], "TEA", 1) // published again
	c.Changed(ids[0], "TEA", 2)
	get(t, c, tab, ids[0])
	get(t, c, tab, ids[1])
	if tab.reads != reads {
		t.Fatal("what is known already dropped something")
	}
}

// A replica may receive a level before the database holds it: the newer one stands.
func TestTheNewestLevelStands(t *testing.T) {
	t.Parallel()
	for name, known := range map[string]bool{"of a product that is there": true, "of a product that is read later": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := NewCache(roomy, false, time.Now)
			c.Proven(time.Now())
			tab, ids := newTable("TEA")
			tab.change(ids[0], func(row *stored) { row.Available, row.LevelVersion = 10, 1 })
			if known {
				get(t, c, tab, ids[0])
			}
			level := func(version int64) []domain.Level {
				return []domain.Level{{ProductID: ids[0], Available: 10 * version, Version: version}}
			}
			c.Received(level(3))
			c.Received(level(2))
			if got := get(t, c, tab, ids[0]); got.Available != 30 {
				t.Fatalf("%d are available, want 30", got.Available)
			}
			// The product changes, and the database is still behind.
			c.Changed(ids[0], "TEA", tab.change(ids[0], rename).Version)
			if got := get(t, c, tab, ids[0]); got.Available != 30 || got.Version != 2 {
				t.Fatalf("%d are available of version %d, want 30 of 2", got.Available, got.Version)
			}
			// Then the database is ahead of what was received.
			tab.change(ids[0], func(row *stored) { row.Available, row.LevelVersion = 40, 4 })
			c.Changed(ids[0], "TEA", tab.change(ids[0], rename).Version)
			if got := get(t, c, tab, ids[0]); got.Available != 40 {
				t.Fatalf("%d are available, want 40", got.Available)
			}
		})
	}
}

func TestALevelThatIsAppliedDuringAReadIsNotLost(t *testing.T) {
	t.Parallel()
	c := NewCache(roomy, true, time.Now)
	tab, ids := newTable("TEA")
	got, err := c.get(t.Context(), key{code: "TEA"}, func(context.Context) (stored, error) {
		row, err := tab.read(ids[0])
		c.Applied([]domain.Level{{ProductID: ids[0], Available: 7, Version: 0}})
		return row, err
	})
	if err != nil || got.Available != 7 || get(t, c, tab, ids[0]).Available != 7 || tab.reads != 1 {
		t.Fatalf("%v, %v after %d reads", got, err, tab.reads)
	}
}

func TestTheCacheIsBounded(t *testing.T) {
	t.Parallel()
	codes := make([]string, 100)
	for i := range codes {
		codes[i] = fmt.Sprintf("TEA-%02d", i)
	}
	for name, row := range map[string]struct {
		limits      CacheLimits
		description string
		most        int64
	}{
		"by entries":             {CacheLimits{Entries: 10, Bytes: 1 << 20}, "", 10},
		"by bytes":               {CacheLimits{Entries: 1000, Bytes: 20_000}, string(make([]byte, 5000)), 3},
		"by one that is too big": {CacheLimits{Entries: 1000, Bytes: 1000}, string(make([]byte, 5000)), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := NewCache(row.limits, true, time.Now)
			tab, ids := newTable(codes...)
			for _, id := range ids {
				tab.change(id, func(r *stored) { r.Description = row.description })
				get(t, c, tab, ids[0]) // used again and again: it stays
				get(t, c, tab, id)
				if got := c.Stats(); got.Entries > row.most || got.Bytes > row.limits.Bytes || got.Entries != int64(len(c.byCode)) {
					t.Fatalf("%+v with %d codes", got, len(c.byCode))
				}
			}
			reads := tab.reads
			get(t, c, tab, ids[0])
			if kept := tab.reads == reads; kept != (row.most > 0) {
				t.Errorf("the one that is used most was kept: %t", kept)
			}
			// Levels of products that nobody reads take room too, and no more than that.
			for range 1000 {
				c.Received([]domain.Level{{ProductID: uuid.New(), Available: 1, Version: 1}})
			}
			if got := c.Stats(); got.Entries > int64(row.limits.Entries) || got.Bytes > row.limits.Bytes || got.Evictions == 0 {
				t.Errorf("%+v", got)
			}
			c.Clear()
			if got := c.Stats(); got.Entries != 0 || got.Bytes != 0 || c.recent.Len() != 0 {
				t.Errorf("%+v after Clear", got)
			}
		})
	}
}

func TestAFailureIsNotKept(t *testing.T) {
	t.Parallel()
	c := NewCache(roomy, true, time.Now)
	tab, ids := newTable("TEA")
	away := errors.New("the database is away")
	for range 2 {
		if _, err := c.get(t.Context(), key{id: ids[0]}, func(context.Context) (stored, error) { return stored{}, away }); !errors.Is(err, away) {
			t.Fatal(err)
		}
	}
	if _, err := c.getMany(t.Context(), ids, nil, func(context.Context, []uuid.UUID, []string) ([]stored, error) { return nil, away }); !errors.Is(err, away) {
		t.Fatal(err)
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = c.get(t.Context(), key{id: ids[0]}, func(context.Context) (stored, error) { panic("a bug") })
	}()
	if got := get(t, c, tab, ids[0]); got.Code != "TEA" || c.reads != 0 || len(c.flights) != 0 {
		t.Fatalf("%v, %d reads and %d flights under way", got, c.reads, len(c.flights))
	}
}

// Who waits for another call's read does not share that call's end.
func TestAReadIsSharedButNotItsCallersEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := NewCache(roomy, true, time.Now)
		tab, ids := newTable("TEA")
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() {
			_, err := c.get(ctx, key{id: ids[0]}, func(ctx context.Context) (stored, error) {
				<-ctx.Done()
				return stored{}, ctx.Err()
			})
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
		synctest.Wait()
		for range 10 {
			group.Go(func() { get(t, c, tab, ids[0]) })
		}
		impatient, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		group.Go(func() {
			_, err := c.get(impatient, key{id: ids[0]}, func(context.Context) (stored, error) { return tab.read(ids[0]) })
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
		<-time.After(2 * time.Second)
		cancel()
		group.Wait()
		if got := c.Stats(); tab.reads != 1 || got.Shared != 11 {
			t.Fatalf("%d reads, %+v", tab.reads, got)
		}
	})
}

// While it is not proven that every event was received, a product is kept for two seconds;
// else for a minute.
func TestStalenessIsBounded(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		alone  bool
		proven time.Duration // how long proofs come, one each second
		after  time.Duration // what is wanted
		kept   bool
	}{
		"the only writer":                         {true, 0, 59 * time.Second, true},
		"the only writer, a minute later":         {true, 0, 61 * time.Second, false},
		"proven all the time":                     {false, time.Hour, 59 * time.Second, true},
		"proven all the time, a minute later":     {false, time.Hour, 61 * time.Second, false},
		"never proven":                            {false, 0, time.Second, true},
		"never proven, three seconds later":       {false, 0, 3 * time.Second, false},
		"the broker went away just now":           {false, 10 * time.Second, 12 * time.Second, true},
		"the broker went away four seconds ago":   {false, 10 * time.Second, 14 * time.Second, false},
		"the broker went away, and is still away": {false, 10 * time.Second, 40 * time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := NewCache(roomy, row.alone, time.Now)
				tab, ids := newTable("TEA")
				get(t, c, tab, ids[0])
				tab.change(ids[0], rename) // its event does not arrive
				for begin := time.Now(); time.Since(begin) < row.after; <-time.After(time.Second) {
					if time.Since(begin) < row.proven {
						c.Proven(time.Now())
					}
				}
				if kept := get(t, c, tab, ids[0]).Version == 1; kept != row.kept {
					t.Errorf("kept: %t, want %t", kept, row.kept)
				}
			})
		})
	}
}

// Whatever goes on at once, nobody reads less than what was known before the read began,
// and at last everybody reads what is there.
func TestNobodyReadsWhatWasOvertaken(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	c := NewCache(CacheLimits{Entries: 6, Bytes: 1 << 20}, true, time.Now)
	codes := []string{"A", "B", "C", "D", "E", "F", "G", "H"}
	tab, ids := newTable(codes...)
	var known [8]struct {
		sync.Mutex
		version, level int64
	}
	write := func(random *rand.Rand) {
		i := random.IntN(len(ids))
		// Changes of a product are known in their order, as its row's lock has it.
		known[i].Lock()
		defer known[i].Unlock()
		switch random.IntN(4) {
		case 0:
			row := tab.change(ids[i], func(row *stored) { row.LevelVersion++; row.Available = row.LevelVersion })
			c.Applied([]domain.Level{{ProductID: ids[i], Available: row.Available, Version: row.LevelVersion}})
			known[i].level = row.Available
		case 1:
			known[i].version = tab.change(ids[i], rename).Version
			c.Forget(ids[i], codes[i])
		default:
			known[i].version = tab.change(ids[i], rename).Version
			c.Changed(ids[i], codes[i], known[i].version)
		}
	}
	read := func(random *rand.Rand) {
		i := random.IntN(len(ids))
		known[i].Lock()
		version, level := known[i].version, known[i].level
		known[i].Unlock()
		var got domain.Listing
		var err error
		switch random.IntN(3) {
		case 0:
			got, err = c.get(t.Context(), key{id: ids[i]}, func(context.Context) (stored, error) { return tab.read(ids[i]) })
		case 1:
			got, err = c.get(t.Context(), key{code: codes[i]}, func(context.Context) (stored, error) { return tab.read(ids[i]) })
		default:
			var all []domain.Listing
			all, err = c.getMany(t.Context(), nil, []string{codes[i], codes[(i+1)%len(codes)]},
				func(_ context.Context, ids []uuid.UUID, codes []string) ([]stored, error) {
					return tab.many(ids, codes)
				})
			for _, one := range all {
				if one.ID == ids[i] {
					got = one
				}
			}
		}
		if err != nil || got.Version < version || got.Available < level {
			t.Errorf("seed %d: read version %d with %d available (%v), known of %d with %d before", seed, got.Version, got.Available, err, version, level)
		}
	}
	var group sync.WaitGroup
	for worker := range 8 {
		random := rand.New(rand.NewPCG(seed, uint64(worker)))
		group.Go(func() {
			for range 2000 {
				if worker < 3 {
					write(random)
				} else {
					read(random)
				}
			}
		})
	}
	group.Wait()
	for i, id := range ids {
		if got, want := get(t, c, tab, id), tab.rows[id]; got.Version != want.Version || got.Available != want.Available {
			t.Errorf("seed %d: %s is %d with %d available, want %d with %d", seed, codes[i], got.Version, got.Available, want.Version, want.Available)
		}
	}
}
