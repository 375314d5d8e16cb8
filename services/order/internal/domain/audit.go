package domain

import (
	"fmt"
	"strings"
	"time"
)

// An order whose steps were asked for this often, or that did not change for this
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

// Check looks for what must not be in an order with its lines and its history.
func (o *Order) Check(history []Entry, now time.Time) []Finding {
	var found []Finding
	add := func(kind, format string, args ...any) {
		found = append(found, Finding{Kind: kind, Message: fmt.Sprintf(format, args...)})
	}
	if o.Awaits != 0 && (o.RetryCount >= StuckAfterRetries || now.Sub(o.UpdateTime) > StuckAfter) {
		add("ORDER_STUCK", "order %s, %s, awaits %s, asked %d times, unchanged since %s",
			o.Number, o.State, strings.Join(o.Awaits.Names(), ", "), o.RetryCount, o.UpdateTime.Format(time.RFC3339))
	}
	if wrong := o.checkTotal(); wrong != "" {
		add("TOTAL_MISMATCH", "order %s: %s", o.Number, wrong)
	}
	if wrong := o.checkHistory(history); wrong != "" {
		add("HISTORY_MISMATCH", "order %s: %s", o.Number, wrong)
	}
	return found
}

// checkTotal adds lines and adjustments up.
func (o *Order) checkTotal() string {
	sum := o.Subtotal
	sum.Amount = 0
	var err error
	for _, line := range o.Lines {
		if sum, err = sum.Add(line.Total); err != nil {
			return err.Error()
		}
	}
	if sum != o.Subtotal {
		return fmt.Sprintf("its %d lines sum to %s, its subtotal is %s", len(o.Lines), sum, o.Subtotal)
	}
	for _, adjustment := range o.Adjustments {
		if sum, err = sum.Add(adjustment.Amount); err != nil {
			return err.Error()
		}
	}
	if sum != o.Total {
		return fmt.Sprintf("lines and adjustments sum to %s, its total is %s", sum, o.Total)
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
		if !before.State.MayMoveTo(next.State) {
			return fmt.Sprintf("it came from %s to %s", before.State, next.State)
		}
	}
	if last.State != o.State || last.Version > o.Version {
		return fmt.Sprintf("its history ends with %s at version %d, it is %s at version %d", last.State, last.Version, o.State, o.Version)
	}
	return ""
}
