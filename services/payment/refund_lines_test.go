package payment_test

import (
	"context"
	"sync"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services"
)

// orders shows what was ordered, as payment sees it: order's contract, on a server of its own.
// Every order is of two mugs and three bags of tea, 12.34 EUR.
type orders struct {
	orderv1connect.UnimplementedOrderServiceHandler

	mu   sync.Mutex
	away bool
	read int
}

func (s *orders) GetOrder(_ context.Context, req *orderv1.GetOrderRequest) (*orderv1.GetOrderResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read++
	if s.away {
		return nil, fault.New(fault.Unavailable, fault.ReasonUnavailable, "order is away")
	}
	return &orderv1.GetOrderResponse{Order: &orderv1.Order{Id: req.GetId(), Lines: []*orderv1.OrderLine{
		{ProductCode: "MUG", UnitPrice: eur(500), Quantity: 2}, {ProductCode: "TEA", UnitPrice: eur(78), Quantity: 3},
	}}}, nil
}

func (s *orders) serve(tb testing.TB) string {
	tb.Helper()
	return testkit.Others(tb, services.Permissions(), func(server *connect.Server) {
		orderv1connect.RegisterOrderServiceHandler(server, s)
	}, "order")
}

func byLines(o order, lines ...*paymentv1.RefundLine) *paymentv1.RefundPaymentRequest {
	return &paymentv1.RefundPaymentRequest{RequestId: uuid.NewString(), PaymentId: o.payment.String(), Lines: lines}
}

func line(code string, quantity int32) *paymentv1.RefundLine {
	return &paymentv1.RefundLine{ProductCode: code, Quantity: quantity}
}

// A clerk gives back a mug of two: its price, once, however often the request comes, and the
// refund shows what it is for. The second mug is left, and no third.
func TestAClerkRefundsByLines(t *testing.T) {
	t.Parallel()
	s := newHarness(t, quick)
	o := s.captured("sandbox_ok")
	req := byLines(o, line("MUG", 1))
	first, err := s.payments.RefundPayment(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	refund := first.GetRefund()
	if !proto.Equal(refund.GetAmount(), eur(500)) || len(refund.GetLines()) != 1 || !proto.Equal(refund.GetLines()[0], line("MUG", 1)) {
		t.Errorf("refunded %v", refund)
	}
	again, err := s.payments.RefundPayment(t.Context(), req)
	if err != nil || !proto.Equal(again.GetRefund(), refund) {
		t.Errorf("the same request: %v, %v", again, err)
	}
	other := proto.CloneOf(req)
	other.Lines[0].Quantity = 2
	_, err = s.payments.RefundPayment(t.Context(), other)
	testkit.Refused(t, err, connect.CodeAlreadyExists, "REQUEST_ID_REUSED")

	_, err = s.payments.RefundPayment(t.Context(), byLines(o, line("TEA", 1), line("MUG", 2)))
	testkit.Refused(t, err, connect.CodeFailedPrecondition, "REFUND_TOO_LARGE", "lines[1].quantity")
	_, err = s.payments.RefundPayment(t.Context(), byLines(o, line("CUP", 1)))
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "lines[0].product_code")
	_, err = s.payments.RefundPayment(t.Context(), byLines(o, line("MUG", 1), line("MUG", 1)))
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "lines")
	_, err = s.payments.RefundPayment(t.Context(), byLines(o, line("MUG", 0)))
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "lines[0].quantity")
	most := byLines(o, line("MUG", 1))
	most.Amount = eur(501)
	_, err = s.payments.RefundPayment(t.Context(), most)
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "amount")

	if _, err := s.payments.RefundPayment(t.Context(), byLines(o, line("MUG", 1), line("TEA", 3))); err != nil {
		t.Fatal(err)
	}
	listed, err := s.payments.ListRefunds(t.Context(), &paymentv1.ListRefundsRequest{PaymentId: o.payment.String()})
	if err != nil || len(listed.GetRefunds()) != 2 || len(listed.GetRefunds()[1].GetLines()) != 2 {
		t.Errorf("listed %v, %v", listed, err)
	}
	if p := s.get(o); p.GetStatus() != refunded {
		t.Errorf("the payment is %v", p)
	}
}

// Ten clerks give back the same mug at once: two of them do.
func TestConcurrentRefundsNeverExceedALine(t *testing.T) {
	t.Parallel()
	s := newHarness(t, quick)
	o := s.captured("sandbox_ok")
	var calls sync.WaitGroup
	errs := make([]error, 10)
	for i := range errs {
		calls.Go(func() {
			req := byLines(o, line("MUG", 1))
			req.Amount = eur(1) // so that money is no bound
			_, errs[i] = s.payments.RefundPayment(t.Context(), req)
		})
	}
	calls.Wait()
	given := 0
	for _, err := range errs {
		if err == nil {
			given++
			continue
		}
		testkit.Refused(t, err, connect.CodeFailedPrecondition, "REFUND_TOO_LARGE", "lines[0].quantity")
	}
	if given != 2 {
		t.Errorf("%d refunds of a mug, two were ordered", given)
	}
}

// While order is away nothing is given back by lines, and an amount is.
func TestRefundsByLinesNeedTheOrder(t *testing.T) {
	t.Parallel()
	s := newHarness(t, quick)
	o := s.captured("sandbox_ok")
	s.orders.mu.Lock()
	s.orders.away = true
	s.orders.mu.Unlock()
	req := byLines(o, line("MUG", 1))
	_, err := s.payments.RefundPayment(t.Context(), req)
	testkit.Refused(t, err, connect.CodeUnavailable, "UNAVAILABLE")
	s.orders.mu.Lock()
	read := s.orders.read
	s.orders.mu.Unlock()
	if _, err := s.payments.RefundPayment(t.Context(), &paymentv1.RefundPaymentRequest{RequestId: uuid.NewString(), PaymentId: o.payment.String(), Amount: eur(1)}); err != nil {
		t.Error(err)
	}
	s.orders.mu.Lock()
	s.orders.away, read = false, s.orders.read-read
	s.orders.mu.Unlock()
	if read != 0 {
		t.Error("order was called for a refund without lines")
	}
	if _, err := s.payments.RefundPayment(t.Context(), req); err != nil {
		t.Errorf("the same request, when order is back: %v", err)
	}
	_, err = s.payments.RefundPayment(t.Context(), byLines(newOrder("sandbox_ok"), line("MUG", 1)))
	testkit.Refused(t, err, connect.CodeNotFound, "PAYMENT_NOT_FOUND")
}
