package idempotency_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

func migrations() fstest.MapFS {
	return fstest.MapFS{"00001_effect.sql": {Data: []byte("-- +goose Up\n" + `create table effect (n int not null);`)}}
}

func newKey() idempotency.Key {
	return idempotency.Key{Caller: "customer:1", RPC: "AdjustStock", RequestID: uuid.New()}
}

// adjust has one effect and answers with the number of effects.
func adjust(ctx context.Context, pool *pg.Pool, key idempotency.Key, n int64) (*wrapperspb.Int64Value, error) {
	return idempotency.Run(ctx, pool, key, wrapperspb.Int64(n), &wrapperspb.Int64Value{},
		func(ctx context.Context, tx *pg.Tx) (*wrapperspb.Int64Value, error) {
			if _, err := tx.Exec(ctx, `insert into effect values ($1)`, n); err != nil {
				return nil, err
			}
			var count int64
			if err := tx.QueryRow(ctx, `select count(*) from effect`).Scan(&count); err != nil {
				return nil, err
			}
			return wrapperspb.Int64(count), nil
		})
}

func effects(t *testing.T, pool *pg.Pool) (n int) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), `select count(*) from effect`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// A request that is sent again has no second effect and gets the first answer;
// another request under its id is refused; another caller's id is its own.
func TestRepeatGetsTheFirstAnswer(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, migrations())
	key := newKey()
	for range 3 {
		if res, err := adjust(t.Context(), pool, key, 7); err != nil || res.Value != 1 {
			t.Fatalf("got %v, %v", res, err)
		}
	}
	_, err := adjust(t.Context(), pool, key, 8)
	if f, ok := fault.Of(err); !ok || f.Kind() != fault.AlreadyExists || f.Reason() != fault.ReasonRequestIDReused {
		t.Errorf("another request: %v", err)
	}
	other := key
	other.Caller = "customer:2"
	if res, err := adjust(t.Context(), pool, other, 8); err != nil || res.Value != 2 {
		t.Errorf("another caller: %v, %v", res, err)
	}
	if n := effects(t, pool); n != 2 {
		t.Errorf("%d effects, want 2", n)
	}
}

// Twenty sends of one request at once have one effect, and all get its answer.
func TestConcurrentRepeatsWait(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, migrations())
	key := newKey()
	var sends sync.WaitGroup
	for range 20 {
		sends.Go(func() {
			if res, err := adjust(t.Context(), pool, key, 7); err != nil || res.Value != 1 {
				t.Errorf("got %v, %v", res, err)
			}
		})
	}
	sends.Wait()
	if n := effects(t, pool); n != 1 {
		t.Errorf("%d effects, want 1", n)
	}
}

// A repeat that meets its first attempt waits; when that fails, the repeat does the
// work. A failed attempt burns nothing.
func TestFailedAttemptBurnsNothing(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, migrations())
	key := newKey()
	began, fail := make(chan struct{}), make(chan struct{})
	var first, second sync.WaitGroup
	first.Go(func() {
		_, err := idempotency.Run(t.Context(), pool, key, wrapperspb.Int64(7), &wrapperspb.Int64Value{},
			func(ctx context.Context, tx *pg.Tx) (*wrapperspb.Int64Value, error) {
				var n int64
				if err := tx.QueryRow(ctx, `insert into effect values (1) returning n`).Scan(&n); err != nil {
					return nil, err
				}
				close(began)
				<-fail
				return nil, errors.New("no stock")
			})
		if err == nil || err.Error() != "no stock" {
			t.Errorf("first attempt: %v", err)
		}
	})
	<-began
	var answered atomic.Bool
	second.Go(func() {
		res, err := adjust(t.Context(), pool, key, 7)
		answered.Store(true)
		if err != nil || res.Value != 1 {
			t.Errorf("repeat: %v, %v", res, err)
		}
	})
	testkit.Eventually(t, "the repeat waits for the first attempt", func() bool { return testkit.WaitingForLocks(t, pool) > 0 })
	if answered.Load() {
		t.Error("the repeat did not wait")
	}
	close(fail)
	first.Wait()
	second.Wait()
	if n := effects(t, pool); n != 1 {
		t.Errorf("%d effects, want 1", n)
	}
}

// Collected calls look their ids up together and save them together; a save that
// another transaction forestalled fails by the key's name.
func TestCollectedCalls(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, migrations())
	req, res := durationpb.New(time.Second), durationpb.New(time.Minute)
	known, fresh := newKey(), newKey()
	save := func(key idempotency.Key) error {
		record, err := idempotency.NewRecord(key, req, res)
		if err != nil {
			t.Fatal(err)
		}
		return pool.InTx(t.Context(), func(ctx context.Context, tx *pg.Tx) error {
			return idempotency.Save(ctx, tx, []idempotency.Record{record})
		})
	}
	if err := save(known); err != nil {
		t.Fatal(err)
	}
	if err := save(known); pg.Violated(err) != "idempotency_pkey" {
		t.Errorf("saved twice: %v", err)
	}
	found, err := idempotency.Lookup(t.Context(), pool.Hot(), []idempotency.Key{fresh, known})
	if err != nil || len(found) != 1 {
		t.Fatalf("found %d, %v", len(found), err)
	}
	got := &durationpb.Duration{}
	if err := found[known].Reply(req, got); err != nil || !proto.Equal(got, res) {
		t.Errorf("got %v, %v", got, err)
	}
	if err := found[known].Reply(durationpb.New(2*time.Second), got); err == nil {
		t.Error("another request was answered")
	}
	if n, err := idempotency.Purge(t.Context(), pool, time.Now().Add(-time.Hour)); n != 0 || err != nil {
		t.Errorf("purged %d fresh records, %v", n, err)
	}
	if n, err := idempotency.Purge(t.Context(), pool, time.Now().Add(time.Hour)); n != 1 || err != nil {
		t.Errorf("purged %d old records, %v", n, err)
	}
}

// Two hundred thousand old answers are purged while calls are made and repeated. No call
// fails or has a second effect, young answers stay, and the old ones are found by the
// index.
func TestPurgeUnderCalls(t *testing.T) {
	t.Parallel()
	const old, young = 200_000, 5_000
	pool := testkit.Database(t, migrations())
	const each = 20_000 // no statement may take 30 s, on a busy machine either
	for begin := 1; begin <= old+young; begin += each {
		if _, err := pool.Exec(t.Context(), `
			insert into idempotency (request_id, rpc, caller, request, response, create_time)
			select gen_random_uuid(), 'AdjustStock', 'customer:' || i % 100, '\x08', '\x08',
			  now() - case when i <= $1 then interval '49 hours' else interval '47 hours' end
			from generate_series($2::int, $3::int) i`, old, begin, min(begin+each-1, old+young)); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	var calls sync.WaitGroup
	var during atomic.Int64
	for range 4 {
		calls.Go(func() {
			for ctx.Err() == nil {
				key := newKey()
				for range 2 {
					if _, err := adjust(t.Context(), pool, key, 7); err != nil {
						t.Errorf("a call during the purge: %v", err)
						return
					}
				}
				during.Add(1)
			}
		})
	}
	testkit.Eventually(t, "calls are made", func() bool { return during.Load() > 0 })
	before := during.Load()
	n, err := idempotency.Purge(t.Context(), pool, time.Now().Add(-48*time.Hour))
	meanwhile := during.Load() - before
	stop()
	calls.Wait()
	if err != nil || n != old {
		t.Errorf("purged %d, %v; want %d", n, err, old)
	}
	if meanwhile == 0 {
		t.Error("no call was answered while the purge ran")
	}
	var kept int64
	if err := pool.QueryRow(t.Context(), `select count(*) from idempotency`).Scan(&kept); err != nil || kept != young+during.Load() {
		t.Errorf("%d rows are left, %v; want %d", kept, err, young+during.Load())
	}
	if n := effects(t, pool); int64(n) != during.Load() {
		t.Errorf("%d effects of %d calls", n, during.Load())
	}
	var plan string
	if _, err := pool.Exec(t.Context(), `analyze idempotency`); err != nil {
		t.Fatal(err)
	}
	rows, err := pool.Query(t.Context(), `explain select request_id from idempotency where create_time < now() - interval '48 hours' order by create_time limit 1000`)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if plan = strings.Join(lines, "\n"); err != nil || !strings.Contains(plan, "Index Scan using idempotency_create_time") {
		t.Errorf("the old rows are looked for by %s, %v", plan, err)
	}
}

// Of a request that holds a person's data nothing is kept but a digest, and of its answer the id
// of what was made.
func TestOnceKeepsNoData(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, migrations())
	key, made := newKey(), uuid.New()
	once := func(text string) (uuid.UUID, error) {
		return idempotency.Once(t.Context(), pool, key, wrapperspb.String(text), func(ctx context.Context, tx *pg.Tx) (uuid.UUID, error) {
			_, err := tx.Exec(ctx, `insert into effect values (1)`)
			return made, err
		})
	}
	for range 2 {
		if id, err := once("ada@example.com"); err != nil || id != made {
			t.Fatalf("got %s, %v, want %s", id, err, made)
		}
	}
	if n := effects(t, pool); n != 1 {
		t.Errorf("%d effects, want 1", n)
	}
	if _, err := once("eve@example.com"); fault.ReasonOf(err) != fault.ReasonRequestIDReused {
		t.Errorf("another request: %v", err)
	}
	var kept int
	const holding = `select count(*) from idempotency where position('example'::bytea in request) > 0 or position('example'::bytea in response) > 0`
	if err := pool.QueryRow(t.Context(), holding).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("%d rows hold the address, %v", kept, err)
	}
}
