package domain

import (
	"time"

	"github.com/shopmesh/shopmesh/kit/money"
)

// leaseMargin is how long a payment or refund may wait in the process that stored
// it before its first attempt, on top of the attempt's own time.
const leaseMargin = 5 * time.Second

// Settings are the owner's.
type Settings struct {
	// ProviderTimeout is how long an answer is waited for.
	ProviderTimeout time.Duration
	// RetryAfter is how soon an unknown outcome is requested again.
	RetryAfter time.Duration
	// ReconcileInterval is how often a provider's list of events is read.
	ReconcileInterval time.Duration
	// SandboxSlowDelay is how long the sandbox takes for sandbox_slow.
	SandboxSlowDelay time.Duration
	// ReturnURL is where a customer's browser returns to from a bank's page; empty for
	// nowhere.
	ReturnURL string
	// StripeKey is a key of the Stripe account that takes payments; empty for none. The
	// values of secrets are never shown: not in a log, an error or a record.
	StripeKey string
	// StripeMissing is why a key that the settings name is not there.
	StripeMissing error
	// StripeWebhookSecrets sign Stripe's events.
	StripeWebhookSecrets []string
	// RefundStepUpLimits are what the refunds of a payment may come to without a step-up, by
	// currency, in its minor unit; "" for currencies that have no limit of their own.
	RefundStepUpLimits map[string]int64
	// IdempotencyRetention is how long answers are kept for requests that come again,
	// EventRetention how long a broker keeps what this context publishes.
	IdempotencyRetention, EventRetention time.Duration
}

// RefundsNeedStepUp reports whether refunds of a payment that come to this need a recent proof
// of who requests them. A currency without a limit has none to stay below.
func (s Settings) RefundsNeedStepUp(sum money.Money) bool {
	limit, ok := s.RefundStepUpLimits[sum.Currency]
	if !ok {
		limit, ok = s.RefundStepUpLimits[""]
	}
	return !ok || sum.Amount > limit
}

// Lease is how long a process may keep a payment or refund to itself.
func (s Settings) Lease() time.Duration { return s.ProviderTimeout + leaseMargin }
