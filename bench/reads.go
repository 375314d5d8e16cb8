package main

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect/v2"
	"golang.org/x/sync/errgroup"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
)

// readers is how many callers read at once.
const readers = 32

// readRounds is how many rounds of reads there are for each of the bench's rounds:
// they are short, so that a slow minute of the machine meets all sides alike.
const readRounds = 5

// reader is one side of the comparison.
type reader struct {
	name string
	pid  int
	call func(ctx context.Context) error

	rates, ratios, cpu, database []float64
}

// reading measures what shoppers do most: GetProduct, with and without a token, beside a
// bare Connect handler that gives the same answer, in turn, and then a page of the list. A
// token makes a request longer, too: what that costs by itself is measured beside.
func (b *bench) reading(ctx context.Context) error {
	ids, err := b.shop.ids(ctx, b.products)
	if err != nil {
		return fmt.Errorf("read the products' ids: %w", err)
	}
	res, err := b.shop.product.GetProduct(ctx, &catalogv1.GetProductRequest{Code: productCode(b.products / 2)})
	if err != nil {
		return fmt.Errorf("GetProduct: %w", err)
	}
	bare, err := startBare(res)
	if err != nil {
		return err
	}
	defer bare.stop()
	anonymous := catalogv1connect.NewProductServiceClient(newClient(b.shop.api, ""))
	sides := []*reader{
		{name: "bare handler", pid: bare.pid(), call: func(ctx context.Context) error {
			_, err := bare.product.GetProduct(ctx, &catalogv1.GetProductRequest{Code: productCode(rand.IntN(b.products))})
			return err
		}},
		{name: "GetProduct by code", pid: b.shop.pid(), call: func(ctx context.Context) error {
			_, err := anonymous.GetProduct(ctx, &catalogv1.GetProductRequest{Code: productCode(rand.IntN(b.products))})
			return err
		}},
		{name: "GetProduct by code, with a token", pid: b.shop.pid(), call: func(ctx context.Context) error {
			_, err := b.shop.product.GetProduct(ctx, &catalogv1.GetProductRequest{Code: productCode(rand.IntN(b.products))})
			return err
		}},
		{name: "GetProduct by code, with as long a header that nobody reads", pid: b.shop.pid(), call: func(ctx context.Context) error {
			ctx, info := connect.NewClientContext(ctx)
			info.RequestHeader().Set("X-Nobody-Reads", "Bearer "+b.shop.token)
			_, err := anonymous.GetProduct(ctx, &catalogv1.GetProductRequest{Code: productCode(rand.IntN(b.products))})
			return err
		}},
		{name: "GetProduct by id", pid: b.shop.pid(), call: func(ctx context.Context) error {
			_, err := anonymous.GetProduct(ctx, &catalogv1.GetProductRequest{Id: ids[rand.IntN(b.products)]})
			return err
		}},
	}
	if err := b.readInTurn(ctx, "reads", sides); err != nil {
		return err
	}
	now, peak := resident(b.shop.pid())
	fmt.Printf("\nproduct cache: %s; memory of the Go process: %.0f MiB resident, %.0f MiB at its peak\n", b.shop.cached(ctx), now, peak)
	if err := b.listing(ctx); err != nil {
		return err
	}
	return b.browsing(ctx, res.GetProduct().GetCategoryId())
}

// readInTurn runs each side in each round, after one that warms up, and prints
// medians. A ratio is that of one round, to the first side.
func (b *bench) readInTurn(ctx context.Context, what string, sides []*reader) error {
	duration := b.duration / readRounds
	for round := range 1 + readRounds*b.rounds {
		var first float64
		for i, side := range sides {
			begin, err := measure(side.pid, b.shop.postmaster)
			if err != nil {
				return err
			}
			calls, rate, err := readAtOnce(ctx, duration, side.call)
			if err != nil {
				return fmt.Errorf("%s: %w", side.name, err)
			}
			end, err := measure(side.pid, b.shop.postmaster)
			if err != nil {
				return err
			}
			if i == 0 {
				first = rate
			}
			if round == 0 {
				continue
			}
			micros := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(max(calls, 1)) }
			side.rates, side.ratios = append(side.rates, rate), append(side.ratios, rate/first)
			side.cpu = append(side.cpu, micros(end.shop-begin.shop))
			side.database = append(side.database, micros(end.postgres-begin.postgres))
		}
	}
	fmt.Printf("| %s, %d callers, medians of %d rounds | calls/s | ratio | CPU µs per call: server + PostgreSQL |\n|---|---|---|---|\n", what, readers, readRounds*b.rounds)
	for _, side := range sides {
		fmt.Printf("| %s | %.0f | %.2f | %.1f + %.1f |\n", side.name, median(side.rates), median(side.ratios), median(side.cpu), median(side.database))
	}
	return nil
}

// listing measures a page of the list.
func (b *bench) listing(ctx context.Context) error {
	_, rate, err := readAtOnce(ctx, b.duration/3, func(ctx context.Context) error {
		_, err := b.shop.product.ListProducts(ctx, &catalogv1.ListProductsRequest{PageSize: 20, Filter: fmt.Sprintf("code >= %q", productCode(rand.IntN(b.products)))})
		return err
	})
	if err != nil {
		return fmt.Errorf("ListProducts: %w", err)
	}
	fmt.Printf("ListProducts of 20: %.0f/s (%d callers)\n\n", rate, readers)
	return nil
}

// readAtOnce has all readers call again and again, and returns how many calls were
// answered, and how many per second.
func readAtOnce(ctx context.Context, duration time.Duration, call func(ctx context.Context) error) (int, float64, error) {
	counts := make([]int, readers)
	begin := time.Now()
	var group errgroup.Group
	for i := range counts {
		group.Go(func() error {
			n := 0 // counted apart: neighbours in counts share a cache line
			for time.Since(begin) < duration {
				if err := call(ctx); err != nil {
					return err
				}
				n++
			}
			counts[i] = n
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return 0, 0, err
	}
	total := 0
	for _, n := range counts {
		total += n
	}
	return total, float64(total) / time.Since(begin).Seconds(), nil
}

// ids returns the products' ids by their number.
func (s *shop) ids(ctx context.Context, products int) ([]string, error) {
	ids := make([]string, 0, products)
	const most = 200 // what BatchGetProducts takes
	for len(ids) < products {
		req := &catalogv1.BatchGetProductsRequest{}
		for i := len(ids); i < min(len(ids)+most, products); i++ {
			req.Codes = append(req.Codes, productCode(i))
		}
		res, err := s.product.BatchGetProducts(ctx, req)
		if err != nil {
			return nil, err
		}
		if len(res.GetProducts()) != len(req.GetCodes()) {
			return nil, fmt.Errorf("%d of %d products are there", len(res.GetProducts()), len(req.GetCodes()))
		}
		for _, product := range res.GetProducts() {
			ids = append(ids, product.GetId())
		}
	}
	return ids, nil
}

// cached is what the shop's own metrics report of its product cache.
func (s *shop) cached(ctx context.Context) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.internal+"/metrics", nil)
	if err != nil {
		return err.Error()
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	found := map[string]float64{}
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		line := lines.Text()
		at := strings.LastIndexByte(line, ' ')
		if at < 0 {
			continue
		}
		text, value := line[:at], line[at+1:]
		if n, err := strconv.ParseFloat(value, 64); err == nil && strings.HasPrefix(text, "shopmesh_catalog_cache_") {
			name, _, _ := strings.Cut(strings.TrimPrefix(text, "shopmesh_catalog_cache_"), "{")
			if strings.Contains(text, `result="hit"`) {
				name = "hits"
			}
			found[name] += n // the reads that are left are misses and shared ones
		}
	}
	if len(found) == 0 {
		return "none"
	}
	hits := found["hits"]
	return fmt.Sprintf("%.2f %% hits, %.0f entries, %.1f MiB", 100*hits/max(1, hits+found["reads_total"]), found["entries"], found["size_bytes"]/(1<<20))
}
