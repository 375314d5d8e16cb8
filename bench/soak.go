package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// soakSettings make what is kept for a time go within minutes: mails' texts by their
// setting, answers to requests because they are born almost a day old; see age.
const soakSettings = `{
  "order": {"idempotencyRetention": "86400s"},
  "inventory": {"idempotencyRetention": "86400s"},
  "payment": {"idempotencyRetention": "86400s"},
  "notification": {"bodyRetention": "300s"},
  "edge": {"readsRate": "10000000/min", "ordersRate": "10000000/min"}
}`

// bornOld leaves an answer five minutes of the shortest retention that may be set.
const bornOld = "alter table idempotency alter column create_time set default now() - interval '23 hours 55 minutes'"

// soakPlan is how long orders are placed, and how many a second.
type soakPlan struct {
	duration time.Duration // 0: there is no soak
	rate     float64
	settings string // a file; empty for soakSettings
}

// figure is something that the soak watches.
type figure struct {
	name string
	unit string
	// slack is how much it may grow and still count as level, in its unit.
	slack float64
	// grows reports that it grows with every order, for ever: what an order leaves.
	grows bool
}

// figures are in the order of a sample's values.
func figures() []figure {
	return []figure{
		{"shop memory", "MiB", 20, false},
		{"PostgreSQL memory", "MiB", 40, false},
		{"goroutines", "", 30, false},
		{"files", "", 30, false},
		{"outbox", "MB", 10, false},
		{"answers", "MB", 10, false},
		{"mail texts", "MB", 5, false},
		{"log", "MB", 2200, false}, // PostgreSQL lets it grow to max_wal_size, 2 GB
		{"broker", "MB", 20, false},
		{"inbox", "MB", 10, false},
		{"business", "MB", 0, true},
	}
}

// sample is what the figures were at one time.
type sample struct {
	at     time.Duration
	orders int64 // that came to their end
	values []float64
}

// soak places orders at a rate for a time, and prints each minute how large everything
// is, and at the end what levels off. The shop runs as a user runs it, with the
// built-in inbox.
func (b *bench) soak(ctx context.Context, plan soakPlan) (err error) {
	duration, rate, settings := plan.duration, plan.rate, plan.settings
	if settings == "" {
		settings = filepath.Join(b.dir, "settings.json")
		if err := os.WriteFile(settings, []byte(soakSettings), 0o600); err != nil {
			return err
		}
	}
	if b.shop, err = start(b.program, filepath.Join(b.dir, "data"), "", "--settings", settings); err != nil {
		return err
	}
	defer func() { _ = b.shop.stop() }()
	if _, err := b.shop.fill(ctx, b.products); err != nil {
		return fmt.Errorf("fill the shop: %w", err)
	}
	if err := b.age(ctx); err != nil {
		return err
	}
	loading, stop := context.WithTimeout(ctx, duration)
	defer stop()
	group, groupCtx := errgroup.WithContext(loading)
	var placed atomic.Int64
	group.Go(func() error { return b.place(ctx, groupCtx, rate, &placed) })
	samples, err := b.watch(ctx, groupCtx, duration)
	if err := errors.Join(group.Wait(), err); err != nil {
		return err
	}
	fmt.Printf("\n%d orders placed in %v, %.0f/s\n", placed.Load(), duration, float64(placed.Load())/duration.Seconds())
	grown := judge(samples)
	if err := b.audit(ctx); err != nil {
		return err
	}
	if len(grown) > 0 {
		return fmt.Errorf("these did not level off: %s", strings.Join(grown, ", "))
	}
	return nil
}

// place keeps a rate of orders of all kinds, at most 256 calls at once; what is under
// way when loading ends is finished.
func (b *bench) place(ctx, loading context.Context, rate float64, placed *atomic.Int64) error {
	ticker := time.NewTicker(time.Duration(float64(time.Second) / rate))
	defer ticker.Stop()
	methods := []string{"sandbox_ok", "sandbox_ok", "sandbox_ok", "sandbox_ok", "sandbox_ok", "sandbox_ok", "sandbox_ok", "sandbox_declined", "sandbox_unknown_then_ok"}
	var calls errgroup.Group
	calls.SetLimit(256)
	var failure atomic.Pointer[error]
	for failure.Load() == nil {
		select {
		case <-loading.Done():
			return calls.Wait()
		case <-ticker.C:
		}
		req := b.order()
		req.PaymentMethod = methods[rand.IntN(len(methods))]
		calls.Go(func() error {
			if _, _, err := b.placeOrder(ctx, req); err != nil {
				err = fmt.Errorf("place an order: %w", err)
				failure.Store(&err)
				return err
			}
			placed.Add(1)
			return nil
		})
	}
	return calls.Wait()
}

// age has new answers count as almost a day old: the least retention that may be set
// is a day, and nobody watches that long.
func (b *bench) age(ctx context.Context) error {
	for _, context := range []string{"order", "inventory", "payment"} {
		conn, err := connectAdmin(ctx, b.postgresDir(), "shopmesh_"+context)
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, bornOld)
		if err := errors.Join(err, conn.Close(ctx)); err != nil {
			return fmt.Errorf("age the answers of %s: %w", context, err)
		}
	}
	return nil
}

// watch takes a sample each minute, or thirty in a shorter time, and prints it.
func (b *bench) watch(ctx, loading context.Context, duration time.Duration) ([]sample, error) {
	head, line := "| minutes | orders |", "|---|---|"
	for _, f := range figures() {
		head, line = head+fmt.Sprintf(" %s |", strings.TrimSpace(f.name+" "+f.unit)), line+"---|"
	}
	fmt.Printf("%s\n%s\n", head, line)
	ticker := time.NewTicker(min(time.Minute, duration/30))
	defer ticker.Stop()
	begin := time.Now()
	var samples []sample
	for {
		s, err := b.sample(ctx)
		if err != nil {
			return samples, err
		}
		s.at = time.Since(begin)
		samples = append(samples, s)
		row := fmt.Sprintf("| %.1f | %d |", s.at.Minutes(), s.orders)
		for _, v := range s.values {
			row += fmt.Sprintf(" %.0f |", v)
		}
		fmt.Println(row)
		select {
		case <-loading.Done():
			return samples, nil
		case <-ticker.C:
		}
	}
}

// judge prints what each figure did, and names those that should be level and are not:
// whose highest value in the last third of the time is above that of the third before.
func judge(samples []sample) (grown []string) {
	n := len(samples)
	middle, last := samples[n/3:n-n/3], samples[n-n/3:]
	if n < 6 {
		fmt.Println("too few samples to judge what levels off")
		return nil
	}
	highest := func(part []sample, i int) (top float64) {
		for _, s := range part {
			top = max(top, s.values[i])
		}
		return top
	}
	for i, f := range figures() {
		before, after := highest(middle, i), highest(last, i)
		switch {
		case f.grows:
			first, end := middle[0], last[len(last)-1]
			perOrder := (end.values[i] - first.values[i]) * 1000 / float64(max(end.orders-first.orders, 1))
			fmt.Printf("%s: %.1f kB an order, which is what an order leaves\n", f.name, perOrder)
		case after > before*1.1 && after > before+f.slack:
			grown = append(grown, f.name)
			fmt.Printf("%s: STILL GROWS, at most %.0f %s in the second third and %.0f in the last\n", f.name, before, f.unit, after)
		default:
			fmt.Printf("%s: level, at most %.0f %s in the second third and %.0f in the last\n", f.name, before, f.unit, after)
		}
	}
	return grown
}

// sample reads all figures.
func (b *bench) sample(ctx context.Context) (sample, error) {
	tables, orders, err := b.tables(ctx)
	if err != nil {
		return sample{}, err
	}
	memory, _ := resident(b.shop.pid())
	goroutines, err := b.goroutines(ctx)
	if err != nil {
		return sample{}, err
	}
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", b.shop.pid()))
	if err != nil {
		return sample{}, err
	}
	data := b.shop.data
	return sample{orders: orders, values: []float64{
		memory, b.postgresMemory(), goroutines, float64(len(files)),
		tables["outbox"], tables["answers"], tables["mail texts"],
		folderSize(filepath.Join(data, "postgres", "cluster", "pg_wal")), folderSize(filepath.Join(data, "broker")),
		folderSize(filepath.Join(data, "inbox")), tables["business"],
	}}, nil
}

// tables returns the sizes of the kinds of tables in MB, indexes and all, and how many
// orders came to their end. "mail texts" are what the texts alone hold.
func (b *bench) tables(ctx context.Context) (sizes map[string]float64, orders int64, err error) {
	sizes = map[string]float64{}
	for _, name := range []string{"catalog", "config", "customer", "identity", "inventory", "notification", "order", "payment", "sandbox"} {
		conn, err := connectAdmin(ctx, b.postgresDir(), "shopmesh_"+name)
		if err != nil {
			return nil, 0, err
		}
		var outbox, answers, business int64
		err = conn.QueryRow(ctx, `
select coalesce(sum(s) filter (where relname = 'outbox'), 0)::bigint, coalesce(sum(s) filter (where relname = 'idempotency'), 0)::bigint,
  coalesce(sum(s) filter (where relname not in ('outbox', 'idempotency')), 0)::bigint
from (select relname, pg_total_relation_size(oid) as s from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace) t`).Scan(&outbox, &answers, &business)
		sizes["outbox"] += float64(outbox) / 1e6
		sizes["answers"] += float64(answers) / 1e6
		sizes["business"] += float64(business) / 1e6
		if err == nil && name == "order" {
			err = conn.QueryRow(ctx, "select count(*) from orders where state in (3, 6)").Scan(&orders)
		}
		if err == nil && name == "notification" {
			var texts float64
			err = conn.QueryRow(ctx, "select coalesce(sum(octet_length(content)), 0)::float8 / 1e6 from notifications where status = 2 and content <> ''").Scan(&texts)
			sizes["mail texts"] = texts
		}
		if err := errors.Join(err, conn.Close(ctx)); err != nil {
			return nil, 0, fmt.Errorf("measure %s: %w", name, err)
		}
	}
	return sizes, orders, nil
}

// goroutines reads from the shop's profile how many there are.
func (b *bench) goroutines(ctx context.Context) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.shop.internal+"/debug/pprof/goroutine?debug=1", nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+b.shop.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	var n int
	line, err := bufio.NewReader(res.Body).ReadString('\n')
	if err == nil {
		_, err = fmt.Sscanf(line, "goroutine profile: total %d", &n)
	}
	if err != nil {
		return 0, fmt.Errorf("count goroutines in %q: %w", line, err)
	}
	return float64(n), nil
}

// postgresMemory is what PostgreSQL's processes hold together, each page counted once
// (proc(5), smaps_rollup), in MiB.
func (b *bench) postgresMemory() (sum float64) {
	for _, pid := range append(childrenOf(b.shop.postmaster), b.shop.postmaster) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			continue // a connection that was closed just now
		}
		_, rest, _ := strings.Cut(string(text), "\nPss:")
		var kB float64
		_, _ = fmt.Sscan(rest, &kB)
		sum += kB / 1024
	}
	return sum
}

// folderSize is what the files in a folder take on the disk, in MB; those that go meanwhile
// count nothing.
func folderSize(dir string) (sum float64) {
	_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil //nolint:nilerr // it is gone
		}
		if info, err := entry.Info(); err == nil {
			sum += float64(info.Size()) / 1e6
		}
		return nil
	})
	return sum
}
