package domain

// Charged records what came of a request for the payment's money. An answer for a
// payment that is decided is ignored: under one key a provider gives one answer, and
// the first that was recorded has been published.
func (a *Account) Charged(answer Answer, dc DecisionContext) {
	if !a.known || a.payment.Decided() {
		return
	}
	if answer.Outcome == Opened {
		a.open(answer, dc)
		return
	}
	if answer.Outcome == Pending && answer.Waits != PendingUnknown && answer.Waits == a.payment.PendingReason {
		a.payment.Polls++
		a.payment.PollTime = dc.Now
		a.payment.Due = dc.next(a.payment.Due, answer, a.payment.Attempts+a.payment.Polls)
		a.touch(dc)
		return
	}
	a.payment.Attempts++
	a.attempts = append(a.attempts, answer.attempt(a.payment.ID, a.payment.Attempts))
	switch answer.Outcome {
	case Succeeded:
		a.payment.Captured = a.payment.Amount
		a.payment.ChargeID = answer.ProviderID
		a.close(PaymentCaptured, dc)
		a.publishOutcome(answer.Trace)
		if a.payment.OrderCancelled {
			a.refundRest(answer.Trace, dc)
		}
	case Declined:
		a.payment.FailureCode = cut(answer.Detail, MaxCode)
		status := PaymentFailed
		if a.payment.OrderCancelled && answer.Detail == CodeOrderCancelled {
			status = PaymentCancelled
		}
		a.close(status, dc)
		a.publishOutcome(answer.Trace)
	default:
		if answer.Outcome == Pending {
			a.wait(answer, dc)
		}
		a.payment.Due = dc.next(a.payment.Due, answer, a.payment.Attempts+a.payment.Polls)
		a.touch(dc)
	}
}

// wait records what the payment waits for, and publishes it the first time. Nobody
// waits for the payment of a cancelled order.
func (a *Account) wait(answer Answer, dc DecisionContext) {
	a.payment.PendingReason = answer.Waits
	if a.payment.OrderCancelled {
		return
	}
	first := false
	switch {
	case answer.Waits == PendingAction && a.payment.ActionTime.IsZero():
		a.payment.ActionTime, first = dc.Now, true
	case answer.Waits == PendingBank && a.payment.ProcessingTime.IsZero():
		a.payment.ProcessingTime, first = dc.Now, true
	}
	if first {
		a.publishPending(answer.Trace)
	}
}

// open stores the id under which the provider knows of the charge. The first is kept:
// money is requested under a stored id alone, so that a charge which was opened twice
// is taken once. Whoever stores it makes that request next, and has a lease for it.
func (a *Account) open(answer Answer, dc DecisionContext) {
	if a.payment.ChargeID == "" {
		a.payment.ChargeID = answer.ProviderID
	}
	a.payment.Due = dc.Now.Add(dc.Lease)
	a.touch(dc)
}
