package app_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
)

func (h *harness) movements(t *testing.T, filter string, size int32) []domain.Movement {
	t.Helper()
	var all []domain.Movement
	for token := ""; ; {
		some, err := h.ListMovements(t.Context(), page.Request{Size: size, Token: token, Filter: filter})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, some.Items...)
		if some.Next == "" {
			return all
		}
		token = some.Next
	}
}

func TestTheLedgerIsListedNewestFirstPageByPage(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for n := range 3 {
		h.stocked(t, n, 10)
	}
	h.apply(t, h.placed(t, 1, line{0, 1}, line{1, 2}), confirmed(t, 1), h.placed(t, 2, line{1, 1}), confirmed(t, 2), cancelled(t, 1))
	all := h.movements(t, "", 2)
	if len(all) != 8 {
		t.Fatalf("%d movements, want 8", len(all))
	}
	for i := range all[1:] {
		if all[i].ID <= all[i+1].ID {
			t.Errorf("movement %d comes before %d", all[i].ID, all[i+1].ID)
		}
	}
	for filter, want := range map[string]int{
		`product_code = "P-1"`:                                              4,
		fmt.Sprintf(`product_id = "%s"`, productID(2)):                      1,
		fmt.Sprintf(`order_id = "%s"`, orderID(1)):                          4,
		fmt.Sprintf(`order_id = "%s" AND product_code = "P-1"`, orderID(1)): 2,
		`product_code = "nothing"`:                                          0,
		fmt.Sprintf(`order_id = "%s"`, uuid.New()):                          0,
	} {
		if got := h.movements(t, filter, 1); len(got) != want {
			t.Errorf("%s: %d movements, want %d", filter, len(got), want)
		}
	}
	for _, filter := range []string{`delta > 1`, `order_id = "x"`, `product_code = `, `id = 5`, `product_code = "P-1" OR order_id = "x"`} {
		if _, err := h.ListMovements(t.Context(), page.Request{Filter: filter}); fault.ReasonOf(err) != fault.ReasonFilterInvalid {
			t.Errorf("%s: %v", filter, err)
		}
	}
	first, err := h.ListMovements(t.Context(), page.Request{Size: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.ListMovements(t.Context(), page.Request{Token: first.Next, Filter: `product_code = "P-1"`}); fault.ReasonOf(err) != fault.ReasonPageTokenInvalid {
		t.Errorf("another list's token: %v", err)
	}
}

func TestLowStockIsListedScarcestFirst(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for n, onHand := range []int64{9, 0, 5, 6, 2, 0, 4} {
		h.stocked(t, n, onHand)
	}
	h.apply(t, h.placed(t, 1, line{0, 8})) // one of nine is available
	walk := func(threshold *int64) (available []int64) {
		for token := ""; ; {
			some, err := h.ListLow(t.Context(), threshold, page.Request{Size: 2, Token: token, TotalSize: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range some.Items {
				available = append(available, row.Available())
			}
			if some.Next == "" {
				if *some.TotalSize != int32(len(available)) {
					t.Errorf("a total of %d, listed are %d", *some.TotalSize, len(available))
				}
				return available
			}
			token = some.Next
		}
	}
	if got := fmt.Sprint(walk(nil)); got != "[0 0 1 2 4 5]" {
		t.Errorf("at the setting's threshold: %s", got)
	}
	if got := fmt.Sprint(walk(new(int64))); got != "[0 0]" {
		t.Errorf("at 0: %s", got)
	}
	most := int64(100)
	first, err := h.ListLow(t.Context(), &most, page.Request{Size: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.ListLow(t.Context(), nil, page.Request{Size: 1, Token: first.Next}); fault.ReasonOf(err) != fault.ReasonPageTokenInvalid {
		t.Errorf("the token of another threshold: %v", err)
	}
}

// A draft and an archived product are short of nothing: nobody can order them.
func TestLowStockHoldsWhatIsSoldUnlessAnotherStatusIsNamed(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for n := range 4 {
		h.stocked(t, n, int64(n))
	}
	h.in(t, func(ctx context.Context, tx *pg.Tx) error {
		return h.AddProducts(ctx, tx, []domain.Product{
			product(t, 1, domain.Draft, 2),
			product(t, 2, domain.Draft, 2),
			product(t, 2, domain.Archived, 4), // twice in a batch: the newest counts
			product(t, 2, domain.Active, 3),
			product(t, 3, domain.Archived, 5),
		})
	})
	h.in(t, func(ctx context.Context, tx *pg.Tx) error {
		// An older event comes late and changes nothing.
		return h.AddProducts(ctx, tx, []domain.Product{product(t, 3, domain.Active, 4)})
	})
	for filter, want := range map[string]string{
		"":                     "[P-0]",
		"status = ACTIVE":      "[P-0]",
		"status = DRAFT":       "[P-1]",
		"status = ARCHIVED":    "[P-2 P-3]",
		"status != ACTIVE":     "[P-1 P-2 P-3]",
		`product_code = "P-1"`: "[]",
		`product_code = "P-1" AND status = DRAFT`: "[P-1]",
	} {
		stocks, err := h.ListLow(t.Context(), nil, page.Request{Filter: filter})
		if err != nil {
			t.Fatal(err)
		}
		codes := []string{}
		for _, s := range stocks.Items {
			codes = append(codes, s.ProductCode())
		}
		if got := fmt.Sprint(codes); got != want {
			t.Errorf("%q lists %s, want %s", filter, got, want)
		}
	}
	// A product whose event has not come since the statuses are kept counts as sold.
	if _, err := h.pool.Exec(t.Context(), `delete from products`); err != nil {
		t.Fatal(err)
	}
	if stocks, err := h.ListLow(t.Context(), nil, page.Request{}); err != nil || len(stocks.Items) != 4 {
		t.Errorf("%d products of an unknown status are listed, %v; want 4", len(stocks.Items), err)
	}
	for _, filter := range []string{"status = SOLD", "colour = RED", "status ="} {
		if _, err := h.ListLow(t.Context(), nil, page.Request{Filter: filter}); fault.ReasonOf(err) != fault.ReasonFilterInvalid {
			t.Errorf("%q: %v", filter, err)
		}
	}
}

func TestStockIsReadByIDAndCodeEachProductOnce(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for n := range 4 {
		h.stocked(t, n, int64(n))
	}
	rows, err := h.BatchGet(t.Context(), []uuid.UUID{productID(2), uuid.New(), productID(0)}, []string{code(2), code(3), "nothing"})
	if err != nil || len(rows) != 3 || rows[0].ProductCode() != "P-0" || rows[1].ProductCode() != "P-2" || rows[2].ProductCode() != "P-3" {
		t.Errorf("rows %+v, error %v", rows, err)
	}
}
