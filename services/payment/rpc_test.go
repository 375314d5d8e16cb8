package payment_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	pb "google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

func eur(amount int64) *pb.Money { return moneypb.Proto(money.Money{Currency: "EUR", Amount: amount}) }

func TestPaymentsAreReadAndListed(t *testing.T) {
	t.Parallel()
	s := newHarness(t, quick)
	first := s.captured("sandbox_ok")
	second := newOrder("sandbox_declined")
	s.publish(second.awaits())
	s.waitStatus(second, paymentv1.PaymentStatus_PAYMENT_STATUS_FAILED)
	third := s.captured("sandbox_ok")

	got := s.get(first)
	if got.GetProvider() != "sandbox" || got.GetProviderChargeId() == "" || got.GetEtag() == "" || len(got.GetReference()) != 12 ||
		got.GetPaymentMethod() != "sandbox_ok" || !proto.Equal(got.GetAmount(), eur(1234)) || len(got.GetAttempts()) != 1 {
		t.Errorf("got %v", got)
	}

	for filter, want := range map[string][]order{
		"":                                      {third, second, first},
		fmt.Sprintf("order_id = %q", second.id): {second},
		fmt.Sprintf("reference = %q AND status = CAPTURED", got.GetReference()): {first},
		"status = CAPTURED": {third, first},
		"status = REFUNDED": {},
	} {
		res, err := s.payments.ListPayments(t.Context(), &paymentv1.ListPaymentsRequest{Filter: filter})
		if err != nil || len(res.GetPayments()) != len(want) {
			t.Errorf("%s: %v, %v", filter, res, err)
			continue
		}
		for i, p := range res.GetPayments() {
			if p.GetId() != want[i].payment.String() || len(p.GetAttempts()) != 1 {
				t.Errorf("%s: item %d is %v", filter, i, p)
			}
		}
	}
	s.pages(t, third, second, first)
}

// pages reads the payments one by one.
func (s *harness) pages(t *testing.T, want ...order) {
	t.Helper()
	token := ""
	for i, o := range want {
		res, err := s.payments.ListPayments(t.Context(), &paymentv1.ListPaymentsRequest{PageSize: 1, PageToken: token})
		if err != nil || len(res.GetPayments()) != 1 || res.GetPayments()[0].GetId() != o.payment.String() {
			t.Fatalf("page %d: %v, %v", i, res, err)
		}
		token = res.GetNextPageToken()
		if (token == "") != (i == len(want)-1) {
			t.Fatalf("page %d has the next token %q", i, token)
		}
		if token != "" {
			_, err := s.payments.ListPayments(t.Context(), &paymentv1.ListPaymentsRequest{PageToken: token, Filter: "status = CAPTURED"})
			testkit.Refused(t, err, connect.CodeInvalidArgument, "PAGE_TOKEN_INVALID", "page_token")
			_, err = s.payments.ListContradictions(t.Context(), &paymentv1.ListContradictionsRequest{PageToken: token})
			testkit.Refused(t, err, connect.CodeInvalidArgument, "PAGE_TOKEN_INVALID", "page_token")
		}
	}
}

func TestARefundGivesBackOncePerRequestID(t *testing.T) {
	t.Parallel()
	s := newHarness(t, quick)
	o := s.captured("sandbox_ok")
	req := &paymentv1.RefundPaymentRequest{
		RequestId: uuid.NewString(), PaymentId: o.payment.String(), Amount: eur(234), Reason: "one was broken",
	}
	// Five at once, as a client does that loses its answers.
	var calls sync.WaitGroup
	refunds := make([]*paymentv1.Refund, 5)
	for i := range refunds {
		calls.Go(func() {
			res, err := s.payments.RefundPayment(t.Context(), req)
			if err != nil {
				t.Errorf("call %d: %v", i, err)
			}
			refunds[i] = res.GetRefund()
		})
	}
	calls.Wait()
	res, err := s.payments.RefundPayment(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	r := res.GetRefund()
	if r.GetStatus() != paymentv1.RefundStatus_REFUND_STATUS_SUCCEEDED || r.GetProviderRefundId() == "" ||
		!proto.Equal(r.GetAmount(), eur(234)) || r.GetReason() != "one was broken" || len(r.GetAttempts()) != 1 {
		t.Errorf("got %v", r)
	}
	for i, other := range refunds {
		if other.GetId() != r.GetId() {
			t.Errorf("call %d made %v", i, other)
		}
	}
	if p := s.get(o); p.GetStatus() != paymentv1.PaymentStatus_PAYMENT_STATUS_PARTIALLY_REFUNDED || !proto.Equal(p.GetRefunded(), eur(234)) {
		t.Errorf("the payment is %v", p)
	}
	if got := s.waitEvents(o, 2); got[1].message.(*paymentv1.PaymentRefunded).GetRefundId() != r.GetId() {
		t.Errorf("published %v", got)
	}

	other := proto.CloneOf(req)
	other.Amount = eur(1)
	_, err = s.payments.RefundPayment(t.Context(), other)
	testkit.Refused(t, err, connect.CodeAlreadyExists, "REQUEST_ID_REUSED")

	// All that is left, and then nothing.
	rest, err := s.payments.RefundPayment(t.Context(), &paymentv1.RefundPaymentRequest{RequestId: uuid.NewString(), PaymentId: o.payment.String()})
	if err != nil || !proto.Equal(rest.GetRefund().GetAmount(), eur(1000)) {
		t.Fatalf("the rest: %v, %v", rest, err)
	}
	if p := s.get(o); p.GetStatus() != paymentv1.PaymentStatus_PAYMENT_STATUS_REFUNDED {
		t.Errorf("the payment is %v", p)
	}
	_, err = s.payments.RefundPayment(t.Context(), &paymentv1.RefundPaymentRequest{RequestId: uuid.NewString(), PaymentId: o.payment.String()})
	testkit.Refused(t, err, connect.CodeFailedPrecondition, "PAYMENT_STATE")

	list, err := s.payments.ListRefunds(t.Context(), &paymentv1.ListRefundsRequest{PaymentId: o.payment.String(), PageSize: 1})
	if err != nil || len(list.GetRefunds()) != 1 || list.GetRefunds()[0].GetId() != r.GetId() {
		t.Fatalf("refunds: %v, %v", list, err)
	}
	list, err = s.payments.ListRefunds(t.Context(), &paymentv1.ListRefundsRequest{PaymentId: o.payment.String(), PageToken: list.GetNextPageToken()})
	if err != nil || len(list.GetRefunds()) != 1 || list.GetRefunds()[0].GetId() != rest.GetRefund().GetId() || list.GetNextPageToken() != "" {
		t.Errorf("then: %v, %v", list, err)
	}
}

// Ten clerks refund 3.00 of 12.34 each at once: four succeed.
func TestConcurrentRefundsNeverExceedWhatWasCaptured(t *testing.T) {
	t.Parallel()
	s := newHarness(t, quick)
	o := s.captured("sandbox_ok")
	var calls sync.WaitGroup
	errs := make([]error, 10)
	for i := range errs {
		calls.Go(func() {
			_, errs[i] = s.payments.RefundPayment(t.Context(), &paymentv1.RefundPaymentRequest{
				RequestId: uuid.NewString(), PaymentId: o.payment.String(), Amount: eur(300),
			})
		})
	}
	calls.Wait()
	given := 0
	for _, err := range errs {
		if err == nil {
			given++
			continue
		}
		testkit.Refused(t, err, connect.CodeFailedPrecondition, "REFUND_TOO_LARGE")
	}
	if _, _, refunded := s.charges(o); given != 4 || refunded != 1200 || !proto.Equal(s.get(o).GetRefunded(), eur(1200)) {
		t.Errorf("%d were accepted, the ledger gave back %d, payment counts %v", given, refunded, s.get(o).GetRefunded())
	}
}

func TestARefundWithoutAnAnswerIsPendingAndThenSucceeds(t *testing.T) {
	t.Parallel()
	s := newHarness(t, quick)
	o := s.captured("sandbox_unknown_then_ok")
	req := &paymentv1.RefundPaymentRequest{RequestId: uuid.NewString(), PaymentId: o.payment.String()}
	res, err := s.payments.RefundPayment(t.Context(), req)
	if err != nil || res.GetRefund().GetAttempts()[0].GetOutcome() != paymentv1.AttemptOutcome_ATTEMPT_OUTCOME_UNKNOWN {
		t.Fatalf("got %v, %v", res, err)
	}
	s.waitStatus(o, paymentv1.PaymentStatus_PAYMENT_STATUS_REFUNDED)
	again, err := s.payments.RefundPayment(t.Context(), req)
	if err != nil || again.GetRefund().GetStatus() != paymentv1.RefundStatus_REFUND_STATUS_SUCCEEDED ||
		again.GetRefund().GetId() != res.GetRefund().GetId() || len(again.GetRefund().GetAttempts()) != 2 {
		t.Errorf("again %v, %v", again, err)
	}
	if _, charged, refunded := s.charges(o); charged != refunded {
		t.Errorf("charged %d, gave back %d", charged, refunded)
	}
}

func TestBadRequestsNameWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := newHarness(t, quick)
	paid, failed := s.captured("sandbox_ok"), newOrder("sandbox_declined")
	s.publish(failed.awaits())
	s.waitStatus(failed, paymentv1.PaymentStatus_PAYMENT_STATUS_FAILED)
	refund := func(change func(*paymentv1.RefundPaymentRequest)) func(context.Context) error {
		return func(ctx context.Context) error {
			req := &paymentv1.RefundPaymentRequest{RequestId: uuid.NewString(), PaymentId: paid.payment.String(), Amount: eur(1)}
			change(req)
			_, err := s.payments.RefundPayment(ctx, req)
			return err
		}
	}
	get := func(id string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := s.payments.GetPayment(ctx, &paymentv1.GetPaymentRequest{Id: id})
			return err
		}
	}
	list := func(req *paymentv1.ListPaymentsRequest) func(context.Context) error {
		return func(ctx context.Context) error { _, err := s.payments.ListPayments(ctx, req); return err }
	}
	refunds := func(req *paymentv1.ListRefundsRequest) func(context.Context) error {
		return func(ctx context.Context) error { _, err := s.payments.ListRefunds(ctx, req); return err }
	}
	resolve := func(note string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := s.payments.ResolveContradiction(ctx, &paymentv1.ResolveContradictionRequest{Id: uuid.NewString(), Note: note})
			return err
		}
	}
	type R = paymentv1.RefundPaymentRequest
	for name, row := range map[string]struct {
		call   func(context.Context) error
		code   connect.Code
		reason string
		field  string
	}{
		"get no id":              {get(""), connect.CodeInvalidArgument, "INVALID_FIELD", "id"},
		"get a strange id":       {get("1; drop table payments"), connect.CodeInvalidArgument, "INVALID_FIELD", "id"},
		"get what is not there":  {get(uuid.NewString()), connect.CodeNotFound, "PAYMENT_NOT_FOUND", ""},
		"list a huge page":       {list(&paymentv1.ListPaymentsRequest{PageSize: 1e9}), connect.CodeInvalidArgument, "INVALID_FIELD", "page_size"},
		"list by a column":       {list(&paymentv1.ListPaymentsRequest{Filter: "amount > 1"}), connect.CodeInvalidArgument, "FILTER_INVALID", "filter"},
		"list by SQL":            {list(&paymentv1.ListPaymentsRequest{Filter: "x' OR 1=1--"}), connect.CodeInvalidArgument, "FILTER_INVALID", "filter"},
		"list a forged page":     {list(&paymentv1.ListPaymentsRequest{PageToken: "AAAA"}), connect.CodeInvalidArgument, "PAGE_TOKEN_INVALID", "page_token"},
		"refunds of no payment":  {refunds(&paymentv1.ListRefundsRequest{PaymentId: uuid.NewString()}), connect.CodeNotFound, "PAYMENT_NOT_FOUND", ""},
		"refunds, a forged page": {refunds(&paymentv1.ListRefundsRequest{PaymentId: paid.payment.String(), PageToken: "x"}), connect.CodeInvalidArgument, "PAGE_TOKEN_INVALID", "page_token"},
		"refund without id":      {refund(func(r *R) { r.RequestId = "" }), connect.CodeInvalidArgument, "INVALID_FIELD", "request_id"},
		"refund with a zero id":  {refund(func(r *R) { r.RequestId = uuid.Nil.String() }), connect.CodeInvalidArgument, "INVALID_FIELD", "request_id"},
		"refund no payment":      {refund(func(r *R) { r.PaymentId = uuid.NewString() }), connect.CodeNotFound, "PAYMENT_NOT_FOUND", ""},
		"refund a failed one":    {refund(func(r *R) { r.PaymentId = failed.payment.String() }), connect.CodeFailedPrecondition, "PAYMENT_STATE", ""},
		"refund nothing":         {refund(func(r *R) { r.Amount = eur(0) }), connect.CodeInvalidArgument, "INVALID_FIELD", "amount"},
		"refund less":            {refund(func(r *R) { r.Amount = eur(-5) }), connect.CodeInvalidArgument, "INVALID_FIELD", "amount"},
		"refund half a cent": {refund(func(r *R) { r.Amount = &pb.Money{CurrencyCode: "EUR", Nanos: 5_000_000} }),
			connect.CodeInvalidArgument, "INVALID_FIELD", "amount"},
		"refund in mixed signs": {refund(func(r *R) { r.Amount = &pb.Money{CurrencyCode: "EUR", Units: 1, Nanos: -10_000_000} }),
			connect.CodeInvalidArgument, "INVALID_FIELD", "amount"},
		"refund in dollars": {refund(func(r *R) { r.Amount = &pb.Money{CurrencyCode: "USD", Units: 1} }),
			connect.CodeFailedPrecondition, "CURRENCY_MISMATCH", ""},
		"refund too much":        {refund(func(r *R) { r.Amount = eur(1235) }), connect.CodeFailedPrecondition, "REFUND_TOO_LARGE", ""},
		"refund with a blank":    {refund(func(r *R) { r.Reason = "\u3164\u200b" }), connect.CodeInvalidArgument, "INVALID_FIELD", "reason"},
		"resolve with a blank":   {resolve("\u2800"), connect.CodeInvalidArgument, "INVALID_FIELD", "note"},
		"resolve with U+0000":    {resolve("a\x00b"), connect.CodeInvalidArgument, "INVALID_FIELD", "note"},
		"refund with U+0000":     {refund(func(r *R) { r.Reason = "a\x00b" }), connect.CodeInvalidArgument, "INVALID_FIELD", "reason"},
		"refund with an epistle": {refund(func(r *R) { r.Reason = string(make([]rune, 501)) + "!" }), connect.CodeInvalidArgument, "INVALID_FIELD", "reason"},
	} {
		t.Run(name, func(t *testing.T) {
			testkit.Refused(t, row.call(t.Context()), row.code, row.reason, row.field)
		})
	}
	if p := s.get(paid); !proto.Equal(p.GetRefunded(), eur(0)) {
		t.Errorf("something was given back: %v", p)
	}
}

func TestOnlyThoseWhoMayReadOrRefundDo(t *testing.T) {
	t.Parallel()
	s := newHarnessAs(t, quick, authz.Identity{Kind: authz.Customer, ID: uuid.NewString()})
	_, err := s.payments.GetPayment(t.Context(), &paymentv1.GetPaymentRequest{Id: uuid.NewString()})
	testkit.Refused(t, err, connect.CodeNotFound, "PAYMENT_NOT_FOUND")
	_, err = s.payments.ListContradictions(t.Context(), &paymentv1.ListContradictionsRequest{})
	testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED")
	_, err = s.payments.ResolveContradiction(t.Context(), &paymentv1.ResolveContradictionRequest{Id: uuid.NewString()})
	testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED")
	_, err = s.payments.ListPayments(t.Context(), &paymentv1.ListPaymentsRequest{})
	testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED")
	_, err = s.payments.ListRefunds(t.Context(), &paymentv1.ListRefundsRequest{PaymentId: uuid.NewString()})
	testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED")
	_, err = s.payments.RefundPayment(t.Context(), &paymentv1.RefundPaymentRequest{RequestId: uuid.NewString(), PaymentId: uuid.NewString()})
	testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED")
}

func TestPaymentsAreServedAsREST(t *testing.T) {
	t.Parallel()
	s := newHarness(t, quick)
	o := s.captured("sandbox_ok")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.API+"/v1/payments/"+o.payment.String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := testkit.HTTP(t, testkit.Owner()).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var got paymentv1.GetPaymentResponse
	if err := protojson.Unmarshal(body, &got); err != nil || res.StatusCode != http.StatusOK || got.GetPayment().GetId() != o.payment.String() {
		t.Errorf("%s: %s, %v", res.Status, body, err)
	}
}
