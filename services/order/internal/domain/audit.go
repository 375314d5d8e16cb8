package domain

import (
	"fmt"
	"strings"
	"time"
)

// An order whose events were published again this often, or that did not change for this
// long, is stuck.
const (
	StuckAfterRetries = 10
	StuckAfter        = 24 * time.Hour
)

// Finding is something about an order that must not be.
type Finding struct {
	// Kind is in capitals, such as "ORDER_STUCK".
	Kind string
	// Message is a sentence with the values compared.
	Message string
}

// Check finds what must not be in an order with its lines and its history.
func (o *Order) Check(history []Entry, now time.Time) []Finding {
	var found []Finding
	add := func(kind, format string, args ...any) {
		found = append(found, Finding{Kind: kind, Message: fmt.Sprintf(format, args...)})
	}
	waitsForBank := o.s.Payment == PaymentInProcess && now.Before(o.s.ExpireTime)
	if o.s.Awaits != 0 && !waitsForBank && (o.s.RetryCount >= StuckAfterRetries || now.Sub(o.s.UpdateTime) > StuckAfter) {
		add("ORDER_STUCK", "order %s, %s, awaits %s, published %d times again, unchanged since %s",
			o.s.Number, o.s.State, strings.Join(o.s.Awaits.Names(), ", "), o.s.RetryCount, o.s.UpdateTime.Format(time.RFC3339))
	}
	if wrong := o.checkTotal(); wrong != "" {
		add("TOTAL_MISMATCH", "order %s: %s", o.s.Number, wrong)
	}
	if wrong := o.checkHistory(history); wrong != "" {
		add("HISTORY_MISMATCH", "order %s: %s", o.s.Number, wrong)
	}
	return found
}

// checkTotal adds lines and adjustments up.
func (o *Order) checkTotal() string {
	sum := o.s.Subtotal
	sum.Amount = 0
	var err error
	for _, line := range o.s.Lines {
		if sum, err = sum.Add(line.Total); err != nil {
			return err.Error()
		}
	}
	if sum != o.s.Subtotal {
		return fmt.Sprintf("its %d lines sum to %s, its subtotal is %s", len(o.s.Lines), sum, o.s.Subtotal)
	}
	for _, adjustment := range o.s.Adjustments {
		if sum, err = sum.Add(adjustment.Amount); err != nil {
			return err.Error()
		}
	}
	if sum != o.s.Total {
		return fmt.Sprintf("lines and adjustments sum to %s, its total is %s", sum, o.s.Total)
	}
	return ""
}

// checkHistory follows the moves from the first entry to the order's state.
func (o *Order) checkHistory(history []Entry) string {
	if len(history) == 0 {
		return "it has no history"
	}
	first, last := history[0], history[len(history)-1]
	if first.State != Placed || first.Version != 1 {
		return fmt.Sprintf("its history begins with %s at version %d", first.State, first.Version)
	}
	for i := 1; i < len(history); i++ {
		before, next := history[i-1], history[i]
		if next.Version <= before.Version {
			return fmt.Sprintf("version %d follows version %d", next.Version, before.Version)
		}
		if next.Step != Moved && next.State == before.State {
			continue
		}
		if !before.State.MayMoveTo(next.State) {
			return fmt.Sprintf("it came from %s to %s", before.State, next.State)
		}
	}
	if last.State != o.s.State || last.Version > o.s.Version {
		return fmt.Sprintf("its history ends with %s at version %d, it is %s at version %d", last.State, last.Version, o.s.State, o.s.Version)
	}
	return ""
}
