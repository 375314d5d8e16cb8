package sim

import (
	"math/rand/v2"
	"time"
)

// faults are the chances of what can go wrong, each from 0 to 1. Each seed draws its own
// (swarm testing): in one run most are off, so that the others are not hidden by them.
type faults struct {
	// Duplicate delivers to a consumer again what it committed; Crash ends a process
	// before, within or after a transaction; Abort has a transaction fail.
	Duplicate, Crash, Abort float64
	// Republish has a relay die between the broker's answer and its delete.
	Republish float64
	// Late delays an event by minutes up to beyond an order's expiry; Stall keeps a
	// relay, consumer or worker from its work for as long.
	Late, Stall float64
	// DiskLoss loses the broker's disk, a few times in a run.
	DiskLoss float64
	// The provider loses a request, answers it too late, loses the answer after it acted,
	// answers twice, declines charges or refunds, and leaves some requests without an
	// answer as long as faults last.
	LoseRequest, LateAnswer, LoseAnswer, AnswerTwice, Decline, DeclineRefund, Silent float64
	// A provider of two steps creates a charge once more because it forgot its key, and
	// has not decided yet.
	Lapse, Undecided float64
	// Others give money back at the provider, banks dispute charges, and notices are lost.
	RefundByOthers, Dispute, LoseNotice float64
	// The mail server refuses for now, refuses for good, and takes a mail and loses the
	// answer.
	MailDeferred, MailRefused, MailUnsaid float64
	// People cancel, ship, give a part back, have their data erased, have a mail sent
	// again, order again because no answer came, and change prices and stock.
	Cancel, Ship, Refund, Erase, Resend, Retry, Reprice, Restock float64
	// Skew is how far the contexts' clocks are apart at most.
	Skew time.Duration
}

// drawFaults draws one run's faults: each is on or off, and then between seldom and
// often.
func drawFaults(r *rand.Rand) faults {
	var f faults
	draw := func(field *float64, most float64) {
		if r.IntN(2) == 0 {
			*field = most * (0.05 + 0.95*r.Float64())
		}
	}
	draw(&f.Duplicate, 0.3)
	draw(&f.Crash, 0.03)
	draw(&f.Abort, 0.2)
	draw(&f.Republish, 0.3)
	draw(&f.Late, 0.25)
	draw(&f.Stall, 0.08)
	draw(&f.DiskLoss, 1)
	draw(&f.LoseRequest, 0.5)
	draw(&f.LateAnswer, 0.5)
	draw(&f.LoseAnswer, 0.5)
	draw(&f.AnswerTwice, 0.5)
	draw(&f.Decline, 0.5)
	draw(&f.DeclineRefund, 0.5)
	draw(&f.Silent, 0.4)
	draw(&f.Lapse, 0.5)
	draw(&f.Undecided, 0.5)
	draw(&f.RefundByOthers, 0.5)
	draw(&f.Dispute, 0.4)
	draw(&f.LoseNotice, 1)
	draw(&f.MailDeferred, 0.6)
	draw(&f.MailRefused, 0.3)
	draw(&f.MailUnsaid, 0.4)
	draw(&f.Cancel, 0.6)
	draw(&f.Ship, 0.8)
	draw(&f.Refund, 0.5)
	draw(&f.Erase, 0.5)
	draw(&f.Resend, 0.5)
	draw(&f.Retry, 0.6)
	draw(&f.Reprice, 1)
	draw(&f.Restock, 1)
	if r.IntN(3) == 0 {
		f.Skew = time.Duration(r.Int64N(int64(3 * time.Minute)))
	}
	return f
}

// calm is a world in which nothing fails any more.
func calm(f faults) faults { return faults{Skew: f.Skew} }
