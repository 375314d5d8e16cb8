package payment_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/payment/internal/events"
)

// refunded brings an order to a payment of which a part was given back, and returns
// what payment published of that.
func (s *harness) refunded(amount int64) (order, event) {
	s.t.Helper()
	o := s.captured("sandbox_ok")
	if _, err := s.payments.RefundPayment(s.t.Context(), &paymentv1.RefundPaymentRequest{
		RequestId: uuid.NewString(), PaymentId: o.payment.String(), Amount: eur(amount),
	}); err != nil {
		s.t.Fatal(err)
	}
	return o, s.waitEvents(o, 2)[1]
}

// After a restart on an empty broker payment publishes again which money was given back
// within the last day, because order learns of it in no other way; nothing older.
func TestARestartRepublishesRefunds(t *testing.T) {
	t.Parallel()
	s := newHarness(t, quick)
	old, _ := s.refunded(100)
	o, first := s.refunded(200)
	testkit.Eventually(t, "everything is published", func() bool {
		var waiting int
		err := s.pool.QueryRow(t.Context(), `select count(*) from outbox`).Scan(&waiting)
		return err == nil && waiting == 0
	})
	s.stop()
	if _, err := s.pool.Exec(t.Context(), `update refunds set update_time = $2 where order_id = $1`, old.id, time.Now().Add(-25*time.Hour)); err != nil {
		t.Fatal(err)
	}

	broker := testkit.Broker(t)
	s.config.Context.Kafka = broker
	s.serve()
	s.events = testkit.NewEvents(t, broker, events.PaymentTopic)
	again := s.waitEvents(o, 1)[0]
	if again.id != first.id || !proto.Equal(again.message, first.message) {
		t.Errorf("published %v, then %v", first, again)
	}
	// The old order's next refund is the first that is published.
	if _, err := s.payments.RefundPayment(t.Context(), &paymentv1.RefundPaymentRequest{
		RequestId: uuid.NewString(), PaymentId: old.payment.String(), Amount: eur(1),
	}); err != nil {
		t.Fatal(err)
	}
	refunded, ok := s.waitEvents(old, 1)[0].message.(*paymentv1.PaymentRefunded)
	if !ok || !proto.Equal(refunded.GetAmount(), eur(1)) || !proto.Equal(refunded.GetRefunded(), eur(101)) {
		t.Errorf("published %v", refunded)
	}
}
