package order_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

func addItem(t *testing.T, shopper orderv1connect.CartServiceClient, request, code string, quantity int32) *orderv1.AddCartItemResponse {
	t.Helper()
	res, err := shopper.AddCartItem(t.Context(), &orderv1.AddCartItemRequest{ProductCode: code, Quantity: quantity, RequestId: request})
	if err != nil {
		t.Fatalf("add %d of %s: %v", quantity, code, err)
	}
	return res
}

// A request that is sent several times, at once too, adds once; others add to what is there.
func TestARequestAddsOnce(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	b.sell("PEN", 100)
	for name, shopper := range map[string]orderv1connect.CartServiceClient{
		"a customer": b.shopper(aCustomer()),
		"a guest":    b.shopper(holderOf(t, setItem(t, b.shopper(authz.Identity{}), "PEN", 1).GetCartToken())),
	} {
		t.Log(name)
		setItem(t, shopper, "PEN", 1)
		request, other := uuid.NewString(), uuid.NewString()
		var calls sync.WaitGroup
		for i := range 8 {
			calls.Go(func() {
				sent := []string{request, other}[i%2]
				if _, err := shopper.AddCartItem(t.Context(), &orderv1.AddCartItemRequest{ProductCode: "MUG", Quantity: 2, RequestId: sent}); err != nil {
					t.Error(err)
				}
			})
		}
		calls.Wait()
		wantCart(t, readCart(t, shopper), 2100, "1 PEN", "4 MUG")
		if res := addItem(t, shopper, request, "MUG", 2); !res.GetRepeated() || res.GetCartToken() != "" {
			t.Errorf("sent again it is answered %v", res)
		}
		// A change that is no addition leaves it known, until the product is taken out.
		setItem(t, shopper, "MUG", 1)
		wantCart(t, addItem(t, shopper, request, "MUG", 2).GetCart(), 600, "1 PEN", "1 MUG")
		setItem(t, shopper, "MUG", 0)
		if res := addItem(t, shopper, request, "MUG", 2); res.GetRepeated() {
			t.Error("what was taken out can't be added again")
		}
		wantCart(t, addItem(t, shopper, request, "MUG", 2).GetCart(), 1100, "1 PEN", "2 MUG")
	}
}

// Whoever is nobody yet gets a cart by the first addition, the same when it is sent again, and
// with its token the request is known, too.
func TestTheFirstAdditionMakesACart(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	anybody, request := b.shopper(authz.Identity{}), uuid.NewString()
	first := addItem(t, anybody, request, "MUG", 2)
	again := addItem(t, anybody, request, "MUG", 2)
	if first.GetCartToken() == "" || again.GetCartToken() != first.GetCartToken() || first.GetRepeated() || !again.GetRepeated() {
		t.Errorf("the answers are %v and %v", first, again)
	}
	holder := b.shopper(holderOf(t, first.GetCartToken()))
	if res := addItem(t, holder, request, "MUG", 2); !res.GetRepeated() {
		t.Error("the request that made the cart adds again")
	}
	wantCart(t, readCart(t, holder), 1000, "2 MUG")
	if other := addItem(t, anybody, uuid.NewString(), "MUG", 1); other.GetCartToken() == first.GetCartToken() {
		t.Error("two guests share a cart")
	}
	_, err := anybody.AddCartItem(t.Context(), &orderv1.AddCartItemRequest{ProductCode: "MUG", Quantity: 3, RequestId: request})
	testkit.Refused(t, err, connect.CodeAlreadyExists, "REQUEST_ID_REUSED")
}

// There is never more in a cart than an order may have, and the requests that it keeps are
// bounded.
func TestWhatAnAdditionRefuses(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	shopper := b.shopper(aCustomer())
	for _, row := range []struct {
		request, code string
		quantity      int32
		want          connect.Code
		reason        string
		field         string
	}{
		{uuid.NewString(), "HAT", 1, connect.CodeNotFound, "PRODUCT_NOT_FOUND", "product_code"},
		{uuid.NewString(), "MUG", 0, connect.CodeInvalidArgument, "INVALID_FIELD", "quantity"},
		{uuid.NewString(), "MUG", 10_001, connect.CodeInvalidArgument, "INVALID_FIELD", "quantity"},
		{"", "MUG", 1, connect.CodeInvalidArgument, "INVALID_FIELD", "request_id"},
	} {
		_, err := shopper.AddCartItem(t.Context(), &orderv1.AddCartItemRequest{ProductCode: row.code, Quantity: row.quantity, RequestId: row.request})
		testkit.Refused(t, err, row.want, row.reason, row.field)
	}
	first := uuid.NewString()
	addItem(t, shopper, first, "MUG", 9_000)
	wantCart(t, addItem(t, shopper, uuid.NewString(), "MUG", 9_000).GetCart(), 5_000_000, "10000 MUG")
	setItem(t, shopper, "MUG", 1)
	for range 200 {
		addItem(t, shopper, uuid.NewString(), "MUG", 1)
	}
	if kept := b.count(`select cardinality(additions) from carts`); kept != 200 {
		t.Errorf("%d requests are kept", kept)
	}
	if res := addItem(t, shopper, first, "MUG", 1); res.GetRepeated() {
		t.Error("it is still known")
	}
	if got := contents(readCart(t, shopper)); !slices.Equal(got, []string{fmt.Sprintf("%d MUG", 202)}) {
		t.Errorf("the cart holds %v", got)
	}
}
