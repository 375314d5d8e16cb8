package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
)

// adjust changes a product's stock and notes it.
func (d *driver) adjust(rng *rand.Rand, p *product, delta int64) outcome {
	a := &adjustment{write: write{kind: "AdjustStock", requestID: newID(rng)}, delta: delta}
	p.mu.Lock()
	p.writes[a.requestID] = a
	p.mu.Unlock()
	req := &inventoryv1.AdjustStockRequest{RequestId: a.requestID, ProductCode: p.code, Delta: delta, Reason: a.requestID}
	call := func(ctx context.Context, k *endpoint) (*inventoryv1.AdjustStockResponse, error) {
		return k.stock.AdjustStock(ctx, req)
	}
	first, err := callUntilKnown(d.caller, rng, "inventory", &a.write, call)
	if err != nil {
		return a.outcome
	}
	p.mu.Lock()
	p.stock += delta
	p.mu.Unlock()
	if rng.IntN(4) > 0 {
		return a.outcome
	}
	d.tally.repeated()
	again := write{kind: "AdjustStock again", requestID: a.requestID}
	reply, err := callUntilKnown(d.caller, rng, "inventory", &again, call)
	switch {
	case again.outcome == refused:
		d.book.find(finding{kind: "REPEAT_REFUSED", subject: p.code, message: fmt.Sprintf("AdjustStock sent again was refused: %v", err)})
	case err == nil && !proto.Equal(reply, first):
		d.book.find(finding{kind: "REPEAT_DIFFERS", subject: p.code, message: fmt.Sprintf("AdjustStock sent again answered %v, the first answer was %v", reply, first)})
	}
	return a.outcome
}

// count is somebody in the storehouse: goods come, are counted, break.
func (d *driver) count(ctx context.Context, n uint64) {
	rng := d.random(1 + n)
	for sleep(ctx, time.Duration(50+rng.IntN(400))*time.Millisecond) == nil {
		p := d.products[rng.IntN(len(d.products))]
		if rng.IntN(2) == 0 {
			p = d.products[plenty+rng.IntN(scarce)]
		}
		delta := int64(rng.IntN(60) - 25)
		if delta == 0 {
			delta = -1000
		}
		d.adjust(rng, p, delta)
	}
}

// reprice changes prices, one at a time, so that the last one that was
// acknowledged is the one that must hold in the end.
func (d *driver) reprice(ctx context.Context) {
	rng := d.random(9)
	for sleep(ctx, time.Duration(200+rng.IntN(1500))*time.Millisecond) == nil {
		p := d.products[rng.IntN(len(d.products))]
		p.mu.Lock()
		next := p.price + int64(1+rng.IntN(5))
		p.prices[next] = true
		p.mu.Unlock()
		w := &write{kind: "UpdateProduct"}
		_, err := callUntilKnown(d.caller, rng, "catalog", w, func(ctx context.Context, k *endpoint) (*catalogv1.UpdateProductResponse, error) {
			return k.product.UpdateProduct(ctx, &catalogv1.UpdateProductRequest{
				Product: &catalogv1.Product{Id: p.id, Price: euros(next)}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"price"}},
			})
		})
		switch {
		case err == nil:
			p.mu.Lock()
			p.price = next
			p.mu.Unlock()
		case w.outcome == unknown:
			d.book.find(finding{kind: "NEVER_ANSWERED", subject: p.code, message: "UpdateProduct had no answer after the faults were over"})
		}
	}
}
