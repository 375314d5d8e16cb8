// Package sim runs the decisions of every context against a simulated store, bus,
// clock, provider and mail server, in one goroutine and under a seed: the same seed
// is the same run. Faults are drawn by the seed and last for a while; then all of
// them end, and the shop must come to rest. Only tests import it.
package sim

import (
	"time"

	inventorysim "github.com/shopmesh/shopmesh/services/inventory/sim"
	notificationsim "github.com/shopmesh/shopmesh/services/notification/sim"
	ordersim "github.com/shopmesh/shopmesh/services/order/sim"
	paymentsim "github.com/shopmesh/shopmesh/services/payment/sim"
)

// Bugs are mistakes that a test plants in the stores around the decisions, to see
// that the simulation finds them.
type Bugs struct {
	Order        ordersim.Bugs
	Inventory    inventorysim.Bugs
	Payment      paymentsim.Bugs
	Notification notificationsim.Bugs
	// PublishUncommitted publishes the events of a transaction that is rolled back.
	PublishUncommitted bool
}

// Report is what one run came to.
type Report struct {
	Seed uint64
	// Hash is over all that happened and when.
	Hash   uint64
	Steps  int
	Orders int
	// Took is how long the run was in the shop's own time.
	Took time.Duration
	// Counts is how often things happened that a run may or may not have.
	Counts map[string]int
	// Broken is what must never be; nil when all was well.
	Broken *Violation
}

// Run lets a seed's run happen in the caller's testing/synctest bubble, whose clock
// it moves. log may be nil; with it, the run is the same.
func Run(seed uint64, bugs Bugs, log *Log) Report {
	w := newWorld(seed, bugs, log)
	w.run()
	if w.broken == nil {
		w.handOver()
		w.run()
	}
	if w.broken == nil {
		w.checkEnd()
	}
	return Report{
		Seed: seed, Hash: w.hash, Steps: w.steps, Orders: w.order.Len(), Took: time.Since(w.start),
		Counts: w.counts, Broken: w.broken,
	}
}
