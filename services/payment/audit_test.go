package payment_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// audited is what payment's audit states.
type audited struct {
	payments  []*operationsv1.PaymentRecord
	providers []*operationsv1.ProviderRecord
	findings  map[string]string // subject by kind
}

func (s *harness) audit(t *testing.T) audited {
	t.Helper()
	stream, err := s.operations.Audit(t.Context(), &operationsv1.AuditRequest{Context: "payment"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stream.Close() }()
	a := audited{findings: map[string]string{}}
	for {
		res, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			return a
		}
		if err != nil {
			t.Fatal(err)
		}
		record := res.GetRecord()
		if p := record.GetPayment(); p != nil {
			a.payments = append(a.payments, p)
		}
		if p := record.GetProvider(); p != nil {
			a.providers = append(a.providers, p)
		}
		if f := record.GetFinding(); f != nil {
			a.findings[f.GetKind()] = f.GetSubject()
		}
	}
}

func TestTheAuditStatesEveryPaymentAndTheProvidersLedger(t *testing.T) {
	t.Parallel()
	s := newHarness(t, quick)
	orders := make([]order, 5)
	for i := range orders {
		orders[i] = s.captured("sandbox_ok")
	}
	s.publish(orders[2].cancelled())
	s.waitStatus(orders[2], paymentv1.PaymentStatus_PAYMENT_STATUS_REFUNDED)
	gone := newOrder("sandbox_ok")
	s.publish(gone.cancelled())
	s.waitStatus(gone, paymentv1.PaymentStatus_PAYMENT_STATUS_CANCELLED)

	a := s.audit(t)
	if len(a.payments) != 6 || len(a.providers) != 5 || len(a.findings) != 0 {
		t.Fatalf("%d payments, %d at the provider, findings %v", len(a.payments), len(a.providers), a.findings)
	}
	if !slices.IsSortedFunc(a.payments, func(x, y *operationsv1.PaymentRecord) int { return strings.Compare(x.GetOrderId(), y.GetOrderId()) }) ||
		!slices.IsSortedFunc(a.providers, func(x, y *operationsv1.ProviderRecord) int { return strings.Compare(x.GetOrderId(), y.GetOrderId()) }) {
		t.Error("records are not sorted by order id")
	}
	for i, provider := range a.providers {
		p := a.payments[i]
		if provider.GetOrderId() != p.GetOrderId() || provider.GetPaymentId() != p.GetPaymentId() || provider.GetCharges() != 1 || p.GetPending() ||
			!proto.Equal(provider.GetCharged(), p.GetCaptured()) || !proto.Equal(provider.GetRefunded(), p.GetRefunded()) {
			t.Errorf("payment %v, provider %v", p, provider)
		}
	}
}

// Each finding is found where it is planted, and nowhere else.
func TestTheAuditFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := newHarness(t, quick)
	s.captured("sandbox_ok")
	type planted struct {
		kind  string
		order order
		plant func(s *harness, o order) error
	}
	var plants []planted
	for kind, plant := range map[string]func(s *harness, o order) error{
		"DOUBLE_CHARGE": func(s *harness, o order) error {
			_, err := s.ledger.Exec(s.t.Context(), `insert into charges select id || 'x', idempotency_key || 'x', payment_id, order_id, reference,
				amount, currency, method, outcome, code from charges where order_id = $1`, o.id)
			return err
		},
		"REFUND_EXCEEDS_CHARGE": func(s *harness, o order) error {
			_, err := s.ledger.Exec(s.t.Context(), `insert into refunds (id, idempotency_key, charge_id, refund_id, amount, currency, outcome, code)
				select 're_x', 'x', id, gen_random_uuid(), amount + 1, currency, 1, '' from charges where order_id = $1`, o.id)
			return err
		},
		"PAYMENT_MISMATCH": func(s *harness, o order) error {
			_, err := s.pool.Exec(s.t.Context(), `update payments set refunded = 1, status = 5 where order_id = $1`, o.id)
			return err
		},
		"REFUND_FAILED": func(s *harness, o order) error {
			// The provider lost the charge, and declines to give it back.
			if _, err := s.ledger.Exec(s.t.Context(), `delete from charges where order_id = $1`, o.id); err != nil {
				return err
			}
			s.publish(o.cancelled())
			testkit.Eventually(s.t, "the refund failed", func() bool {
				list, err := s.payments.ListRefunds(s.t.Context(), &paymentv1.ListRefundsRequest{PaymentId: o.payment.String()})
				return err == nil && len(list.GetRefunds()) == 1 && list.GetRefunds()[0].GetStatus() == paymentv1.RefundStatus_REFUND_STATUS_FAILED
			})
			return nil
		},
	} {
		plants = append(plants, planted{kind, s.captured("sandbox_ok"), plant})
	}
	for _, p := range plants {
		if err := p.plant(s, p.order); err != nil {
			t.Fatalf("%s: %v", p.kind, err)
		}
	}
	found := s.audit(t).findings
	for _, p := range plants {
		if found[p.kind] != p.order.payment.String() {
			t.Errorf("%s was planted at %s, found are %v", p.kind, p.order.payment, found)
		}
	}
	if len(found) != len(plants) {
		t.Errorf("found %v", found)
	}
}
