package app_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/payment/internal/app"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
)

// bank is a provider with books of its own. It holds a charge's answer back as long
// as a test wants, loses every second refund's first answer after it acted, and
// notes whatever a provider would have to pay for.
type bank struct {
	scripted

	lock      sync.Mutex
	requested map[uuid.UUID]chan struct{} // closed when a payment's charge is requested
	answer    map[uuid.UUID]chan struct{} // the answer comes once it is closed
	charged   map[string]int64            // by charge
	keys      map[string]int64            // amounts by idempotency key
	given     map[string]int64            // given back, by charge
	wrongs    []string
}

func newBank() *bank {
	return &bank{
		requested: map[uuid.UUID]chan struct{}{}, answer: map[uuid.UUID]chan struct{}{},
		charged: map[string]int64{}, keys: map[string]int64{}, given: map[string]int64{},
	}
}

// hold has a payment's answer wait; requested is closed when the request came.
func (b *bank) hold(payment uuid.UUID) (requested <-chan struct{}, release func()) {
	b.lock.Lock()
	defer b.lock.Unlock()
	b.requested[payment], b.answer[payment] = make(chan struct{}), make(chan struct{})
	answer := b.answer[payment]
	return b.requested[payment], func() { close(answer) }
}

func (b *bank) Charge(ctx context.Context, r provider.ChargeRequest) (provider.Charge, error) {
	b.lock.Lock()
	id := "ch-" + r.Key
	if _, again := b.keys[r.Key]; !again {
		b.keys[r.Key] = r.Amount.Amount
		b.charged[id] += r.Amount.Amount
	}
	if b.charged[id] != r.Amount.Amount {
		b.wrongs = append(b.wrongs, fmt.Sprintf("%s was charged %d of %d", id, b.charged[id], r.Amount.Amount))
	}
	requested, answer := b.requested[r.PaymentID], b.answer[r.PaymentID]
	b.lock.Unlock()
	if answer != nil {
		close(requested)
		select {
		case <-answer:
		case <-ctx.Done():
			return provider.Charge{}, ctx.Err()
		}
	}
	return provider.Charge{ID: id, Status: provider.Succeeded}, nil
}

func (b *bank) Refund(_ context.Context, r provider.RefundRequest) (provider.Refund, error) {
	b.lock.Lock()
	defer b.lock.Unlock()
	amount, again := b.keys[r.Key]
	if again && amount != r.Amount.Amount {
		b.wrongs = append(b.wrongs, fmt.Sprintf("%s was for %d and is for %d", r.Key, amount, r.Amount.Amount))
	}
	if !again {
		b.keys[r.Key] = r.Amount.Amount
		b.given[r.ChargeID] += r.Amount.Amount
		if b.given[r.ChargeID] > b.charged[r.ChargeID] {
			b.wrongs = append(b.wrongs, fmt.Sprintf("of %s %d of %d were given back", r.ChargeID, b.given[r.ChargeID], b.charged[r.ChargeID]))
		}
		if r.RefundID[15]%2 == 0 {
			return provider.Refund{}, errors.New("the answer is lost")
		}
	}
	return provider.Refund{ID: "re-" + r.Key, Status: provider.Succeeded}, nil
}

// books returns what was taken for a payment and given back.
func (b *bank) books(payment uuid.UUID) (charged, given int64) {
	b.lock.Lock()
	defer b.lock.Unlock()
	id := "ch-" + provider.ChargeKey(payment)
	return b.charged[id], b.given[id]
}

func (b *bank) wantNoWrongs(t *testing.T) {
	t.Helper()
	b.lock.Lock()
	defer b.lock.Unlock()
	for _, wrong := range b.wrongs {
		t.Error(wrong)
	}
}

const captured = 1000

// awaiting is an order that awaits its payment.
func awaiting() domain.InboundEvent {
	return domain.InboundEvent{OrderID: uuid.Must(uuid.NewV7()), Awaiting: &domain.AwaitingPayment{
		PaymentID: uuid.Must(uuid.NewV7()), Total: money.Money{Currency: "EUR", Amount: captured}, Method: "card",
	}}
}

// cancelTrace marks what followed from the cancellation itself.
const cancelTrace = "00-0000000000000000000000000000cafe-000000000000cafe-01"

func cancelledOf(e domain.InboundEvent) domain.InboundEvent {
	return domain.InboundEvent{OrderID: e.OrderID, Trace: cancelTrace, Cancelled: &domain.Cancelled{
		PaymentID: e.Awaiting.PaymentID, Currency: "EUR", PaymentRequested: true,
	}}
}

// apply has a worker's process apply events as one batch, as a consumer does.
func (o harness) apply(w *app.ChargeWorker, batch ...domain.InboundEvent) error {
	for {
		err := o.pool.Hot().InTx(o.t.Context(), func(ctx context.Context, tx *pg.Tx) error { return o.payments(w).ApplyOrderEvents(ctx, tx, batch) })
		if err == nil || !pg.Transient(err) {
			return err
		}
	}
}

// wantGivenBack checks a payment whose order was cancelled: one charge, all of it
// given back by one refund, the capture published before the refund.
func (o harness) wantGivenBack(b *bank, e domain.InboundEvent) {
	o.t.Helper()
	id := e.Awaiting.PaymentID
	p := o.get(id).Payment
	if c, g := b.books(id); p.Status != domain.PaymentRefunded || p.Captured.Amount != captured || p.Refunded.Amount != captured || c != captured || g != captured {
		o.t.Errorf("payment %s: %+v; the provider took %d and gave back %d", id, p, c, g)
	}
	var refunds int
	var published string
	if err := o.pool.QueryRow(o.t.Context(), `select (select count(*) from refunds where payment_id = $1),
		coalesce((select string_agg(distinct split_part(type, '.', 4), ' ' order by split_part(type, '.', 4)) from outbox where key = $1
			and not exists (select from outbox c where c.key = $1 and c.type like '%PaymentRefunded' and c.id < outbox.id and outbox.version = 2)), '')`,
		id).Scan(&refunds, &published); err != nil {
		o.t.Fatal(err)
	}
	if refunds != 1 || published != "PaymentCaptured PaymentRefunded" {
		o.t.Errorf("payment %s: %d refunds, published %q", id, refunds, published)
	}
}

// refundFollowedCancel reports whether the refund came of the cancellation, which then
// found the money captured, or else of the provider's answer.
func (o harness) refundFollowedCancel(id uuid.UUID) bool {
	o.t.Helper()
	var trace string
	if err := o.pool.QueryRow(o.t.Context(), `select traceparent from refunds where payment_id = $1`, id).Scan(&trace); err != nil {
		o.t.Fatal(err)
	}
	return trace == cancelTrace
}

// An order is cancelled while the provider takes its money. Whether the answer or the
// cancellation is recorded first, all of it is given back, once.
func TestACancellationMeetsTheProvidersAnswer(t *testing.T) {
	t.Parallel()
	o := newHarness(t, domain.Settings{ProviderTimeout: time.Minute, RetryAfter: 10 * time.Millisecond})
	b := newBank()
	w := o.worker(b)
	begin := func() (e domain.InboundEvent, release func()) {
		e = awaiting()
		requested, release := b.hold(e.Awaiting.PaymentID)
		if err := o.apply(w, e); err != nil {
			t.Fatal(err)
		}
		<-requested
		return e, release
	}
	for range 10 {
		e, release := begin() // cancelled while the provider thinks
		if err := o.apply(w, cancelledOf(e)); err != nil {
			t.Fatal(err)
		}
		if p := o.get(e.Awaiting.PaymentID).Payment; p.Status != domain.PaymentPending || !p.OrderCancelled {
			t.Errorf("while the provider thinks it is %+v", p)
		}
		release()
		o.waitStatus(domain.PaymentRefunded, e.Awaiting.PaymentID)
		if o.refundFollowedCancel(e.Awaiting.PaymentID) {
			t.Error("the refund did not follow from the answer")
		}
		o.wantGivenBack(b, e)

		e, release = begin() // captured, and then cancelled
		release()
		o.waitStatus(domain.PaymentCaptured, e.Awaiting.PaymentID)
		if err := o.apply(w, cancelledOf(e)); err != nil {
			t.Fatal(err)
		}
		o.waitStatus(domain.PaymentRefunded, e.Awaiting.PaymentID)
		if !o.refundFollowedCancel(e.Awaiting.PaymentID) {
			t.Error("the refund did not follow from the cancellation")
		}
		o.wantGivenBack(b, e)
	}

	// And as it happens.
	var seen [2]int
	for round := 0; round < 4 || seen[0] == 0 || seen[1] == 0; round++ {
		if round == 50 {
			t.Fatalf("the same was always first: %v", seen)
		}
		var all []domain.InboundEvent
		var racing sync.WaitGroup
		start := make(chan struct{})
		for i := range 16 {
			e, release := begin()
			all = append(all, e)
			racing.Go(func() {
				<-start
				release()
			})
			racing.Go(func() {
				<-start
				if i%4 == 0 {
					// The answer's way to the database is the longer one: some give it a lead.
					_ = o.get(e.Awaiting.PaymentID)
					_ = o.get(e.Awaiting.PaymentID)
				}
				if err := o.apply(w, cancelledOf(e)); err != nil {
					t.Error(err)
				}
			})
		}
		close(start)
		racing.Wait()
		for _, e := range all {
			o.waitStatus(domain.PaymentRefunded, e.Awaiting.PaymentID)
			o.wantGivenBack(b, e)
			if o.refundFollowedCancel(e.Awaiting.PaymentID) {
				seen[1]++
			} else {
				seen[0]++
			}
		}
	}
	t.Logf("the cancellation came first %d times, the answer %d times", seen[0], seen[1])
	b.wantNoWrongs(t)
}

// Clerks at two processes give money back at once, in parts and all of what is left,
// some of whose answers are lost, and some orders are cancelled meanwhile: never more
// is given back than was captured, and of a cancelled order all of it.
func TestRefundsMeetRefunds(t *testing.T) {
	t.Parallel()
	o := newHarness(t, domain.Settings{ProviderTimeout: time.Minute, RetryAfter: 10 * time.Millisecond, RefundStepUpLimits: map[string]int64{"": math.MaxInt64}})
	b := newBank()
	workers := []*app.ChargeWorker{o.worker(b), o.worker(b)}
	refund := func(i int, payment uuid.UUID) error {
		wish := domain.RefundRequest{Requester: "owner", Reason: "broken"}
		if i%4 != 3 { // else all that is left
			wish.Amount = &money.Money{Currency: "EUR", Amount: int64(170 + 90*i)}
		}
		do := o.payments(workers[i%2])
		request := &paymentv1.RefundPaymentRequest{RequestId: uuid.NewString(), PaymentId: payment.String()}
		key := idempotency.Key{Caller: "owner", RPC: "RefundPayment", RequestID: uuid.MustParse(request.GetRequestId())}
		_, err := do.RefundPayment(t.Context(), key, request, payment, wish)
		switch fault.ReasonOf(err) {
		case domain.ReasonRefundTooLarge, domain.ReasonPaymentState:
			return nil
		}
		return err
	}
	var accepted, refused int
	for range 5 {
		events := make([]domain.InboundEvent, 8)
		for i := range events {
			events[i] = awaiting()
		}
		if err := o.apply(workers[0], events...); err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			o.waitStatus(domain.PaymentCaptured, e.Awaiting.PaymentID)
		}
		var racing sync.WaitGroup
		start := make(chan struct{})
		for n, e := range events {
			for i := range 6 {
				racing.Go(func() {
					<-start
					if err := refund(i, e.Awaiting.PaymentID); err != nil {
						t.Errorf("refund %d: %v", i, err)
					}
				})
			}
			if n%2 == 0 {
				racing.Go(func() {
					<-start
					if err := o.apply(workers[n/2%2], cancelledOf(e)); err != nil {
						t.Error(err)
					}
				})
			}
		}
		close(start)
		racing.Wait()
		for n, e := range events {
			id := e.Awaiting.PaymentID
			var pending, succeeded int
			var sum int64
			testkit.Eventually(t, "no refund is under way", func() bool {
				err := o.pool.QueryRow(t.Context(), `select count(*) filter (where status = 1), count(*) filter (where status = 2),
					coalesce(sum(amount) filter (where status = 2), 0)::bigint from refunds where payment_id = $1`, id).Scan(&pending, &succeeded, &sum)
				return err == nil && pending == 0
			})
			p := o.get(id).Payment
			charged, given := b.books(id)
			if charged != captured || given > captured || given != sum || p.Refunded.Amount != sum || n%2 == 0 && given != captured {
				t.Errorf("payment %d: the provider took %d and gave back %d, the refunds' sum is %d, the payment counts %v", n, charged, given, sum, p.Refunded)
			}
			accepted += succeeded
			refused += 6 - succeeded
		}
	}
	if accepted == 0 || refused == 0 {
		t.Errorf("%d refunds were accepted, %d refused: that was no race", accepted, refused)
	}
	b.wantNoWrongs(t)
}
