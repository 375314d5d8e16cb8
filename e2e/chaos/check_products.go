package main

import (
	"context"
	"fmt"
	"time"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// quietBound is how long what follows from the last event may take, of all products
// together: levels are published every 30 s at least.
const quietBound = 60 * time.Second

// judgeProducts checks that no reader kept, or came back to, an old price or level.
func (c *checker) judgeProducts(ctx context.Context) error {
	deadline := time.Now().Add(quietBound)
	for _, p := range c.products {
		var last string
		for {
			var err error
			if last, err = c.compare(ctx, p); err != nil {
				return err
			}
			if last == "" || time.Now().After(deadline) {
				break
			}
			if err := sleep(ctx, 500*time.Millisecond); err != nil {
				return err
			}
		}
		if last != "" {
			c.book.find(finding{kind: "OLD_STATE", subject: p.code, message: last})
		}
	}
	return nil
}

func (c *checker) compare(ctx context.Context, p *product) (string, error) {
	shown, err := read(ctx, c.caller, "catalog", func(ctx context.Context, k *endpoint) (*catalogv1.GetProductResponse, error) {
		return k.product.GetProduct(ctx, &catalogv1.GetProductRequest{Code: p.code})
	})
	if err != nil {
		return "", fmt.Errorf("read product %s: %w", p.code, err)
	}
	quote, err := read(ctx, c.caller, "order", func(ctx context.Context, k *endpoint) (*orderv1.QuoteOrderResponse, error) {
		return k.order.QuoteOrder(ctx, &orderv1.QuoteOrderRequest{Lines: []*orderv1.OrderLineRequest{{ProductCode: p.code, Quantity: 1}}})
	})
	if err != nil {
		return "", fmt.Errorf("quote %s: %w", p.code, err)
	}
	stock, err := read(ctx, c.caller, "inventory", func(ctx context.Context, k *endpoint) (*inventoryv1.GetStockResponse, error) {
		return k.stock.GetStock(ctx, &inventoryv1.GetStockRequest{ProductCode: p.code})
	})
	if err != nil {
		return "", fmt.Errorf("read the stock of %s: %w", p.code, err)
	}
	price, quoted := cents(shown.GetProduct().GetPrice()), cents(quote.GetQuote().GetTotal())
	if price != p.price || quoted != p.price {
		return fmt.Sprintf("the price was last set to %d cents; catalog shows %d, order quotes %d", p.price, price, quoted), nil
	}
	if level, there := shown.GetProduct().GetAvailableQuantity(), stock.GetStock().GetAvailable(); level != there {
		return fmt.Sprintf("inventory has %d available, catalog shows %d", there, level), nil
	}
	return "", nil
}
