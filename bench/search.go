package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
)

// searchTries is how often each search is made.
const searchTries = 20

// pageOfOffice is how many orders the office shows at once.
const pageOfOffice = 50

// searching measures what the office asks with a long past: its search box, its views, its
// sums and its export, by one caller. The figures that others' shops are complained about for:
// medusajs/medusa#14534 (a search over many orders), woocommerce/woocommerce#58323 (counting
// them all).
func (b *bench) searching(ctx context.Context) error {
	office := orderv1connect.NewOrderServiceClient(newClient(b.shop.api, b.shop.token))
	number := func() string {
		n := fmt.Sprintf("%08X", rand.IntN(b.past))
		return n[:4] + "-" + n[4:]
	}
	words := func(word func() string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := office.ListOrders(ctx, &orderv1.ListOrdersRequest{PageSize: pageOfOffice, Filter: word(), IncludeTotalSize: true})
			return err
		}
	}
	searches := []struct {
		name string
		ask  func(context.Context) error
	}{
		{"all orders", words(func() string { return "" })},
		{"a number", words(func() string { return fmt.Sprintf("%q", number()) })},
		{"how a number begins", words(func() string { return fmt.Sprintf("%q", number()[:6]) })},
		{"an e-mail address", words(func() string { return fmt.Sprintf(`"ada%d@example.com"`, rand.IntN(b.past)) })},
		{"how an e-mail address begins", words(func() string { return fmt.Sprintf(`"ada%d"`, 100+rand.IntN(900)) })},
		{"a name that all have", words(func() string { return `"lovelace"` })},
		{"a word that none has", words(func() string { return fmt.Sprintf(`"nobody%d"`, rand.IntN(1000)) })},
		{"to be shipped", words(func() string { return "state = CONFIRMED" })},
		{"overdue", words(func() string { return "overdue = true" })},
		{"a word among those to be shipped", words(func() string { return fmt.Sprintf(`"ada%d" AND state = CONFIRMED`, 100+rand.IntN(900)) })},
		{"products: a part of a name", func(ctx context.Context) error {
			_, err := b.shop.product.ListProducts(ctx, &catalogv1.ListProductsRequest{
				PageSize: pageOfOffice, Filter: fmt.Sprintf(`"product %d"`, rand.IntN(b.past)), IncludeTotalSize: true,
			})
			return err
		}},
		{"sums of thirty days", func(ctx context.Context) error {
			day := func(ago int) string { return time.Now().AddDate(0, 0, -ago).Format(time.DateOnly) }
			_, err := office.SummarizeOrders(ctx, &orderv1.SummarizeOrdersRequest{StartDate: day(61), EndDate: day(32)})
			return err
		}},
	}
	fmt.Printf("| the office, with %d past orders, %d times each | p50 ms | p95 ms | most |\n|---|---|---|---|\n", b.past, searchTries)
	for _, search := range searches {
		if err := search.ask(ctx); err != nil { // connects, and fills what is cached
			return fmt.Errorf("%s: %w", search.name, err)
		}
		took := make([]time.Duration, 0, searchTries)
		for range searchTries {
			begin := time.Now()
			if err := search.ask(ctx); err != nil {
				return fmt.Errorf("%s: %w", search.name, err)
			}
			took = append(took, time.Since(begin))
		}
		fmt.Printf("| %s | %.0f | %.0f | %.0f |\n", search.name, percentile(took, 0.5), percentile(took, 0.95), percentile(took, 1))
	}
	return b.exporting(ctx, office)
}

// exporting measures the CSV of all orders.
func (b *bench) exporting(ctx context.Context, office orderv1connect.OrderServiceClient) error {
	begin := time.Now()
	stream, err := office.ExportOrders(ctx, &orderv1.ExportOrdersRequest{})
	if err != nil {
		return fmt.Errorf("ExportOrders: %w", err)
	}
	size := 0
	for {
		part, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("ExportOrders: %w", err)
		}
		size += len(part.GetCsv())
	}
	fmt.Printf("the export: %.0f MB in %.1f s\n\n", float64(size)/1e6, time.Since(begin).Seconds())
	return nil
}
