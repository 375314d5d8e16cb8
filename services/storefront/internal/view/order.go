package view

import orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"

// OrderPage is what the page of an order shows.
type OrderPage struct {
	*orderv1.Order

	Notice NoticeData
	// State tells where it is.
	State string
	Steps []Step
	// Events is where the page hears of the order's next versions; empty where none come.
	Events string
	// Waits is whether its outcome is to come in a moment.
	Waits bool
	// PayURL is where it is paid; empty where there is nothing to do.
	PayURL string
	// TrackingURL is the carrier's page about its parcel; empty where none is known.
	TrackingURL string
	// Cancel tells what cancelling does; empty where it can't be cancelled any more.
	Cancel string
	// Refunded tells what was given back; empty for nothing.
	Refunded string
	// Claim is where a guest's order becomes one of the account that the visitor signed in to, and
	// SignIn where they sign in for that; empty where it is none, or theirs already.
	Claim, SignIn string
	// Country is the name of the country that it goes to.
	Country string
	// Method is how it is paid; empty for what has no name.
	Method string
	// Imprint is who runs the shop, in the language ImprintIn: on paper the page is a receipt.
	Imprint   []string
	ImprintIn string
}

// Step is one on an order's way.
type Step struct {
	Text string
	Done bool
	// Time is when it was done, and Machine the same for programs.
	Time, Machine string
}

// currentOf is the last step that was done.
func currentOf(steps []Step) int {
	last := -1
	for i, step := range steps {
		if step.Done {
			last = i
		}
	}
	return last
}
