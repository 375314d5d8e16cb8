// Command bench measures the shop as a user runs it: orders through real RPCs
// until their mail is handed to an SMTP server, beside pgbench writing the same
// rows on the same PostgreSQL in the same minutes. It prints medians and ratios,
// which hold where a machine's speed drifts.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// bench is one run of the program.
type bench struct {
	dir         string
	program     string
	products    int
	duration    time.Duration
	rounds      int
	shop        *shop
	sink        *sink
	pgbenchRuns int
	windows     []int
	soaking     soakPlan
	// past is how many products and orders the long history has; 0 leaves it out.
	past int
	// pick draws the code of a product to order.
	pick func() string
	// best is the highest rate that a closed loop came to, in orders per second.
	best float64
	only string
}

func (b *bench) postgresDir() string { return filepath.Join(b.dir, "data", "postgres") }

func main() {
	short := flag.Bool("short", false, "a quick look: fewer products, seconds instead of minutes")
	products := flag.Int("products", 10_000, "how many products the shop has")
	duration := flag.Duration("duration", 15*time.Second, "how long each loop runs")
	rounds := flag.Int("rounds", 3, "how often each loop runs; the median is printed")
	windows := flag.String("windows", "32,256,1000", "how many orders each closed loop keeps under way")
	soak := flag.Duration("soak", 0, "instead of all else, place orders for so long and report what levels off, such as 30m")
	rate := flag.Float64("rate", 100, "orders a second of the soak")
	settings := flag.String("settings", "", "settings `file` of the soak's shop; by default what is kept for a time goes within minutes")
	keep := flag.Bool("keep", false, "keep the data directory and the log")
	past := flag.Int("past", 0, "also measure with so many past products and orders in the tables (1000000 takes minutes to write)")
	only := flag.String("only", "", `measure one part alone: "reads", "orders", or "searches" with -past`)
	bare := flag.Bool("bare", false, "be the bare handler that reads are compared with: the bench starts itself so")
	flood := flag.String("flood", "", "be the flood of sign-ins to this `address`: the bench starts itself so")
	flag.Parse()
	if *flood != "" {
		os.Exit(runFlood(*flood))
	}
	if *bare {
		os.Exit(serveBare())
	}
	b := &bench{products: *products, duration: *duration, rounds: *rounds, only: *only, past: *past, soaking: soakPlan{*soak, *rate, *settings}}
	if *soak < 0 || *soak > 0 && *rate <= 0 {
		fmt.Fprintf(os.Stderr, "bench: -soak %v -rate %v: give a time and a rate above 0\n", *soak, *rate)
		os.Exit(2)
	}
	b.pick = func() string { return productCode(rand.IntN(b.products)) }
	if !slices.Contains([]string{"", "reads", "orders", "searches"}, b.only) || b.only == "searches" && b.past == 0 {
		fmt.Fprintf(os.Stderr, "bench: -only %s: choose reads, orders, or searches with -past\n", b.only)
		os.Exit(2)
	}
	for text := range strings.SplitSeq(*windows, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			fmt.Fprintf(os.Stderr, "bench: -windows %s: give numbers of 1 and more, separated by commas\n", *windows)
			os.Exit(2)
		}
		b.windows = append(b.windows, n)
	}
	if *short {
		b.products, b.duration, b.rounds = 1_000, 5*time.Second, 1
	}
	os.Exit(b.main(*keep))
}

func (b *bench) main(keep bool) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := b.run(ctx, keep); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

func (b *bench) run(ctx context.Context, keep bool) (err error) {
	if b.dir, err = os.MkdirTemp("", "shopmesh-bench-"); err != nil {
		return err
	}
	if keep {
		fmt.Println("data:", b.dir)
	} else {
		defer func() { _ = os.RemoveAll(b.dir) }()
	}
	b.program = filepath.Join(b.dir, "shopmesh")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", b.program, "./cmd/shopmesh").CombinedOutput(); err != nil {
		return fmt.Errorf("build shopmesh: %w\n%s", err, out)
	}
	if b.sink, err = newSink(); err != nil {
		return err
	}
	defer b.sink.close()
	fmt.Printf("machine: %d cores, %s, %s/%s\n\n", runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if b.soaking.duration > 0 {
		return b.soak(ctx, b.soaking)
	}
	if err := b.starts(ctx); err != nil {
		return err
	}
	defer func() { _ = b.shop.stop() }()
	if b.only == "searches" {
		if err := b.addPast(ctx); err != nil {
			return err
		}
		return b.searching(ctx)
	}
	if b.only != "orders" {
		if err := b.reading(ctx); err != nil {
			return err
		}
	}
	if b.only == "reads" {
		return nil
	}
	if err := b.settings(ctx); err != nil {
		return err
	}
	if err := b.access(ctx); err != nil {
		return err
	}
	if err := preparePgbench(ctx, b.postgresDir(), b.products); err != nil {
		return err
	}
	if err := b.ordering(ctx); err != nil {
		return err
	}
	if err := b.hot(ctx); err != nil {
		return err
	}
	if err := b.paced(ctx); err != nil {
		return err
	}
	if err := b.flooded(ctx); err != nil {
		return err
	}
	if b.past > 0 {
		if err := b.flat(ctx); err != nil {
			return err
		}
	}
	now, peak := resident(b.shop.pid())
	fmt.Printf("memory of the Go process: %.0f MiB resident, %.0f MiB at its peak\n", now, peak)
	if b.sink.double > 0 {
		return fmt.Errorf("%d mails came twice", b.sink.double)
	}
	return b.audit(ctx)
}

// starts measures the first start in a new directory and later ones, and leaves the shop running.
func (b *bench) starts(ctx context.Context) (err error) {
	data := filepath.Join(b.dir, "data")
	if b.shop, err = start(b.program, data, b.sink.addr); err != nil {
		return err
	}
	cold := b.shop.started
	created, err := b.shop.fill(ctx, b.products)
	if err != nil {
		return fmt.Errorf("fill the shop: %w", err)
	}
	fmt.Printf("%d products created in %.1f s (%.0f/s)\n", b.products, created.Seconds(), float64(b.products)/created.Seconds())
	if err := b.countStatements(ctx); err != nil {
		return err
	}
	var warm []time.Duration
	for range 5 {
		if err := b.shop.stop(); err != nil {
			return fmt.Errorf("stop the shop: %w", err)
		}
		if b.shop, err = start(b.program, data, b.sink.addr); err != nil {
			return err
		}
		warm = append(warm, b.shop.started)
	}
	fmt.Printf("start: %.2f s in a new directory (programs fetched before), %.2f s warm (median of 5)\n\n", cold.Seconds(), percentile(warm, 0.5)/1000)
	return nil
}

// ordering runs pgbench and the closed loops in turn, and prints medians and ratios.
func (b *bench) ordering(ctx context.Context) error {
	fmt.Println("| side | orders/s | ratio to pgbench | CPU ms per order: PostgreSQL + shop + client | PlaceOrder p50/p99 ms | placed → mailed p50/p99 ms | per order |")
	fmt.Println("|---|---|---|---|---|---|---|")
	ratios := map[int][]float64{}
	for range b.rounds {
		p, err := b.pgbench(ctx, b.duration)
		if err != nil {
			return err
		}
		n := float64(p.orders)
		fmt.Printf("| pgbench, %d clients | %.0f | 1.0 | %.2f + 0 + %.2f | | | %s |\n", pgbenchClients, p.rate,
			float64(p.cpu.postgres.Microseconds())/1000/n, float64(p.cpu.bench.Microseconds())/1000/n, p.cost.each(p.orders))
		for _, w := range b.windows {
			begin, err := b.costs(ctx, "shopmesh")
			if err != nil {
				return err
			}
			placedBefore := len(b.sink.seen)
			r, err := b.loop(ctx, w, b.duration, 0)
			if err != nil {
				return err
			}
			end, err := b.costs(ctx, "shopmesh")
			if err != nil {
				return err
			}
			b.best = max(b.best, r.rate())
			ratio := r.rate() / p.rate
			ratios[w] = append(ratios[w], ratio)
			fmt.Printf("| shop, %d under way | %.0f | %.2f | %.2f + %.2f + %.2f | %.1f/%.1f | %.0f/%.0f | %s |\n", w, r.rate(), ratio,
				r.perOrder(r.cpu.postgres), r.perOrder(r.cpu.shop), r.perOrder(r.cpu.bench),
				percentile(r.place, 0.5), percentile(r.place, 0.99), percentile(r.mailed, 0.5), percentile(r.mailed, 0.99),
				end.minus(begin).each(len(b.sink.seen)-placedBefore))
		}
	}
	fmt.Println()
	for _, w := range b.windows {
		fmt.Printf("median ratio to pgbench with %d under way: %.2f\n", w, median(ratios[w]))
	}
	return nil
}

// median sorts the figures; between two middle ones it is their mean.
func median(figures []float64) float64 {
	slices.Sort(figures)
	n := len(figures)
	return (figures[(n-1)/2] + figures[n/2]) / 2
}

// paced places a quarter of the highest rate and reads from the shop's own history
// how long each order took from PLACED to CONFIRMED.
func (b *bench) paced(ctx context.Context) error {
	begin, rate := time.Now(), b.best/4
	if _, err := b.loop(ctx, 1000, b.duration, rate); err != nil {
		return err
	}
	conn, err := connectAdmin(ctx, b.postgresDir(), "shopmesh_order")
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var n int
	var p50, p99 float64
	err = conn.QueryRow(ctx, `
select count(*), percentile_cont(0.5) within group (order by ms), percentile_cont(0.99) within group (order by ms)
from (select extract(epoch from c.create_time - p.create_time) * 1000 as ms from order_history p join order_history c using (order_id)
      where p.state = 1 and c.state = 3 and p.create_time > $1) x`, begin.Add(b.duration/10)).Scan(&n, &p50, &p99)
	if err != nil {
		return fmt.Errorf("read the history: %w", err)
	}
	fmt.Printf("placed → confirmed at a quarter of the highest rate, %.0f orders/s: p50 %.0f ms, p99 %.0f ms (%d orders)\n", rate, p50, p99, n)
	return nil
}

// audit ends the bench: figures of a shop whose books disagree would be worth nothing.
func (b *bench) audit(ctx context.Context) error {
	audit := exec.CommandContext(ctx, b.program, "audit", "--addr", b.shop.internal, "--wait", "60s", "--token-file", "-")
	audit.Stdin = strings.NewReader(b.shop.token)
	out, err := audit.CombinedOutput()
	fmt.Printf("audit: %s", out)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}
