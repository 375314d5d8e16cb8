package main

import (
	"context"
	"fmt"

	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
)

// checkStock compares each product's stock and movements with what was adjusted and sold.
func (c *checker) checkStock(ctx context.Context) error {
	sold := map[int]int64{}
	for _, o := range c.book.orders {
		switch c.orders[o.email].GetState() {
		case confirmed, shipped, delivered:
			for _, l := range o.lines {
				sold[l.product] += int64(l.quantity)
			}
		default:
		}
	}
	for i, p := range c.products {
		bad := func(kind, format string, args ...any) {
			c.book.find(finding{kind: kind, subject: p.code, message: fmt.Sprintf(format, args...)})
		}
		res, err := read(ctx, c.caller, "inventory", func(ctx context.Context, k *endpoint) (*inventoryv1.GetStockResponse, error) {
			return k.stock.GetStock(ctx, &inventoryv1.GetStockRequest{ProductCode: p.code})
		})
		if err != nil {
			return fmt.Errorf("read the stock of %s: %w", p.code, err)
		}
		s := res.GetStock()
		if want := p.stock - sold[i]; s.GetOnHand() != want || s.GetReserved() != 0 {
			bad("STOCK_DIFFERS", "%d on hand and %d reserved; adjusted by %d and sold %d leaves %d", s.GetOnHand(), s.GetReserved(), p.stock, sold[i], want)
		}
		if err := c.checkMovements(ctx, p, s.GetOnHand(), bad); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) checkMovements(ctx context.Context, p *product, onHand int64, bad func(kind, format string, args ...any)) error {
	there := map[string]int{}
	want := onHand // newest first: each line's on_hand_after is what the lines after it began with
	err := pages(ctx, c.driver, "inventory", func(ctx context.Context, k *endpoint, token string) ([]*inventoryv1.StockMovement, string, error) {
		res, err := k.stock.ListMovements(ctx, &inventoryv1.ListMovementsRequest{PageSize: 1000, PageToken: token, Filter: fmt.Sprintf("product_code = %q", p.code)})
		return res.GetMovements(), res.GetNextPageToken(), err
	}, func(some []*inventoryv1.StockMovement) {
		for _, m := range some {
			if m.GetOnHandAfter() != want || want < 0 {
				bad("LEDGER_DIFFERS", "movement %d leaves %d on hand, the ones after it make it %d", m.GetId(), m.GetOnHandAfter(), want)
			}
			want = m.GetOnHandAfter() - m.GetDelta()
			if m.GetKind() != inventoryv1.StockMovementKind_STOCK_MOVEMENT_KIND_ADJUSTMENT {
				continue
			}
			there[m.GetReason()]++
			if a := p.writes[m.GetReason()]; a == nil || a.delta != m.GetDelta() {
				bad("NOBODYS_ADJUSTMENT", "movement %d of %d pieces (%s) was not requested so", m.GetId(), m.GetDelta(), m.GetReason())
			}
		}
	})
	if err != nil {
		return fmt.Errorf("list the movements of %s: %w", p.code, err)
	}
	if want != 0 {
		bad("LEDGER_DIFFERS", "the movements begin with %d pieces", want)
	}
	for id, a := range p.writes {
		n := there[id]
		if a.outcome == acknowledged && n != 1 || a.outcome == refused && n != 0 {
			bad("ADJUSTMENT_DIFFERS", "AdjustStock %s was %s, and is %d times in the movements", id, outcomeOf(&a.write), n)
		}
		if a.outcome == unknown {
			bad("NEVER_ANSWERED", "AdjustStock %s had no answer after the faults were over", id)
		}
	}
	return nil
}
