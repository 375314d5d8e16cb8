package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/payment/internal/app"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
)

func (o harness) exec(statement string, args ...any) {
	o.t.Helper()
	if _, err := o.pool.Exec(o.t.Context(), statement, args...); err != nil {
		o.t.Fatal(err)
	}
}

func (o harness) count(query string, args ...any) (n int) {
	o.t.Helper()
	if err := o.pool.QueryRow(o.t.Context(), query, args...).Scan(&n); err != nil {
		o.t.Fatal(err)
	}
	return n
}

// refunded adds n payments, each with a refund that came to its status at a time.
func (o harness) refunded(n int, status int, at time.Time) {
	o.t.Helper()
	o.exec(`
		with made as (
		  insert into payments (id, order_id, reference, currency, amount, captured, refunded, status, method, provider, provider_charge_id,
		    failure_code, order_cancelled, attempt_count, version, traceparent, create_time, update_time)
		  select gen_random_uuid(), gen_random_uuid(), 'PAY-' || lpad(((select count(*) from payments) + i)::text, 8, '0'), 'EUR', 100, 100,
		    case $2::int when 2 then 40 else 0 end, case $2::int when 2 then 5 else 2 end, 'card', 'scripted', 'ch',
		    '', false, 1, 3, '', $3, $3
		  from generate_series(1, $1::int) i
		  returning id, order_id
		)
		insert into refunds (id, payment_id, order_id, currency, amount, status, reason, requester, provider_refund_id, failure_code,
		  attempt_count, version, traceparent, create_time, update_time, origin)
		select gen_random_uuid(), id, order_id, 'EUR', 40, $2::int, '', 'owner', '', '', 1, case $2::int when 2 then 3 else 0 end, '', $3, $3, 1
		from made`, n, status, at)
}

func (o harness) republisher() *outbox.Republisher { return app.Payments{Deps: o.deps}.Republisher() }

// The window ends with the newest refund, however long the shop rested since, and a
// clock that once ran ahead doesn't move it away.
func TestRefundsOfTheLastDayAreRepublished(t *testing.T) {
	t.Parallel()
	const succeeded, failed = 2, 3
	const day, week = 24 * time.Hour, 7 * 24 * time.Hour
	for name, ago := range map[string]struct{ newest, in, out time.Duration }{
		"after a week's rest":          {week, week + 23*time.Hour, week + 25*time.Hour},
		"with a refund from to-morrow": {-day, 23 * time.Hour, 25 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newHarness(t, domain.Settings{ProviderTimeout: time.Second, RetryAfter: time.Second})
			o.refunded(1, succeeded, time.Now().Add(-ago.newest))
			o.refunded(2, succeeded, time.Now().Add(-ago.in))
			o.refunded(4, succeeded, time.Now().Add(-ago.out))
			o.refunded(8, failed, time.Now().Add(-ago.newest))
			if err := o.republisher().All(t.Context()); err != nil {
				t.Fatal(err)
			}
			published := o.count(`select count(*) from outbox o join refunds r on r.payment_id = o.key and r.version = o.version and r.status = 2
				where o.type = 'shopmesh.payment.v1.PaymentRefunded'`)
			if all := o.count(`select count(*) from outbox`); published != 3 || all != 3 {
				t.Errorf("%d refunds republished in %d events, want 3", published, all)
			}
		})
	}
}

func TestNothingIsRepublishedWhereNothingWasGivenBack(t *testing.T) {
	t.Parallel()
	o := newHarness(t, domain.Settings{ProviderTimeout: time.Second, RetryAfter: time.Second})
	if err := o.republisher().All(t.Context()); err != nil || o.count(`select count(*) from outbox`) != 0 {
		t.Errorf("error %v, %d events", err, o.count(`select count(*) from outbox`))
	}
}

func TestRefundsThatAreRepublishedWaitForTheirTurn(t *testing.T) {
	t.Parallel()
	o := newHarness(t, domain.Settings{ProviderTimeout: time.Second, RetryAfter: time.Second})
	o.refunded(700, 2, time.Now())
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- o.republisher().All(ctx) }()
	testkit.Eventually(t, "a batch is written", func() bool { return o.count(`select count(*) from outbox`) == 500 })
	select {
	case err := <-ended:
		t.Fatalf("ended with %v while the outbox was full", err)
	default:
	}
	var last uuid.UUID
	if err := o.pool.QueryRow(t.Context(), `with gone as (delete from outbox returning key) select key from gone order by key desc limit 1`).Scan(&last); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if n := o.count(`select count(distinct key) from outbox where key > $1`, last); n != 200 {
		t.Errorf("%d refunds republished after the first batch, want the other 200", n)
	}
}
