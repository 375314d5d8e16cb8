package order_test

import (
	"slices"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

func actionRequired(o *orderv1.Order, at time.Time) consumer.Event {
	return event(uuid.MustParse(o.GetPaymentId()), 1, &paymentv1.PaymentActionRequired{
		PaymentId: o.GetPaymentId(), OrderId: o.GetId(), Version: 1, Time: timestamppb.New(at),
	})
}

func processing(o *orderv1.Order, at time.Time) consumer.Event {
	return event(uuid.MustParse(o.GetPaymentId()), 1, &paymentv1.PaymentProcessing{
		PaymentId: o.GetPaymentId(), OrderId: o.GetId(), Version: 1, Time: timestamppb.New(at), Method: o.GetPaymentMethod(),
	})
}

func disputed(o *orderv1.Order, version int64, status paymentv1.DisputeStatus, opened time.Time) consumer.Event {
	return event(uuid.MustParse(o.GetPaymentId()), version, &paymentv1.PaymentDisputed{
		PaymentId: o.GetPaymentId(), OrderId: o.GetId(), Version: version,
		Dispute: &paymentv1.Dispute{Id: "dp_1", Reason: "fraudulent", Amount: moneypb.Proto(euros(1000)), Status: status, OpenTime: timestamppb.New(opened)},
	})
}

// 3-D Secure: who watches the order sees that the payment has to be approved; one that
// is abandoned there expires as unpaid.
func TestAnAbandonedApprovalIsWatchedAndExpiresAsUnpaid(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	o := b.placed()
	b.handle(stockReserved(o))
	b.handle(actionRequired(o, b.orders.Now()), actionRequired(o, b.orders.Now()))
	b.wait(31 * time.Minute)
	if _, err := b.orders.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	stream, err := b.client.WatchOrder(t.Context(), &orderv1.WatchOrderRequest{Id: o.GetId()})
	if err != nil {
		t.Fatal(err)
	}
	var steps []orderv1.OrderStep
	for {
		res, err := stream.Receive()
		if err != nil {
			break
		}
		steps = append(steps, res.GetEntry().GetStep())
	}
	want := []orderv1.OrderStep{
		orderv1.OrderStep_ORDER_STEP_STATE, orderv1.OrderStep_ORDER_STEP_STATE,
		orderv1.OrderStep_ORDER_STEP_PAYMENT_ACTION_REQUIRED, orderv1.OrderStep_ORDER_STEP_STATE,
	}
	if !slices.Equal(steps, want) {
		t.Errorf("watched %v, want %v", steps, want)
	}
	b.wantState(o, "CANCELLED", "EXPIRED", "PAYMENT", "RELEASE", "CANCELLATION_MAIL")
}

// A debit that the bank works on is waited for: seven days, and its capture counts.
func TestADebitInProcessDoesNotExpire(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	o := b.placed()
	b.handle(stockReserved(o))
	began := b.orders.Now()
	b.handle(processing(o, began), processing(o, began))
	if got := b.get(o).GetExpireTime().AsTime(); !got.Equal(began.Add(7 * 24 * time.Hour)) {
		t.Errorf("it expires at %v, the bank began at %v", got, began)
	}
	b.wait(6 * 24 * time.Hour)
	if _, err := b.orders.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	var findings []string
	if err := b.audit(&findings); err != nil || len(findings) > 0 {
		t.Errorf("the audit finds %v, %v", findings, err)
	}
	b.handle(paymentCaptured(o))
	b.wantState(o, "CONFIRMED", "", "COMMIT", "CONFIRMATION_MAIL")
}

// A refund made at the provider's dashboard reaches the books, and a dispute is shown.
func TestWhatOthersDoAtTheProviderReachesTheOrder(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	o := b.placed()
	b.confirm(o)
	b.published()
	refund := event(uuid.MustParse(o.GetPaymentId()), 3, &paymentv1.PaymentRefunded{
		RefundId: uuid.NewString(), PaymentId: o.GetPaymentId(), OrderId: o.GetId(), Version: 3, Origin: paymentv1.RefundOrigin_REFUND_ORIGIN_PROVIDER,
		Amount: moneypb.Proto(euros(400)), Refunded: moneypb.Proto(euros(400)), Captured: moneypb.Proto(euros(1000)),
	})
	opened := b.orders.Now()
	b.handle(refund, refund, disputed(o, 4, paymentv1.DisputeStatus_DISPUTE_STATUS_NEEDS_RESPONSE, opened))
	b.wantPublished("OrderRefunded")
	b.handle(disputed(o, 5, paymentv1.DisputeStatus_DISPUTE_STATUS_WON, opened), disputed(o, 4, paymentv1.DisputeStatus_DISPUTE_STATUS_NEEDS_RESPONSE, opened))
	got := b.get(o)
	if got.GetBalance().GetUnits() != 6 || got.GetRefunded().GetUnits() != 4 {
		t.Errorf("refunded %v, the balance is %v", got.GetRefunded(), got.GetBalance())
	}
	if d := got.GetDisputes(); len(d) != 1 || d[0].GetStatus() != orderv1.OrderDisputeStatus_ORDER_DISPUTE_STATUS_WON ||
		d[0].GetReason() != "fraudulent" || !d[0].GetOpenTime().AsTime().Equal(opened) || d[0].GetAmount().GetUnits() != 10 {
		t.Errorf("disputes are %v", d)
	}
	if last := got.GetHistory()[len(got.GetHistory())-1]; last.GetStep() != orderv1.OrderStep_ORDER_STEP_PAYMENT_DISPUTED || last.GetNote() != "WON of 10.00 EUR: fraudulent" {
		t.Errorf("the history ends with %v", last)
	}
	if err := b.tryHandle(disputed(b.placed(), 3, paymentv1.DisputeStatus_DISPUTE_STATUS_WON, opened)); err == nil {
		t.Error("a dispute about an order that was not paid vanished")
	}
}

// A bank takes the money of a cancelled order back for its customer: nothing is left to
// give back, so the order awaits no refund and counts the money as given back. When the
// bank decides for the shop after all, payment is to give it back.
func TestACancelledOrderThatLostItsDisputeAwaitsNoRefund(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	o := b.placed()
	b.confirm(o)
	opened := b.orders.Now()
	b.handle(disputed(o, 3, paymentv1.DisputeStatus_DISPUTE_STATUS_NEEDS_RESPONSE, opened))
	if err := b.cancel(o); err != nil {
		t.Fatal(err)
	}
	b.wantState(o, "CANCELLED", "REQUESTED", "RELEASE", "REFUND", "CANCELLATION_MAIL")
	b.published()
	b.handle(disputed(o, 4, paymentv1.DisputeStatus_DISPUTE_STATUS_LOST, opened))
	b.wantState(o, "CANCELLED", "REQUESTED", "RELEASE", "CANCELLATION_MAIL")
	if got := b.get(o); got.GetBalance().GetUnits() != 0 || got.GetRefunded().GetUnits() != 0 || got.GetDisputes()[0].GetStatus() != orderv1.OrderDisputeStatus_ORDER_DISPUTE_STATUS_LOST {
		t.Errorf("the balance is %v, refunded %v, disputes %v", got.GetBalance(), got.GetRefunded(), got.GetDisputes())
	}
	b.wantListed("balance = 0", o)
	b.wantListed("balance > 0")
	b.handle(disputed(o, 5, paymentv1.DisputeStatus_DISPUTE_STATUS_WON, opened))
	b.wantState(o, "CANCELLED", "REQUESTED", "RELEASE", "REFUND", "CANCELLATION_MAIL")
	b.wantPublished("OrderCancelled")
}

// What can't be paid is refused before it is ordered, and the quote names what can.
func TestWhatAMethodCannotTakeIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("STICKER", 20)
	lines := []*orderv1.OrderLineRequest{{ProductCode: "STICKER", Quantity: 1}}
	quote, err := b.client.QuoteOrder(t.Context(), &orderv1.QuoteOrderRequest{Lines: lines})
	if want := []string{"sandbox_ok", "sandbox_declined"}; err != nil || !slices.Equal(quote.GetQuote().GetPaymentMethods(), want) {
		t.Errorf("%v fit, want %v, %v", quote.GetQuote().GetPaymentMethods(), want, err)
	}
	req := request()
	req.Lines, req.PaymentMethod = lines, "pm_card_visa"
	_, err = b.client.PlaceOrder(t.Context(), req)
	refusal := testkit.Refused(t, err, connect.CodeFailedPrecondition, "PAYMENT_METHOD_UNFIT", "payment_method")
	if refusal.Metadata["fitting"] != "sandbox_ok,sandbox_declined" {
		t.Errorf("it names %v", refusal.Metadata)
	}
	req.Lines[0].Quantity = 3
	if _, err := b.client.PlaceOrder(t.Context(), req); err != nil {
		t.Errorf("60 cents: %v", err)
	}
}
