package domain

// Charged records what came of asking the provider for the payment. An answer for
// a payment that is settled is ignored: under one key a provider gives one answer,
// and the first that was recorded has been told to others.
func (a *Account) Charged(answer Answer, m Moment) {
	if !a.known || a.payment.Settled() {
		return
	}
	a.payment.Attempts++
	a.attempts = append(a.attempts, answer.attempt(a.payment.ID, a.payment.Attempts))
	switch answer.Outcome {
	case Succeeded:
		a.payment.Captured = a.payment.Amount
		a.payment.ChargeID = answer.ProviderID
		a.settle(PaymentCaptured, m)
		a.sayOutcome(answer.Trace)
		if a.payment.OrderCancelled {
			a.refundRest(answer.Trace, m)
		}
	case Declined:
		a.payment.FailureCode = cut(answer.Detail, MaxCode)
		a.settle(PaymentFailed, m)
		a.sayOutcome(answer.Trace)
	default:
		a.payment.Due = m.retry(a.payment.Attempts)
		a.touch(m)
	}
}
