package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// withSettings is a settings file for a shop.
func withSettings(t *testing.T, json string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "settings.json")
	if err := os.WriteFile(path, []byte(json), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// For each of some products there is one piece and two dozen buyers, who all press
// the button at once: one of them gets it, and pays; the others are refused because it is gone.
func TestTheLastPieceHasOneBuyer(t *testing.T) {
	t.Parallel()
	const products, buyers = 12, 24
	s := up(t)
	orders := make([][]*orderv1.Order, products)
	var placing errgroup.Group
	begin := make(chan struct{})
	for i := range orders {
		piece := s.sell(euros(5, 0), 1)
		orders[i] = make([]*orderv1.Order, buyers)
		for j := range orders[i] {
			req := request("sandbox_ok", of(piece.GetCode(), 1))
			placing.Go(func() error {
				<-begin
				res, err := s.placeSoon(t.Context(), req)
				orders[i][j] = res.GetOrder()
				return err
			})
		}
	}
	close(begin)
	if err := placing.Wait(); err != nil {
		t.Fatal(err)
	}
	for i, rivals := range orders {
		var winners int
		for _, o := range rivals {
			s.watch(o.GetId(), confirmed, cancelled)
			res, err := s.order.GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: o.GetId()})
			if err != nil {
				t.Fatal(err)
			}
			switch o := res.GetOrder(); {
			case o.GetState() == confirmed && proto.Equal(o.GetCaptured(), o.GetTotal()):
				winners++
			case o.GetState() == cancelled && o.GetCancelReason() == orderv1.CancelReason_CANCEL_REASON_OUT_OF_STOCK:
				if o.GetCaptured().GetUnits() != 0 {
					t.Errorf("a buyer without a piece paid %v", o.GetCaptured())
				}
			default:
				t.Errorf("an order ended %v %v, captured %v", o.GetState(), o.GetCancelReason(), o.GetCaptured())
			}
		}
		if winners != 1 {
			t.Errorf("%d buyers got the one piece of product %d", winners, i)
		}
	}
	s.mustAudit()
}

// ended are orders that came to their end, by whether money had been taken.
type ended struct {
	mu           sync.Mutex
	free, repaid int
}

// wantNothingKept waits until a cancelled order and its payment hold no money any
// more, and counts whether any had been taken.
func (s *shop) wantNothingKept(e *ended, id string, reason orderv1.CancelReason) {
	s.t.Helper()
	o := s.reached(id, cancelled)
	if o.GetCancelReason() != reason {
		s.t.Errorf("order %s was cancelled for %v", id, o.GetCancelReason())
	}
	eventually(s.t, func(ctx context.Context) error {
		res, err := s.order.GetOrder(ctx, &orderv1.GetOrderRequest{Id: id})
		if err != nil {
			return err
		}
		o = res.GetOrder()
		listed, err := s.payment.ListPayments(ctx, &paymentv1.ListPaymentsRequest{Filter: `order_id = "` + id + `"`})
		if err != nil {
			return err
		}
		status := paymentv1.PaymentStatus_PAYMENT_STATUS_CANCELLED
		for _, p := range listed.GetPayments() {
			status = p.GetStatus()
		}
		if !proto.Equal(o.GetCaptured(), o.GetRefunded()) || status == paymentv1.PaymentStatus_PAYMENT_STATUS_PENDING ||
			(status == paymentv1.PaymentStatus_PAYMENT_STATUS_REFUNDED) != (o.GetCaptured().GetUnits() > 0) {
			return errorf("order %s has captured %v, refunded %v, and its payment is %v", id, o.GetCaptured(), o.GetRefunded(), status)
		}
		return nil
	})
	e.mu.Lock()
	defer e.mu.Unlock()
	if o.GetCaptured().GetUnits() > 0 {
		e.repaid++
	} else {
		e.free++
	}
}

// Customers cancel at every step on the way to a paid order, some while the
// provider holds their money and has not answered: all end cancelled, keep no money,
// and the stock comes back.
func TestCancellationsMeetPayments(t *testing.T) {
	t.Parallel()
	const orders = 48
	s := up(t, "--settings", withSettings(t, `{"payment": {"sandboxSlowDelay": "0.5s"}}`))
	mug := s.sell(euros(5, 0), orders)
	var racing errgroup.Group
	racing.SetLimit(16)
	ids := make([]string, orders)
	for i := range ids {
		method := "sandbox_ok"
		if i%4 == 3 {
			method = "sandbox_slow"
		}
		racing.Go(func() error {
			res, err := s.placeSoon(t.Context(), request(method, of(mug.GetCode(), 1)))
			if err != nil {
				return err
			}
			ids[i] = res.GetOrder().GetId()
			switch i % 4 {
			case 1, 3:
				s.watch(ids[i], awaiting)
			case 2:
				s.watch(ids[i], confirmed)
			}
			_, err = s.order.CancelOrder(t.Context(), &orderv1.CancelOrderRequest{RequestId: uuid.NewString(), Id: ids[i], Reason: "changed my mind"})
			return err
		})
	}
	if err := racing.Wait(); err != nil {
		t.Fatal(err)
	}
	var all ended
	for _, id := range ids {
		s.wantNothingKept(&all, id, orderv1.CancelReason_CANCEL_REASON_REQUESTED)
	}
	// Who cancels a confirmed order had paid.
	if all.repaid < orders/4 {
		t.Errorf("%d orders were repaid and %d had not paid", all.repaid, all.free)
	}
	t.Logf("%d orders were repaid, %d had not paid", all.repaid, all.free)
	s.mustAudit()
	if got := s.stockOf(mug.GetCode()); got.GetOnHand() != orders || got.GetReserved() != 0 {
		t.Errorf("stock is %v, want %d and nothing reserved", got, orders)
	}
}

// The payment's time runs out while the provider is being called. Orders whose answer comes
// in time are confirmed and stay so; the money of the others, which is taken after
// their end, is given back.
func TestExpiriesMeetPayments(t *testing.T) {
	t.Parallel()
	var inTime, repaid int
	// Where the machine needs more than the orders' time for what comes before and after the
	// provider's answer, both get more of it.
	for window := 3 * time.Second; inTime == 0 || repaid == 0; window *= 2 {
		if window > testkit.Patience {
			t.Fatal("there was no race")
		}
		t.Run(window.String(), func(t *testing.T) { inTime, repaid = expiriesMeetPayments(t, window) }) //nolint:paralleltest // the next follows from it
		if t.Failed() {
			return
		}
	}
}

// expiriesMeetPayments lets orders and the provider's answers have the same time, and returns
// how many were paid in time, and how many were paid after their end and repaid.
func expiriesMeetPayments(t *testing.T, window time.Duration) (paid, repaid int) {
	t.Helper()
	s := up(t, "--settings", withSettings(t, fmt.Sprintf(
		`{"order": {"paymentWindow": "%gs", "retryAfter": "0.5s"}, "payment": {"sandboxSlowDelay": "%[1]gs"}}`, window.Seconds())))
	mug := s.sell(euros(5, 0), 1000)
	// The provider's answer takes as long as the order's time, which began before.
	var placing errgroup.Group
	slow := make([]string, 24)
	for i := range slow {
		placing.Go(func() error {
			res, err := s.placeSoon(t.Context(), request("sandbox_slow", of(mug.GetCode(), 1)))
			slow[i] = res.GetOrder().GetId()
			return err
		})
	}
	if err := placing.Wait(); err != nil {
		t.Fatal(err)
	}
	var all ended
	var inTime []string
	end := func(id string) {
		t.Helper()
		seen := s.watch(id, confirmed, cancelled)
		if seen[len(seen)-1] == confirmed {
			inTime = append(inTime, id)
			return
		}
		s.wantNothingKept(&all, id, orderv1.CancelReason_CANCEL_REASON_EXPIRED)
	}
	for _, id := range slow {
		end(id)
	}
	// The provider answers these at once; a busy machine may need more than one.
	for range 10 {
		end(s.place(request("sandbox_ok", of(mug.GetCode(), 1))).GetId())
		if len(inTime) > 0 {
			break
		}
	}
	t.Logf("%d orders were paid in time, %d were repaid, %d had not paid", len(inTime), all.repaid, all.free)
	s.mustAudit()
	for _, id := range inTime {
		if got := s.reached(id, confirmed); !proto.Equal(got.GetCaptured(), got.GetTotal()) || got.GetRefunded().GetUnits() != 0 {
			t.Errorf("an order that was paid in time has captured %v and refunded %v", got.GetCaptured(), got.GetRefunded())
		}
	}
	if got := s.stockOf(mug.GetCode()); got.GetOnHand() != int64(1000-len(inTime)) || got.GetReserved() != 0 {
		t.Errorf("stock is %v, want %d", got, 1000-len(inTime))
	}
	return len(inTime), all.repaid
}
