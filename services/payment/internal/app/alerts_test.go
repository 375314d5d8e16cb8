package app_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/payment/internal/app"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
)

// counted are the counters of a reader, by name and the attribute "status" where there is one.
func counted(t *testing.T, reader *metric.ManualReader) map[string]int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	found := map[string]int64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			sum, ok := m.Data.(metricdata.Sum[int64])
			if !ok {
				t.Fatalf("%s is no counter: %v", m.Name, m.Data)
			}
			for _, point := range sum.DataPoints {
				status, _ := point.Attributes.Value("status")
				found[strings.TrimSuffix(m.Name+" "+status.AsString(), " ")] += point.Value
			}
		}
	}
	return found
}

// What somebody has to look into is an error in the log, which names what it is about, and
// is counted, once however often the provider reports it. That the bank decides a dispute
// is no error.
func TestDisputesAndContradictionsAreAlerts(t *testing.T) {
	t.Parallel()
	o := newHarness(t, domain.Settings{ProviderTimeout: time.Minute, RetryAfter: time.Hour})
	reader, log := metric.NewManualReader(), &testkit.Lines{}
	o.deps.Alerts = app.NewAlerts(metric.NewMeterProvider(metric.WithReader(reader)), log.Log())
	w := o.worker(&scripted{charge: yes})
	id := o.placeOrders(w, 1)[0]
	o.waitStatus(domain.PaymentCaptured, id)
	paid := o.get(id).Payment
	handle := func(n provider.Notice) {
		t.Helper()
		n.PaymentID, n.OrderID, n.ChargeID = id, paid.OrderID, paid.ChargeID
		for range 2 { // it comes twice
			if err := o.payments(w).HandleNotice(t.Context(), "scripted", n); err != nil {
				t.Fatal(err)
			}
		}
	}
	opened := time.Now().Add(-time.Hour)
	for i, status := range []provider.DisputeStatus{provider.DisputeNeedsResponse, provider.DisputeUnderReview, provider.DisputeLost} {
		handle(provider.Notice{ID: "evt_dispute", Type: "charge.dispute.updated", Amount: paid.Amount, Dispute: &provider.Dispute{
			ID: "dp_1", Amount: paid.Amount, Reason: "fraudulent", Status: status, OpenTime: opened, ObserveTime: opened.Add(time.Duration(i) * time.Minute),
		}})
	}
	handle(provider.Notice{ID: "evt_wrong", Type: "payment_intent.succeeded", Amount: money.Money{Currency: "EUR", Amount: 1}, Succeeded: true})

	alerts := log.Warnings()
	wants := [][]string{
		{"level=ERROR", "a bank disputes a payment", "payment=" + id.String(), "order=" + paid.OrderID.String(), "dispute=dp_1", "reason=fraudulent", `amount="10.00 EUR"`, "status=NEEDS_RESPONSE"},
		{"level=ERROR", "a dispute was lost", "payment=" + id.String(), "dispute=dp_1", "status=LOST"},
		{"level=ERROR", "contradicts the books", "payment=" + id.String(), "event=evt_wrong", "type=payment_intent.succeeded", "cause="},
	}
	if len(alerts) != len(wants) {
		t.Fatalf("logged as errors: %q", alerts)
	}
	for i, want := range wants {
		if slices.ContainsFunc(want, func(part string) bool { return !strings.Contains(alerts[i], part) }) {
			t.Errorf("%q lacks one of %q", alerts[i], want)
		}
	}
	if n := strings.Count(log.String(), "status=UNDER_REVIEW"); n != 1 {
		t.Errorf("that the bank decides is logged %d times", n)
	}
	got := counted(t, reader)
	for name, want := range map[string]int64{
		"shopmesh.payment.contradictions": 1, "shopmesh.payment.disputes NEEDS_RESPONSE": 1,
		"shopmesh.payment.disputes UNDER_REVIEW": 1, "shopmesh.payment.disputes LOST": 1,
	} {
		if got[name] != want {
			t.Errorf("%s is %d, want %d; all: %v", name, got[name], want, got)
		}
	}
}
