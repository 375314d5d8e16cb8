package order_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

func aCustomer() authz.Identity { return authz.Identity{Kind: authz.Customer, ID: uuid.NewString()} }

// holderOf is the guest who shows a cart's token.
func holderOf(t *testing.T, cartToken string) authz.Identity {
	t.Helper()
	hash, err := token.ReadCart(cartToken)
	if err != nil {
		t.Fatalf("%q: %v", cartToken, err)
	}
	return authz.GuestOfCart(hash)
}

func setItem(t *testing.T, shopper orderv1connect.CartServiceClient, code string, quantity int32) *orderv1.SetCartItemResponse {
	t.Helper()
	res, err := shopper.SetCartItem(t.Context(), &orderv1.SetCartItemRequest{ProductCode: code, Quantity: &quantity})
	if err != nil {
		t.Fatalf("%d of %s: %v", quantity, code, err)
	}
	return res
}

func readCart(t *testing.T, shopper orderv1connect.CartServiceClient) *orderv1.Cart {
	t.Helper()
	res, err := shopper.GetCart(t.Context(), &orderv1.GetCartRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return res.GetCart()
}

// contents are what is in a cart, such as "2 MUG".
func contents(cart *orderv1.Cart) []string {
	in := []string{}
	for _, line := range cart.GetLines() {
		in = append(in, fmt.Sprintf("%d %s", line.GetQuantity(), line.GetProductCode()))
	}
	return in
}

func wantCart(t *testing.T, cart *orderv1.Cart, cents int64, want ...string) {
	t.Helper()
	if got := contents(cart); !slices.Equal(got, want) {
		t.Errorf("the cart holds %v, want %v", got, want)
	}
	total, err := moneypb.FromProto(cart.GetTotal())
	if cents > 0 && (err != nil || total != euros(cents)) || cents == 0 && cart.GetTotal() != nil {
		t.Errorf("the cart costs %v, %v, want %v", total, err, euros(cents))
	}
}

// A customer fills a cart, changes their mind, and finds it on every device.
func TestACustomerHasOneCart(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	b.sell("PEN", 120)
	ada := aCustomer()
	laptop, phone := b.shopper(ada), b.shopper(ada)
	empty := readCart(t, laptop)
	wantCart(t, empty, 0)
	if n := b.count(`select count(*) from carts`); n != 0 {
		t.Errorf("reading made %d carts", n)
	}
	setItem(t, laptop, "MUG", 2)
	setItem(t, phone, "PEN", 3)
	res := setItem(t, laptop, "MUG", 1) // the quantity that shall be, not one more
	wantCart(t, res.GetCart(), 860, "1 MUG", "3 PEN")
	if res.GetCartToken() != "" {
		t.Error("a customer's cart has a token")
	}
	wantCart(t, setItem(t, phone, "MUG", 0).GetCart(), 360, "3 PEN")
	wantCart(t, setItem(t, phone, "HAT", 0).GetCart(), 360, "3 PEN") // what is not in it can be taken out
	customer := b.shopper(testkit.ServiceCaller("customer"))
	exported, err := customer.ExportCart(t.Context(), &orderv1.ExportCartRequest{CustomerId: ada.ID})
	if err != nil {
		t.Fatal(err)
	}
	wantCart(t, exported.GetCart(), 360, "3 PEN")
	none, err := customer.ExportCart(t.Context(), &orderv1.ExportCartRequest{CustomerId: uuid.NewString()})
	if err != nil {
		t.Fatal(err)
	}
	wantCart(t, none.GetCart(), 0)
	line := readCart(t, laptop).GetLines()[0]
	if line.GetName() != "A PEN" || line.GetUnitPrice().GetUnits() != 1 || line.GetTotal().GetUnits() != 3 {
		t.Errorf("the line is %v", line)
	}
	cleared, err := phone.ClearCart(t.Context(), &orderv1.ClearCartRequest{})
	if err != nil {
		t.Fatal(err)
	}
	wantCart(t, cleared.GetCart(), 0)
	wantCart(t, readCart(t, b.shopper(aCustomer())), 0)
}

// A cart has the prices of now; what is not sold any more stays in it, is named, and does
// not count.
func TestACartIsPricedAtEachReading(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	mug, pen := b.sell("MUG", 500), b.sell("PEN", 120)
	shopper := b.shopper(aCustomer())
	setItem(t, shopper, "PEN", 1)
	before := setItem(t, shopper, "MUG", 2).GetCart()
	mug.Price = moneypb.Proto(euros(700))
	pen.Status = catalogv1.ProductStatus_PRODUCT_STATUS_ARCHIVED
	b.handle(event(uuid.MustParse(mug.GetId()), 2, &catalogv1.ProductChanged{Product: mug, Version: 2}),
		event(uuid.MustParse(pen.GetId()), 2, &catalogv1.ProductChanged{Product: pen, Version: 2}))
	after := readCart(t, shopper)
	wantCart(t, after, 1400, "1 PEN", "2 MUG")
	if !slices.Equal(after.GetUnavailableCodes(), []string{"PEN"}) || after.GetLines()[0].GetUnitPrice() != nil || after.GetLines()[0].GetName() != "A PEN" {
		t.Errorf("unavailable are %v, the first line is %v", after.GetUnavailableCodes(), after.GetLines()[0])
	}
	if after.GetEtag() != before.GetEtag() {
		t.Error("a price changed what is in the cart")
	}
	// A product that vanished from what order knows is named, too.
	if _, err := b.pool.Exec(t.Context(), `delete from products where code = 'MUG'`); err != nil {
		t.Fatal(err)
	}
	gone := readCart(t, shopper)
	wantCart(t, gone, 0, "1 PEN", "2 MUG")
	if !slices.Equal(gone.GetUnavailableCodes(), []string{"PEN", "MUG"}) {
		t.Errorf("unavailable are %v", gone.GetUnavailableCodes())
	}
}

func TestWhatACartRefuses(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	b.sell("GEM", 1<<62)
	old, draft, yen := b.sell("OLD", 500), b.sell("SOON", 500), b.sell("YEN", 500)
	old.Status, draft.Status = catalogv1.ProductStatus_PRODUCT_STATUS_ARCHIVED, catalogv1.ProductStatus_PRODUCT_STATUS_DRAFT
	yen.Price.CurrencyCode = "JPY"
	for _, p := range []*catalogv1.Product{old, draft, yen} {
		b.handle(event(uuid.MustParse(p.GetId()), 2, &catalogv1.ProductChanged{Product: p, Version: 2}))
	}
	shopper := b.shopper(aCustomer())
	first := setItem(t, shopper, "MUG", 1).GetCart()
	for name, row := range map[string]struct {
		code, etag string
		quantity   int32
		want       connect.Code
		reason     string
		fields     []string
	}{
		"unknown":   {"HAT", "", 1, connect.CodeNotFound, "PRODUCT_NOT_FOUND", []string{"product_code"}},
		"a draft":   {"SOON", "", 1, connect.CodeNotFound, "PRODUCT_NOT_FOUND", []string{"product_code"}},
		"archived":  {"OLD", "", 1, connect.CodeFailedPrecondition, "PRODUCT_ARCHIVED", []string{"product_code"}},
		"currency":  {"YEN", "", 1, connect.CodeInvalidArgument, "CURRENCY_MIXED", []string{"product_code"}},
		"too dear":  {"GEM", "", 2, connect.CodeInvalidArgument, "TOTAL_TOO_LARGE", []string{"quantity"}},
		"too many":  {"MUG", "", 10_001, connect.CodeInvalidArgument, "INVALID_FIELD", []string{"quantity"}},
		"negative":  {"MUG", "", -1, connect.CodeInvalidArgument, "INVALID_FIELD", []string{"quantity"}},
		"no code":   {"", "", 1, connect.CodeInvalidArgument, "INVALID_FIELD", []string{"product_code"}},
		"old etag":  {"MUG", "AAAAAAAAAAAAAAAA", 3, connect.CodeAborted, "ETAG_MISMATCH", nil},
		"its etag?": {"MUG", first.GetEtag() + "x", 3, connect.CodeAborted, "ETAG_MISMATCH", nil},
	} {
		_, err := shopper.SetCartItem(t.Context(), &orderv1.SetCartItemRequest{ProductCode: row.code, Quantity: &row.quantity, Etag: row.etag})
		t.Log(name)
		testkit.Refused(t, err, row.want, row.reason, row.fields...)
	}
	// Whoever forgets the quantity does not mean 0, which would take the product out.
	_, err := shopper.SetCartItem(t.Context(), &orderv1.SetCartItemRequest{ProductCode: "MUG"})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "quantity")
	_, err = shopper.ClearCart(t.Context(), &orderv1.ClearCartRequest{Etag: "AAAAAAAAAAAAAAAA"})
	testkit.Refused(t, err, connect.CodeAborted, "ETAG_MISMATCH")
	wantCart(t, readCart(t, shopper), 500, "1 MUG")
	if _, err := shopper.SetCartItem(t.Context(), &orderv1.SetCartItemRequest{ProductCode: "MUG", Quantity: new(int32(4)), Etag: first.GetEtag()}); err != nil {
		t.Error(err)
	}
	for _, caller := range []authz.Identity{{}, {Kind: authz.Owner}} {
		_, err := b.shopper(caller).GetCart(t.Context(), &orderv1.GetCartRequest{})
		if caller.Kind == authz.Owner {
			testkit.Refused(t, err, connect.CodeNotFound, "CART_NOT_FOUND")
			continue
		}
		testkit.Refused(t, err, connect.CodeUnauthenticated, "UNAUTHENTICATED")
	}
}

func TestACartHas200Lines(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	for i := range domain.MaxLines + 1 {
		b.sell(fmt.Sprintf("P%d", i), 100)
	}
	shopper := b.shopper(aCustomer())
	for i := range domain.MaxLines {
		setItem(t, shopper, fmt.Sprintf("P%d", i), 1)
	}
	_, err := shopper.SetCartItem(t.Context(), &orderv1.SetCartItemRequest{ProductCode: "P200", Quantity: new(int32(1))})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "product_code")
	// Neither does a merge lose what has no room.
	guest := setItem(t, b.shopper(authz.Identity{}), "P200", 1)
	_, err = shopper.MergeCart(t.Context(), &orderv1.MergeCartRequest{CartToken: guest.GetCartToken(), RequestId: uuid.NewString()})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "cart_token")
	wantCart(t, readCart(t, b.shopper(holderOf(t, guest.GetCartToken()))), 100, "1 P200")
}

// A product whose event did not come yet is looked up in catalog.
func TestAProductThatIsNewGoesIntoACart(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.shelf = []domain.Product{{ID: uuid.New(), Code: "MUG", Name: "Mug", Price: euros(500), Status: domain.ProductActive}}
	wantCart(t, setItem(t, b.shopper(aCustomer()), "MUG", 1).GetCart(), 500, "1 MUG")
	b.shelf = append(b.shelf, domain.Product{ID: uuid.New(), Code: "PEN", Name: "Pen", Price: euros(100), Status: domain.ProductActive})
	wantCart(t, setItem(t, b.shopper(authz.Identity{}), "PEN", 1).GetCart(), 100, "1 PEN")
	if b.lookups != 2 {
		t.Errorf("catalog was called %d times", b.lookups)
	}
}

// Whoever is nobody yet gets a cart and its token, once, though the answer is lost; the
// token is stored nowhere.
func TestAGuestGetsACartAndItsToken(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	anybody := b.shopper(authz.Identity{})
	req := &orderv1.SetCartItemRequest{ProductCode: "MUG", Quantity: new(int32(2)), RequestId: uuid.NewString()}
	var answers [5]*orderv1.SetCartItemResponse
	var calls sync.WaitGroup
	for i := range answers {
		calls.Go(func() {
			var err error
			if answers[i], err = anybody.SetCartItem(t.Context(), req); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	first := answers[0].GetCartToken()
	for _, answer := range answers {
		wantCart(t, answer.GetCart(), 1000, "2 MUG")
		if answer.GetCartToken() != first || answer.GetCart().GetId() != answers[0].GetCart().GetId() {
			t.Error("a repeated request got another cart")
		}
	}
	if n := b.count(`select count(*) from carts`); n != 1 {
		t.Errorf("%d carts were made", n)
	}
	_, payload, err := token.Parse(first)
	if err != nil {
		t.Fatal(err)
	}
	if n := b.count(`select (select count(*) from carts c where position($1::bytea in c::text::bytea) > 0 or c.token_hash = $2)
		+ (select count(*) from idempotency where position($1::bytea in request || response) > 0)`, []byte(first), payload); n != 0 {
		t.Errorf("the token is stored in %d rows", n)
	}
	holder := b.shopper(holderOf(t, first))
	res := setItem(t, holder, "MUG", 3)
	if res.GetCartToken() != "" {
		t.Error("the token of a cart that was there is answered again")
	}
	wantCart(t, readCart(t, holder), 1500, "3 MUG")

	// From another network, and with another request, it is another cart.
	b.network.Store("192.0.2.2")
	elsewhere, err := anybody.SetCartItem(t.Context(), req)
	if err != nil || elsewhere.GetCartToken() == first {
		t.Errorf("somebody else got the cart: %v", err)
	}
	b.network.Store("192.0.2.1")
	req.Quantity = new(int32(1))
	_, err = anybody.SetCartItem(t.Context(), req)
	testkit.Refused(t, err, connect.CodeAlreadyExists, "REQUEST_ID_REUSED")
	one, another := setItem(t, anybody, "MUG", 1), setItem(t, anybody, "MUG", 1)
	if one.GetCartToken() == another.GetCartToken() {
		t.Error("two guests share a cart")
	}
}

// A token opens the guest's cart that it was given out for, and no other; an unknown one
// answers as one whose cart is gone; no token reaches the cart of a customer.
func TestCustomerCartRefusesForeignToken(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	ada := aCustomer()
	setItem(t, b.shopper(ada), "MUG", 2)
	// What somebody could make of what they know of Ada's cart: its id, a hash of nothing.
	id := uuid.MustParse(ada.ID)
	forged := [32]byte{}
	copy(forged[:], id[:])
	for name, guest := range map[string]authz.Identity{
		"the cart's id":   authz.GuestOfCart(forged),
		"nothing":         authz.GuestOfCart([32]byte{}),
		"an unknown one":  holderOf(t, token.ForCart([32]byte{1})),
		"made of its id":  holderOf(t, token.ForCart(forged)),
		"hash of nothing": authz.GuestOfCart(token.Hash("")),
	} {
		t.Log(name)
		shopper := b.shopper(guest)
		_, err := shopper.GetCart(t.Context(), &orderv1.GetCartRequest{})
		missing := testkit.Refused(t, err, connect.CodeNotFound, "CART_NOT_FOUND")
		_, err = shopper.SetCartItem(t.Context(), &orderv1.SetCartItemRequest{ProductCode: "MUG", Quantity: new(int32(9))})
		if other := testkit.Refused(t, err, connect.CodeNotFound, "CART_NOT_FOUND"); other.Message != missing.Message {
			t.Errorf("%q and %q distinguish two cases", other.Message, missing.Message)
		}
		_, err = shopper.ClearCart(t.Context(), &orderv1.ClearCartRequest{})
		testkit.Refused(t, err, connect.CodeNotFound, "CART_NOT_FOUND")
	}
	// Nor is a guest's cart reached as a customer's, by its id.
	guest := setItem(t, b.shopper(authz.Identity{}), "MUG", 1)
	wantCart(t, readCart(t, b.shopper(authz.Identity{Kind: authz.Customer, ID: guest.GetCart().GetId()})), 0)
	bob := b.shopper(aCustomer())
	for _, text := range []string{token.ForCart(forged), "sm_ct_", "x", ada.ID, guest.GetCart().GetId()} {
		_, err := bob.MergeCart(t.Context(), &orderv1.MergeCartRequest{CartToken: text, RequestId: uuid.NewString()})
		testkit.Refused(t, err, connect.CodeNotFound, "CART_NOT_FOUND")
	}
	wantCart(t, readCart(t, b.shopper(ada)), 1000, "2 MUG")
	wantCart(t, readCart(t, bob), 0)
}

// Two carts that are merged at once both arrive, and one that is merged by two tabs at once
// counts once.
func TestTwoMergesLoseNothing(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	b.sell("PEN", 100)
	anybody := b.shopper(authz.Identity{})
	for round := range 5 {
		ada := b.shopper(aCustomer())
		if round%2 == 1 {
			setItem(t, ada, "PEN", 1)
		}
		home, work := setItem(t, anybody, "MUG", 2).GetCartToken(), setItem(t, anybody, "MUG", 3).GetCartToken()
		setItem(t, b.shopper(holderOf(t, work)), "PEN", 4)
		var calls sync.WaitGroup
		for i := range 6 {
			calls.Go(func() {
				if _, err := ada.MergeCart(t.Context(), &orderv1.MergeCartRequest{
					CartToken: []string{home, work}[i%2], RequestId: uuid.NewString(),
				}); err != nil {
					t.Error(err)
				}
			})
		}
		calls.Wait()
		got := contents(readCart(t, ada))
		want := []string{"5 MUG", fmt.Sprintf("%d PEN", 4+round%2)}
		slices.Sort(got)
		if slices.Sort(want); !slices.Equal(got, want) {
			t.Errorf("the cart holds %v, want %v", got, want)
		}
	}
}

// A guest's cart that was merged is over: for the guest, for other customers, and for the
// same request sent again.
func TestAMergedCartIsOver(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	cartToken := setItem(t, b.shopper(authz.Identity{}), "MUG", 2).GetCartToken()
	ada, bob := b.shopper(aCustomer()), b.shopper(aCustomer())
	req := &orderv1.MergeCartRequest{CartToken: cartToken, RequestId: uuid.NewString()}
	for range 3 {
		res, err := ada.MergeCart(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		wantCart(t, res.GetCart(), 1000, "2 MUG")
	}
	if n := b.count(`select count(*) from idempotency where position($1::bytea in request || response) > 0`, []byte(cartToken)); n != 0 {
		t.Error("the token is stored with the request")
	}
	other := &orderv1.MergeCartRequest{CartToken: setItem(t, b.shopper(authz.Identity{}), "MUG", 1).GetCartToken(), RequestId: req.GetRequestId()}
	_, err := ada.MergeCart(t.Context(), other)
	testkit.Refused(t, err, connect.CodeAlreadyExists, "REQUEST_ID_REUSED")
	_, err = bob.MergeCart(t.Context(), req)
	testkit.Refused(t, err, connect.CodeNotFound, "CART_NOT_FOUND")
	guest := b.shopper(holderOf(t, cartToken))
	_, err = guest.GetCart(t.Context(), &orderv1.GetCartRequest{})
	testkit.Refused(t, err, connect.CodeNotFound, "CART_NOT_FOUND")
	_, err = guest.SetCartItem(t.Context(), &orderv1.SetCartItemRequest{ProductCode: "MUG", Quantity: new(int32(1))})
	testkit.Refused(t, err, connect.CodeNotFound, "CART_NOT_FOUND")
	for _, nobody := range []authz.Identity{holderOf(t, cartToken), {Kind: authz.Staff, ID: uuid.NewString()}, {Kind: authz.Owner}} {
		_, err = b.shopper(nobody).MergeCart(t.Context(), other)
		testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED")
	}
	// Together there are never more than an order may have.
	setItem(t, ada, "MUG", 9_999)
	res, err := ada.MergeCart(t.Context(), &orderv1.MergeCartRequest{CartToken: other.GetCartToken(), RequestId: uuid.NewString()})
	if err != nil || contents(res.GetCart())[0] != "10000 MUG" {
		t.Errorf("the cart holds %v, %v", res.GetCart(), err)
	}
}

// A cart goes 30 days after it was last used, not before; reading it is using it, and
// writes once a day at most.
func TestCartsThatNobodyUsesGo(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	read, left := setItem(t, b.shopper(authz.Identity{}), "MUG", 1), setItem(t, b.shopper(authz.Identity{}), "MUG", 1)
	reader, leaver := b.shopper(holderOf(t, read.GetCartToken())), b.shopper(holderOf(t, left.GetCartToken()))
	ada := b.shopper(aCustomer())
	setItem(t, ada, "MUG", 1)
	written := func() int { return b.count(`select sum((xmin::text)::bigint) from carts`) }
	sweep := func(want int64) {
		t.Helper()
		if swept, err := b.carts.Sweep(t.Context()); err != nil || swept != want {
			t.Errorf("%d carts were deleted, %v, want %d", swept, err, want)
		}
	}
	before := written()
	for range 20 {
		b.wait(time.Hour)
		readCart(t, reader)
	}
	if written() != before {
		t.Error("reading wrote within a day")
	}
	b.wait(4 * time.Hour)
	readCart(t, reader)
	if written() == before {
		t.Error("a day's reading did not count as use")
	}
	b.wait(domain.CartLife - 24*time.Hour)
	sweep(0)
	wantCart(t, readCart(t, reader), 500, "1 MUG")
	b.wait(domain.CartTouch)
	// Before it is deleted, it is over already.
	_, err := leaver.GetCart(t.Context(), &orderv1.GetCartRequest{})
	testkit.Refused(t, err, connect.CodeNotFound, "CART_NOT_FOUND")
	wantCart(t, readCart(t, ada), 0)
	wantCart(t, setItem(t, ada, "MUG", 3).GetCart(), 1500, "3 MUG")
	sweep(1)
	wantCart(t, readCart(t, reader), 500, "1 MUG")
	wantCart(t, readCart(t, ada), 1500, "3 MUG")
}

// The cart of a customer goes with the customer's data, and there is no new one.
func TestAnErasedCustomerHasNoCart(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	ada, bob := aCustomer(), aCustomer()
	setItem(t, b.shopper(ada), "MUG", 1)
	setItem(t, b.shopper(bob), "MUG", 1)
	guest := setItem(t, b.shopper(authz.Identity{}), "MUG", 1).GetCartToken()
	if _, err := b.shopper(ada).MergeCart(t.Context(), &orderv1.MergeCartRequest{CartToken: guest, RequestId: uuid.NewString()}); err != nil {
		t.Fatal(err)
	}
	b.handle(event(uuid.MustParse(ada.ID), 2, &customerv1.CustomerErased{CustomerId: ada.ID}))
	if n := b.count(`select count(*) from carts`); n != 1 {
		t.Errorf("%d carts are left, want Bob's", n)
	}
	wantCart(t, readCart(t, b.shopper(ada)), 0)
	_, err := b.shopper(ada).SetCartItem(t.Context(), &orderv1.SetCartItemRequest{ProductCode: "MUG", Quantity: new(int32(1))})
	testkit.Refused(t, err, connect.CodeFailedPrecondition, "CUSTOMER_ERASED")
	// One that was made at the same time is found later.
	if _, err := b.pool.Exec(t.Context(), `insert into carts (id, codes, quantities, use_time) values ($1, '{MUG}', '{1}', now())`, ada.ID); err != nil {
		t.Fatal(err)
	}
	if err := b.orders.EraseLate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := b.count(`select count(*) from carts`); n != 1 {
		t.Errorf("%d carts are left, want Bob's", n)
	}
	wantCart(t, readCart(t, b.shopper(bob)), 500, "1 MUG")
}
