package peers

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
)

// A count is used for two seconds, for its own filter, and no visitor makes the shop keep more of
// them than a thousand.
func TestACountIsKeptForAMoment(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	c := counts{now: func() time.Time { return now }}
	if _, known := c.of("a"); known {
		t.Error("what nobody counted is known")
	}
	c.keep("a", 7)
	now = now.Add(kept - 1)
	if total, known := c.of("a"); !known || total != 7 {
		t.Errorf("before it is too old: %d, %t", total, known)
	}
	if _, known := c.of("b"); known {
		t.Error("another filter has its count")
	}
	now = now.Add(1)
	if _, known := c.of("a"); known {
		t.Error("it is used when it is too old")
	}
	for n := range 3 * maxCounts {
		c.keep(strconv.Itoa(n), n)
		if len(c.byFilter) > maxCounts {
			t.Fatalf("%d filters are kept", len(c.byFilter))
		}
	}
	if total, known := c.of(strconv.Itoa(3*maxCounts - 1)); !known || total != 3*maxCounts-1 {
		t.Errorf("the last one: %d, %t", total, known)
	}
}

// lister stands in for the catalog, and notes which calls asked for a count.
type lister struct {
	catalogv1connect.ProductServiceClient

	asked []bool
	err   error
}

func (l *lister) ListProducts(_ context.Context, req *catalogv1.ListProductsRequest) (*catalogv1.ListProductsResponse, error) {
	l.asked = append(l.asked, req.GetIncludeTotalSize())
	if l.err != nil {
		return nil, l.err
	}
	res := &catalogv1.ListProductsResponse{}
	if req.GetIncludeTotalSize() {
		res.TotalSize = new(int32(300))
	}
	return res, nil
}

// All pages of a list tell how many it has, and ask for that once a moment. A list that could not
// be read is counted by the next page.
func TestAListIsCountedOnceForItsPages(t *testing.T) {
	t.Parallel()
	now, behind := time.Unix(1_800_000_000, 0), &lister{err: errors.New("away")}
	clock := func() time.Time { return now }
	c := &Catalog{products: behind, now: clock, counts: counts{now: clock}}
	list := func(filter, token string) {
		t.Helper()
		listed, err := c.List(t.Context(), &catalogv1.ListProductsRequest{Filter: filter, PageToken: token})
		if err == nil && listed.Total != 300 {
			t.Errorf("%q has %d products", filter, listed.Total)
		}
	}
	list("mugs", "")
	behind.err = nil
	list("mugs", "")
	list("mugs", "next")
	list("cups", "")
	now = now.Add(kept)
	list("mugs", "next")
	if want := []bool{true, true, false, true, true}; !slices.Equal(behind.asked, want) {
		t.Errorf("counts were asked for %v, want %v", behind.asked, want)
	}
}
