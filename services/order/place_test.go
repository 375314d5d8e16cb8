package order_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	pbmoney "google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

func TestAnOrderIsAcceptedAndReadAsItWasAnswered(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	mug := b.sell("MUG", 500)
	req := request()
	req.ExpectedTotal = &pbmoney.Money{CurrencyCode: "EUR", Units: 10}
	res, err := b.client.PlaceOrder(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	o := res.GetOrder()
	if !regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$`).MatchString(o.GetNumber()) || o.GetState() != orderv1.OrderState_ORDER_STATE_PLACED ||
		o.GetTotal().GetUnits() != 10 || o.GetLines()[0].GetProductId() != mug.GetId() || o.GetContact().GetEmail() != "Ada@Example.com" ||
		o.GetShippingAddress().GetRegionCode() != "GB" || len(o.GetHistory()) != 1 || o.GetHistory()[0].GetActor() != "owner" || o.GetExpireTime() == nil {
		t.Errorf("answered %v", o)
	}
	if got := b.get(o); !proto.Equal(got, o) {
		t.Errorf("read %v,\nanswered %v", got, o)
	}
	published := b.wantPublished("OrderPlaced")[0].(*orderv1.OrderPlaced)
	if published.GetOrderId() != o.GetId() || published.GetVersion() != 1 || published.GetLines()[0].GetQuantity() != 2 || published.GetExpireTime() == nil {
		t.Errorf("published %v", published)
	}
}

func TestTheSameRequestGetsTheSameAnswerAndMakesNoSecondOrder(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	req := request()
	answers := make([]*orderv1.PlaceOrderResponse, 12)
	var calls sync.WaitGroup
	for i := range answers {
		calls.Go(func() {
			res, err := b.client.PlaceOrder(t.Context(), req)
			if err != nil {
				t.Error(err)
			}
			answers[i] = res
		})
	}
	calls.Wait()
	for _, answer := range answers[1:] {
		if !proto.Equal(answer, answers[0]) {
			t.Fatalf("answered %v and %v", answers[0], answer)
		}
	}
	b.wantPublished("OrderPlaced")

	other := proto.CloneOf(req)
	other.Lines[0].Quantity = 3
	_, err := b.client.PlaceOrder(t.Context(), other)
	testkit.Refused(t, err, connect.CodeAlreadyExists, "REQUEST_ID_REUSED")

	// Another caller's id is independent, and reveals nothing.
	somebody := b.as(authz.Identity{Kind: authz.Customer, ID: uuid.NewString()})
	if res, err := somebody.PlaceOrder(t.Context(), req); err != nil || res.GetOrder().GetId() == answers[0].GetOrder().GetId() {
		t.Errorf("another caller got %v, %v", res, err)
	}
}

func TestAFailedAttemptDoesNotBurnTheRequestId(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	req := request()
	_, err := b.client.PlaceOrder(t.Context(), req)
	testkit.Refused(t, err, connect.CodeNotFound, "PRODUCT_NOT_FOUND", "lines[0].product_code")
	b.sell("MUG", 500)
	if _, err := b.client.PlaceOrder(t.Context(), req); err != nil {
		t.Error(err)
	}
}

// Orders that come together share a transaction, and each has its own outcome.
func TestOneBadOrderNeverFailsItsNeighbours(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	const many = 60
	outcomes := make([]error, many)
	var calls sync.WaitGroup
	for i := range many {
		calls.Go(func() {
			req := request()
			switch i % 4 {
			case 1:
				req.PaymentMethod = "shells"
			case 2:
				req.Lines[0].ProductCode = fmt.Sprintf("NONE-%d", i)
			}
			_, outcomes[i] = b.client.PlaceOrder(t.Context(), req)
		})
	}
	calls.Wait()
	for i, err := range outcomes {
		switch i % 4 {
		case 1:
			testkit.Refused(t, err, connect.CodeInvalidArgument, "PAYMENT_METHOD_UNKNOWN", "payment_method")
		case 2:
			testkit.Refused(t, err, connect.CodeNotFound, "PRODUCT_NOT_FOUND", "lines[0].product_code")
		default:
			if err != nil {
				t.Errorf("order %d: %v", i, err)
			}
		}
	}
	if n := b.count(`select count(*) from orders`); n != many/2 {
		t.Errorf("%d orders, want %d", n, many/2)
	}
}

func TestANumberThatIsTakenIsDrawnAgain(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	var mu sync.Mutex
	drawn := 0
	b.orders.Random = func() uint64 {
		mu.Lock()
		defer mu.Unlock()
		drawn++
		return uint64(drawn / 3) // three draws give one number
	}
	seen := map[string]bool{}
	for range 5 {
		seen[b.placed().GetNumber()] = true
	}
	if len(seen) != 5 {
		t.Errorf("numbers %v", seen)
	}
}

func TestOrdersAreRefusedWithTheirReasons(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	archived := b.sell("OLD", 500)
	archived.Status = catalogv1.ProductStatus_PRODUCT_STATUS_ARCHIVED
	b.handle(event(uuid.MustParse(archived.GetId()), 2, &catalogv1.ProductChanged{Product: archived, Version: 2}))
	lines := func(codes ...string) func(*orderv1.PlaceOrderRequest) {
		return func(r *orderv1.PlaceOrderRequest) {
			r.Lines = nil
			for _, code := range codes {
				r.Lines = append(r.Lines, &orderv1.OrderLineRequest{ProductCode: code, Quantity: 1})
			}
		}
	}
	for name, row := range map[string]struct {
		breaks func(*orderv1.PlaceOrderRequest)
		code   connect.Code
		reason string
		fields []string
	}{
		"unknown":    {lines("MUG", "X", "Y"), connect.CodeNotFound, "PRODUCT_NOT_FOUND", []string{"lines[1].product_code", "lines[2].product_code"}},
		"archived":   {lines("OLD"), connect.CodeFailedPrecondition, "PRODUCT_ARCHIVED", []string{"lines[0].product_code"}},
		"duplicate":  {lines("MUG", "MUG"), connect.CodeInvalidArgument, "DUPLICATE_LINE", []string{"lines[1].product_code"}},
		"no lines":   {lines(), connect.CodeInvalidArgument, "INVALID_FIELD", []string{"lines"}},
		"request id": {func(r *orderv1.PlaceOrderRequest) { r.RequestId = "42" }, connect.CodeInvalidArgument, "INVALID_FIELD", []string{"request_id"}},
		"no contact": {func(r *orderv1.PlaceOrderRequest) { r.Contact = nil }, connect.CodeInvalidArgument, "INVALID_FIELD", []string{"contact"}},
		"line break": {func(r *orderv1.PlaceOrderRequest) { r.Contact.FirstName = "Ada\r\nBcc: x@example.com" }, connect.CodeInvalidArgument, "INVALID_FIELD", []string{"contact.first_name"}},
		"currency":   {func(r *orderv1.PlaceOrderRequest) { r.ExpectedTotal = &pbmoney.Money{CurrencyCode: "QQQ"} }, connect.CodeInvalidArgument, "INVALID_FIELD", []string{"expected_total.currency_code"}},
		"half a cent": {func(r *orderv1.PlaceOrderRequest) {
			r.ExpectedTotal = &pbmoney.Money{CurrencyCode: "EUR", Nanos: 5_000_000}
		}, connect.CodeInvalidArgument, "INVALID_FIELD", []string{"expected_total.nanos"}},
		"payment method": {func(r *orderv1.PlaceOrderRequest) { r.PaymentMethod = "shells" }, connect.CodeInvalidArgument, "PAYMENT_METHOD_UNKNOWN", []string{"payment_method"}},
	} {
		req := request()
		row.breaks(req)
		_, err := b.client.PlaceOrder(t.Context(), req)
		t.Log(name)
		testkit.Refused(t, err, row.code, row.reason, row.fields...)
	}
	if n := b.count(`select (select count(*) from orders) + (select count(*) from idempotency) + (select count(*) from outbox)`); n != 0 {
		t.Errorf("refused orders left %d rows", n)
	}
}

func TestAPriceThatChangedComesWithTheNewQuote(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	for _, total := range []*pbmoney.Money{{CurrencyCode: "EUR", Units: 9}, {CurrencyCode: "USD", Units: 10}} {
		req := request()
		req.ExpectedTotal = total
		_, err := b.client.PlaceOrder(t.Context(), req)
		r := testkit.Refused(t, err, connect.CodeFailedPrecondition, "PRICE_CHANGED", "expected_total")
		quoted := testkit.Detail[*orderv1.OrderQuote](r)
		quote, err := b.client.QuoteOrder(t.Context(), &orderv1.QuoteOrderRequest{Lines: req.GetLines()})
		if err != nil || !proto.Equal(quoted, quote.GetQuote()) || quote.GetQuote().GetTotal().GetUnits() != 10 {
			t.Errorf("the refusal's quote is %v, QuoteOrder answers %v, %v", quoted, quote, err)
		}
	}
}

func TestAProductThatOrderDoesNotKnowIsLookedUpOnce(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.shelf = []domain.Product{{ID: uuid.New(), Code: "MUG", Name: "Mug", Price: euros(500), Status: domain.ProductActive}}
	b.placed()
	b.placed()
	if b.lookups != 1 {
		t.Errorf("catalog was called %d times", b.lookups)
	}
	// The event, whatever its version, replaces what catalog answered.
	changed := &catalogv1.Product{
		Id: b.shelf[0].ID.String(), Code: "MUG", Name: "Mug", Price: moneypb.Proto(euros(600)), Status: catalogv1.ProductStatus_PRODUCT_STATUS_ACTIVE,
	}
	newer, older := proto.CloneOf(changed), changed
	newer.Price = moneypb.Proto(euros(700))
	b.handle(event(b.shelf[0].ID, 2, &catalogv1.ProductChanged{Product: newer, Version: 2}), event(b.shelf[0].ID, 1, &catalogv1.ProductChanged{Product: older, Version: 1}))
	b.handle(event(b.shelf[0].ID, 1, &catalogv1.ProductChanged{Product: older, Version: 1}))
	if got := b.placed().GetTotal().GetUnits(); got != 14 {
		t.Errorf("two mugs cost %d, want 14", got)
	}

	b.away = connect.NewError(connect.CodeUnavailable, "away").WithRemote()
	req := request()
	req.Lines[0].ProductCode = "CUP"
	_, err := b.client.PlaceOrder(t.Context(), req)
	testkit.Refused(t, err, connect.CodeUnavailable, "UNAVAILABLE")
}

func TestACustomerOrdersForThemselvesAndUnpaidOrdersAreCapped(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	ada := authz.Identity{Kind: authz.Customer, ID: uuid.NewString()}
	for name, caller := range map[string]authz.Identity{"customer": ada, "guest": {}} {
		var outcomes [6]error
		var calls sync.WaitGroup
		for i := range outcomes {
			calls.Go(func() {
				req := request()
				req.Contact.Email = fmt.Sprintf("ada%d@example.com", i)
				_, outcomes[i] = b.as(caller).PlaceOrder(t.Context(), req)
			})
		}
		calls.Wait()
		refusals := slices.DeleteFunc(outcomes[:], func(err error) bool { return err == nil })
		if len(refusals) != 3 {
			t.Errorf("%s: %d of 6 unpaid orders were refused, 3 are allowed", name, len(refusals))
		}
		for _, err := range refusals {
			testkit.Refused(t, err, connect.CodeResourceExhausted, "TOO_MANY_UNPAID_ORDERS")
		}
	}
	for range 5 {
		b.placed() // the owner is not capped
	}
	own, err := b.as(ada).ListOrders(t.Context(), &orderv1.ListOrdersRequest{})
	if err != nil || len(own.GetOrders()) != 3 || own.GetOrders()[0].GetCustomerId() != ada.ID {
		t.Errorf("the customer's orders: %v, %v", own, err)
	}

	foreign := request()
	foreign.CustomerId = uuid.NewString()
	_, err = b.as(ada).PlaceOrder(t.Context(), foreign)
	testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED", "customer_id")
	_, err = b.as(authz.Identity{}).PlaceOrder(t.Context(), foreign)
	testkit.Refused(t, err, connect.CodeUnauthenticated, "UNAUTHENTICATED", "customer_id")
	clerk := authz.Identity{Kind: authz.Staff, ID: "clerk", Permissions: []optionsv1.Permission{optionsv1.Permission_PERMISSION_ORDERS_WRITE}}
	if res, err := b.as(clerk).PlaceOrder(t.Context(), foreign); err != nil || res.GetOrder().GetCustomerId() != foreign.GetCustomerId() {
		t.Errorf("staff placed %v, %v", res, err)
	}
}

func TestACommitThatIsRefusedIsNobodysSecret(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	if _, err := b.pool.Exec(t.Context(), `alter table order_lines add constraint no_mugs check (product_code <> 'MUG')`); err != nil {
		t.Fatal(err)
	}
	_, err := b.client.PlaceOrder(t.Context(), request())
	if r := testkit.Refused(t, err, connect.CodeInternal, "INTERNAL"); regexp.MustCompile("no_mugs|order_lines").MatchString(r.Message) {
		t.Errorf("the cause was sent: %s", r.Message)
	}
}

// What the grammar advises reaches whoever orders, at the part of the address that it is
// about.
func TestARegionThatIsNearlyOneIsRefusedWithTheOneThatIsMeant(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	for region, advice := range map[string]string{"gb": "must be GB", "UK": "use GB", "DD": "use DE", "": "such as DE or GB"} {
		req := request()
		req.ShippingAddress.RegionCode = region
		_, err := b.client.PlaceOrder(t.Context(), req)
		refused := testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "shipping_address.region_code")
		if !strings.Contains(refused.Message, advice) {
			t.Errorf("%q: %s, want advice %q", region, refused.Message, advice)
		}
	}
}

// What people are called and where they get mail differs more than forms believe: who has
// one name and one of docomo's old addresses orders, is found by the address, and is
// mailed at it. The same holds for a contact that is corrected.
func TestPeopleOrderAsTheyAre(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	for _, email := range []string{"user.@docomo.ne.jp", "a..b@docomo.ne.jp"} {
		want := &orderv1.Contact{FirstName: "Aiko", Email: email}
		req := request()
		req.Contact = proto.CloneOf(want)
		res, err := b.client.PlaceOrder(t.Context(), req)
		if err != nil {
			t.Fatalf("%s: %v", email, err)
		}
		b.wantListed(`email = "`+strings.ToUpper(email)+`"`, res.GetOrder())
		corrected := b.placed()
		got, err := b.update(&orderv1.Order{Id: corrected.GetId(), Contact: want}, "contact")
		if err != nil {
			t.Fatalf("%s, corrected: %v", email, err)
		}
		if !proto.Equal(res.GetOrder().GetContact(), want) || !proto.Equal(got.GetContact(), want) {
			t.Errorf("placed with %v, corrected to %v, want %v", res.GetOrder().GetContact(), got.GetContact(), want)
		}
		for _, o := range []*orderv1.Order{res.GetOrder(), corrected} {
			b.published()
			b.confirm(o)
			var mailed *orderv1.Contact
			for _, message := range b.published() {
				if confirmed, ok := message.(*orderv1.OrderConfirmed); ok {
					mailed = confirmed.GetNotice().GetContact()
				}
			}
			if !proto.Equal(mailed, want) {
				t.Errorf("the confirmation is for %v, want %v", mailed, want)
			}
		}
	}
}
