package order_test

import (
	"testing"

	"github.com/shopmesh/shopmesh/kit/authz"
)

// What accepting an order costs, with as many callers at once as share a batch.
func BenchmarkPlaceOrder(b *testing.B) {
	h := newHarness(b)
	h.sell("MUG", 500)
	owner := h.as(authz.Identity{Kind: authz.Owner})
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := owner.PlaceOrder(b.Context(), request()); err != nil {
				b.Error(err)
			}
		}
	})
	h.published()
}
