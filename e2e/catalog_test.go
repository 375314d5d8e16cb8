package e2e

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
)

// An owner's spreadsheet of 10,000 products goes in through CreateProduct, and
// is listed page by page, each product once.
func TestTenThousandProducts(t *testing.T) {
	t.Parallel()
	s := up(t)
	category := s.sell(euros(1, 0), 1).GetCategoryId()
	start := time.Now()
	var group errgroup.Group
	group.SetLimit(32)
	for i := range 10_000 {
		group.Go(func() error {
			_, err := s.product.CreateProduct(t.Context(), &catalogv1.CreateProductRequest{Product: &catalogv1.Product{
				Code: fmt.Sprintf("SHEET-%05d", i), Name: fmt.Sprintf("Row %d", i), CategoryId: category, Price: euros(int64(i/100), int32(i%100)),
			}})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("10,000 products in %v", time.Since(start).Round(time.Millisecond))
	seen := map[string]bool{}
	for token := ""; ; {
		page, err := s.product.ListProducts(t.Context(), &catalogv1.ListProductsRequest{PageSize: 1000, PageToken: token, OrderBy: "price desc"})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page.GetProducts() {
			if seen[p.GetCode()] {
				t.Fatalf("%s was listed twice", p.GetCode())
			}
			seen[p.GetCode()] = true
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	if len(seen) != 10_001 {
		t.Errorf("%d products were listed, want 10,001", len(seen))
	}
	s.reached(s.place(request("sandbox_declined", of("SHEET-09999", 1))).GetId(), cancelled)
}
