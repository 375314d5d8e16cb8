package app

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
)

// Alerts reports to the log and by metrics what somebody has to look into. The zero
// Alerts reports nothing.
type Alerts struct {
	log            *slog.Logger
	contradictions metric.Int64Counter
	disputes       metric.Int64Counter
}

// NewAlerts makes Alerts.
func NewAlerts(meter metric.MeterProvider, log *slog.Logger) Alerts {
	m := meter.Meter("github.com/shopmesh/shopmesh/services/payment")
	// The instruments' names are constants and valid.
	contradictions, _ := m.Int64Counter("shopmesh.payment.contradictions",
		metric.WithDescription("What payment providers reported and what contradicts the books"))
	disputes, _ := m.Int64Counter("shopmesh.payment.disputes",
		metric.WithDescription("Disputes of customers' banks that were opened or changed, by status"))
	return Alerts{log: log, contradictions: contradictions, disputes: disputes}
}

func (a Alerts) contradiction(ctx context.Context, c domain.Contradiction) {
	if a.log == nil {
		return
	}
	a.contradictions.Add(ctx, 1)
	a.log.ErrorContext(ctx, "what the payment provider reports contradicts the books; nothing was concluded, someone must look into it",
		"payment", c.PaymentID, "event", c.EventID, "type", c.EventType, "cause", c.Cause)
}

func (a Alerts) dispute(ctx context.Context, d domain.Dispute) {
	if a.log == nil {
		return
	}
	a.disputes.Add(ctx, 1, metric.WithAttributes(attribute.String("status", d.Status.String())))
	level, message := slog.LevelInfo, "a dispute of a payment changed"
	switch d.Status {
	case domain.DisputeNeedsResponse:
		level, message = slog.LevelError, "a bank disputes a payment: answer at the provider before its deadline"
	case domain.DisputeLost:
		level, message = slog.LevelError, "a dispute was lost: the provider took the money"
	case domain.DisputeUnderReview, domain.DisputeWon, domain.DisputeClosed:
	}
	a.log.Log(ctx, level, message, "payment", d.PaymentID, "order", d.OrderID, "dispute", d.ID, "reason", d.Reason,
		"amount", d.Amount.String(), "status", d.Status.String())
}
