// Package sandbox is a payment provider that moves no money. It behaves as a real
// one would: it keeps its own durable ledger in a database of its own, commits
// before it answers, answers a repeated key with what it recorded, and loses
// answers on demand. What it does is chosen by the payment method:
//
//   - sandbox_ok: takes the money;
//   - sandbox_declined: declines with "card_declined";
//   - sandbox_slow: takes the money after a delay, even when nobody waits any more;
//   - sandbox_unknown_then_ok: takes the money and loses the first answer; the
//     first answer to each refund of the charge is lost as well;
//   - sandbox_unknown_then_declined: declines and loses the first answer.
//
// Every other method is declined with "payment_method_unknown".
package sandbox

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/batch"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
)

// Name is the provider's name, as payments keep it.
const Name = provider.Sandbox

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the schema of the sandbox's ledger.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the path is a constant of this file
	}
	return sub
}

// The codes of declines.
const (
	codeDeclined       = "card_declined"
	codeMethodUnknown  = "payment_method_unknown"
	codeChargeNotFound = "charge_not_found"
	codeChargeDeclined = "charge_not_captured"
	codeRefundTooLarge = provider.CodeRefundTooLarge
	codeWrongCurrency  = "currency_mismatch"
)

const (
	methodOK                  = "sandbox_ok"
	methodDeclined            = "sandbox_declined"
	methodSlow                = "sandbox_slow"
	methodUnknownThenOK       = "sandbox_unknown_then_ok"
	methodUnknownThenDeclined = "sandbox_unknown_then_declined"
)

// errLost is what a caller sees whose answer was lost: it can't know whether the
// sandbox acted.
var errLost = errors.New("connection lost before the answer arrived")

// Config is how the sandbox behaves.
type Config struct {
	// SlowDelay returns how long sandbox_slow takes.
	SlowDelay func() time.Duration
}

// Sandbox is the provider.
type Sandbox struct {
	pool    *pg.Pool
	cfg     Config
	log     *slog.Logger
	charges *batch.Collector[entry, recorded]

	slow    sync.WaitGroup
	closing context.Context
	end     context.CancelFunc
}

// The compiler checks that the sandbox is a provider.
var _ provider.Provider = (*Sandbox)(nil)

// New makes a sandbox over its own, migrated database. Close ends it; the pool
// stays the caller's.
func New(pool *pg.Pool, cfg Config, log *slog.Logger) *Sandbox {
	s := &Sandbox{pool: pool, cfg: cfg, log: log}
	s.closing, s.end = context.WithCancel(context.Background())
	s.charges = batch.New(batch.Config{Workers: 1, Max: 256, Wait: 3 * time.Millisecond}, s.enter)
	return s
}

// Close drops the charges that sandbox_slow has not made yet, as a power cut at the
// provider would, and waits for the others.
func (s *Sandbox) Close() {
	s.end()
	s.slow.Wait()
	s.charges.Close()
}

// Charge takes the request's money as its method demands.
func (s *Sandbox) Charge(ctx context.Context, request provider.ChargeRequest) (provider.Charge, error) {
	if request.Key == "" || request.Amount.Amount <= 0 {
		return provider.Charge{}, fmt.Errorf("sandbox: a charge needs a key and an amount of more than 0, got %q and %s", request.Key, request.Amount)
	}
	request = charged(request)
	if request.Method == methodSlow {
		return s.chargeSlowly(ctx, request)
	}
	return s.charge(ctx, request)
}

// charged is what the ledger keeps of a request, by which a repetition is known. The
// sandbox decides at once and has nothing to stop: what it took is given back.
func charged(request provider.ChargeRequest) provider.ChargeRequest {
	return provider.ChargeRequest{
		Key: request.Key, PaymentID: request.PaymentID, OrderID: request.OrderID, Reference: request.Reference,
		Amount: request.Amount, Method: request.Method,
	}
}

func (s *Sandbox) charge(ctx context.Context, request provider.ChargeRequest) (provider.Charge, error) {
	made, err := s.charges.Do(ctx, request.PaymentID, newEntry(request))
	if err != nil {
		return provider.Charge{}, fmt.Errorf("sandbox: charge: %w", err)
	}
	if made.fresh && losesAnswers(request.Method) {
		return provider.Charge{}, errLost
	}
	return made.charge, nil
}

// chargeSlowly answers at once what is recorded already. Otherwise it acts after the
// delay, even when the caller no longer waits, as a real provider does with a request
// that it received.
func (s *Sandbox) chargeSlowly(ctx context.Context, request provider.ChargeRequest) (provider.Charge, error) {
	charge, err := s.byKey(ctx, newEntry(request))
	if !errors.Is(err, provider.ErrNotFound) {
		return charge, err
	}
	type answer struct {
		charge provider.Charge
		err    error
	}
	answered := make(chan answer, 1) // the sandbox never waits for its caller
	s.slow.Go(func() {
		timer := time.NewTimer(s.cfg.SlowDelay())
		defer timer.Stop()
		select {
		case <-s.closing.Done():
			answered <- answer{err: errLost}
		case <-timer.C:
			charge, err := s.charge(context.WithoutCancel(ctx), request)
			answered <- answer{charge, err}
		}
	})
	select {
	case <-ctx.Done():
		return provider.Charge{}, fmt.Errorf("sandbox: charge: %w", ctx.Err())
	case a := <-answered:
		return a.charge, a.err
	}
}

// Refund gives back the request's amount.
func (s *Sandbox) Refund(ctx context.Context, request provider.RefundRequest) (provider.Refund, error) {
	if request.Key == "" || request.Amount.Amount <= 0 {
		return provider.Refund{}, fmt.Errorf("sandbox: a refund needs a key and an amount of more than 0, got %q and %s", request.Key, request.Amount)
	}
	request = provider.RefundRequest{Key: request.Key, ChargeID: request.ChargeID, RefundID: request.RefundID, Amount: request.Amount}
	refund, fresh, method, err := s.giveBack(ctx, request)
	if err != nil {
		return provider.Refund{}, fmt.Errorf("sandbox: refund: %w", err)
	}
	if fresh && losesAnswers(method) {
		return provider.Refund{}, errLost
	}
	return refund, nil
}

// LookUpRefund finds nothing: nobody but the shop makes refunds at the sandbox.
func (s *Sandbox) LookUpRefund(context.Context, provider.RefundRequest) (provider.Refund, error) {
	return provider.Refund{Status: provider.Declined, Code: provider.CodeRefundNotFound}, nil
}

func losesAnswers(method string) bool {
	return method == methodUnknownThenOK || method == methodUnknownThenDeclined
}

// judge returns what becomes of a charge by its method.
func judge(method string) (provider.Status, string) {
	switch method {
	case methodOK, methodSlow, methodUnknownThenOK:
		return provider.Succeeded, ""
	case methodDeclined, methodUnknownThenDeclined:
		return provider.Declined, codeDeclined
	default:
		return provider.Declined, codeMethodUnknown
	}
}

func newID(prefix string) string { return prefix + uuid.Must(uuid.NewV7()).String() }
