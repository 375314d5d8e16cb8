package sandbox_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider/sandbox"
)

func open(t *testing.T, cfg sandbox.Config) (*sandbox.Sandbox, *pg.Pool) {
	t.Helper()
	pool := testkit.Database(t, sandbox.Migrations())
	s := sandbox.New(pool, cfg, testkit.Log(t))
	t.Cleanup(s.Close)
	return s, pool
}

func eur(amount int64) money.Money { return money.Money{Currency: "EUR", Amount: amount} }

func request(method string) provider.ChargeRequest {
	id := uuid.Must(uuid.NewV7())
	return provider.ChargeRequest{
		Key: provider.ChargeKey(id), PaymentID: id, OrderID: uuid.Must(uuid.NewV7()), Reference: "PAY-00000000",
		Amount: eur(1000), Method: method,
	}
}

func refundOf(charge provider.Charge, amount int64) provider.RefundRequest {
	id := uuid.Must(uuid.NewV7())
	return provider.RefundRequest{Key: provider.RefundKey(id), ChargeID: charge.ID, RefundID: id, Amount: eur(amount)}
}

func count(t *testing.T, pool *pg.Pool, table string) int {
	t.Helper()
	var n int
	if err := pool.QueryRow(t.Context(), "select count(*) from "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAKeyChargesOnceHoweverOftenItComes(t *testing.T) {
	t.Parallel()
	s, pool := open(t, sandbox.Config{})
	requests := make([]provider.ChargeRequest, 50)
	for i := range requests {
		requests[i] = request("sandbox_ok")
	}
	var calls sync.WaitGroup
	var mu sync.Mutex
	ids := map[string]map[string]bool{}
	for range 4 {
		for _, r := range requests {
			calls.Go(func() {
				charge, err := s.Charge(t.Context(), r)
				if err != nil || charge.Status != provider.Succeeded {
					t.Errorf("%s: %+v, %v", r.Key, charge, err)
				}
				mu.Lock()
				defer mu.Unlock()
				if ids[r.Key] == nil {
					ids[r.Key] = map[string]bool{}
				}
				ids[r.Key][charge.ID] = true
			})
		}
	}
	calls.Wait()
	for key, seen := range ids {
		if len(seen) != 1 {
			t.Errorf("%s was answered with %v", key, seen)
		}
	}
	if n := count(t, pool, "charges"); n != len(requests) {
		t.Errorf("%d charges", n)
	}
}

func TestAKeyWithOtherParametersIsRefused(t *testing.T) {
	t.Parallel()
	s, pool := open(t, sandbox.Config{})
	r := request("sandbox_ok")
	charge, err := s.Charge(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	other := r
	other.Amount = eur(1)
	if _, err := s.Charge(t.Context(), other); !errors.Is(err, provider.ErrKeyReused) {
		t.Errorf("charge: %v", err)
	}
	refund := refundOf(charge, 100)
	if _, err := s.Refund(t.Context(), refund); err != nil {
		t.Fatal(err)
	}
	refund.Amount = eur(200)
	if _, err := s.Refund(t.Context(), refund); !errors.Is(err, provider.ErrKeyReused) {
		t.Errorf("refund: %v", err)
	}
	if c, r := count(t, pool, "charges"), count(t, pool, "refunds"); c != 1 || r != 1 {
		t.Errorf("%d charges, %d refunds", c, r)
	}
}

func TestTheSandboxActsBeforeItLosesTheAnswer(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]provider.Charge{
		"sandbox_unknown_then_ok":       {Status: provider.Succeeded},
		"sandbox_unknown_then_declined": {Status: provider.Declined, Code: "card_declined"},
	} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			s, pool := open(t, sandbox.Config{})
			r := request(method)
			if charge, err := s.Charge(t.Context(), r); err == nil {
				t.Fatalf("answered %+v", charge)
			}
			if n := count(t, pool, "charges"); n != 1 {
				t.Fatalf("%d charges before the answer", n)
			}
			for range 2 {
				charge, err := s.Charge(t.Context(), r)
				if err != nil || charge.Status != want.Status || charge.Code != want.Code {
					t.Errorf("repeated: %+v, %v", charge, err)
				}
			}
		})
	}
}

func TestTheFirstAnswerToARefundIsLostToo(t *testing.T) {
	t.Parallel()
	s, _ := open(t, sandbox.Config{})
	r := request("sandbox_unknown_then_ok")
	_, _ = s.Charge(t.Context(), r) // lost
	charge, err := s.Charge(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	refund := refundOf(charge, 1000)
	if got, err := s.Refund(t.Context(), refund); err == nil {
		t.Fatalf("answered %+v", got)
	}
	if got, err := s.Refund(t.Context(), refund); err != nil || got.Status != provider.Succeeded {
		t.Errorf("repeated: %+v, %v", got, err)
	}
}

func TestASlowChargeIsMadeEvenWhenNobodyWaits(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var charges atomic.Int32
	s, pool := open(t, sandbox.Config{SlowDelay: func() time.Duration {
		if charges.Add(1) == 1 {
			cancel() // it has begun, and nobody waits any more
			return 100 * time.Millisecond
		}
		return time.Hour
	}})
	r := request("sandbox_slow")
	if charge, err := s.Charge(ctx, r); !errors.Is(err, context.Canceled) {
		t.Fatalf("answered %+v, %v", charge, err)
	}
	testkit.Eventually(t, "it was charged", func() bool { return count(t, pool, "charges") == 1 })
	// A repetition waits for nothing.
	ctx, cancel = context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	if charge, err := s.Charge(ctx, r); err != nil || charge.Status != provider.Succeeded {
		t.Errorf("repeated: %+v, %v", charge, err)
	}
}

func TestRefundsNeverExceedTheirCharge(t *testing.T) {
	t.Parallel()
	s, pool := open(t, sandbox.Config{})
	charge, err := s.Charge(t.Context(), request("sandbox_ok"))
	if err != nil {
		t.Fatal(err)
	}
	var calls sync.WaitGroup
	for range 10 {
		calls.Go(func() {
			r := refundOf(charge, 300)
			first, err := s.Refund(t.Context(), r)
			again, errAgain := s.Refund(t.Context(), r)
			if err != nil || errAgain != nil || first != again {
				t.Errorf("%+v, %v; again %+v, %v", first, err, again, errAgain)
			}
		})
	}
	calls.Wait()
	var given int64
	if err := pool.QueryRow(t.Context(), "select sum(amount)::bigint from refunds where outcome = 1").Scan(&given); err != nil || given != 900 {
		t.Errorf("%d given back, %v", given, err)
	}
}

func TestARefundIsDeclined(t *testing.T) {
	t.Parallel()
	s, _ := open(t, sandbox.Config{})
	paid, err := s.Charge(t.Context(), request("sandbox_ok"))
	if err != nil {
		t.Fatal(err)
	}
	declined, err := s.Charge(t.Context(), request("sandbox_declined"))
	if err != nil {
		t.Fatal(err)
	}
	dollars := refundOf(paid, 1)
	dollars.Amount.Currency = "USD"
	for code, r := range map[string]provider.RefundRequest{
		"charge_not_found":      refundOf(provider.Charge{ID: "ch_other"}, 1),
		"charge_not_captured":   refundOf(declined, 1),
		"currency_mismatch":     dollars,
		"refund_exceeds_charge": refundOf(paid, 1001),
	} {
		if got, err := s.Refund(t.Context(), r); err != nil || got.Status != provider.Declined || got.Code != code {
			t.Errorf("%s: %+v, %v", code, got, err)
		}
	}
}
