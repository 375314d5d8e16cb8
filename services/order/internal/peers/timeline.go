package peers

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/money"

	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1/inventoryv1connect"
	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1/notificationv1connect"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1/paymentv1connect"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/services/order/internal/app"
)

// most bounds what is fetched from a context: an order has a few of each thing, and
// two movements of a line at the most.
const most = 1000

// TimelineSources are the contexts that hold parts of an order's timeline.
func TimelineSources(peers *peer.Peers) []app.TimelineSource {
	inventory := inventoryv1connect.NewInventoryServiceClient(peers.Client("inventory"))
	payment := paymentv1connect.NewPaymentServiceClient(peers.Client("payment"))
	notification := notificationv1connect.NewNotificationServiceClient(peers.Client("notification"))
	return []app.TimelineSource{
		{Context: "inventory", Fetch: func(ctx context.Context, id uuid.UUID) ([]app.TimelineEntry, error) {
			return movements(ctx, inventory, id)
		}},
		{Context: "payment", Fetch: func(ctx context.Context, id uuid.UUID) ([]app.TimelineEntry, error) {
			return payments(ctx, payment, id)
		}},
		{Context: "notification", Fetch: func(ctx context.Context, id uuid.UUID) ([]app.TimelineEntry, error) {
			return mails(ctx, notification, id)
		}},
	}
}

func ofOrder(id uuid.UUID) string { return fmt.Sprintf("order_id = %q", id) }

func movements(ctx context.Context, inventory inventoryv1connect.InventoryServiceClient, id uuid.UUID) ([]app.TimelineEntry, error) {
	res, err := inventory.ListMovements(ctx, &inventoryv1.ListMovementsRequest{PageSize: most, Filter: ofOrder(id)})
	if err != nil {
		return nil, err
	}
	var entries []app.TimelineEntry
	for _, m := range res.GetMovements() {
		entries = append(entries, app.TimelineEntry{
			Time: m.GetCreateTime().AsTime(), Context: "inventory", Kind: name(m.GetKind().String(), "STOCK_MOVEMENT_KIND_"),
			Detail: fmt.Sprintf("%+d of %s, %d are on hand", m.GetDelta(), m.GetProductCode(), m.GetOnHandAfter()),
			Actor:  m.GetActor(), TraceID: m.GetTraceId(),
		})
	}
	return entries, nil
}

func payments(ctx context.Context, payment paymentv1connect.PaymentServiceClient, id uuid.UUID) ([]app.TimelineEntry, error) {
	res, err := payment.ListPayments(ctx, &paymentv1.ListPaymentsRequest{PageSize: most, Filter: ofOrder(id)})
	if err != nil {
		return nil, err
	}
	var entries []app.TimelineEntry
	for _, p := range res.GetPayments() {
		entries = append(entries, app.TimelineEntry{
			Time: p.GetCreateTime().AsTime(), Context: "payment", Kind: "PAYMENT_REQUESTED",
			Detail: fmt.Sprintf("Payment %s of %s by %s", p.GetReference(), amount(p.GetAmount()), p.GetPaymentMethod()), Actor: "order",
		})
		entries = append(entries, attempts("CHARGE_ATTEMPT", p.GetAttempts())...)
		refunds, err := payment.ListRefunds(ctx, &paymentv1.ListRefundsRequest{PaymentId: p.GetId(), PageSize: most})
		if err != nil {
			return nil, err
		}
		for _, r := range refunds.GetRefunds() {
			entries = append(entries, app.TimelineEntry{
				Time: r.GetCreateTime().AsTime(), Context: "payment", Kind: "REFUND_REQUESTED",
				Detail: strings.TrimSuffix(fmt.Sprintf("Refund of %s: %s", amount(r.GetAmount()), r.GetReason()), ": "), Actor: "payment",
			})
			entries = append(entries, attempts("REFUND_ATTEMPT", r.GetAttempts())...)
		}
	}
	return entries, nil
}

func attempts(kind string, all []*paymentv1.PaymentAttempt) []app.TimelineEntry {
	entries := make([]app.TimelineEntry, 0, len(all))
	for _, a := range all {
		outcome := strings.ToLower(name(a.GetOutcome().String(), "ATTEMPT_OUTCOME_"))
		detail := fmt.Sprintf("Attempt %d: %s", a.GetNumber(), outcome)
		if a.GetDetail() != "" {
			detail += " (" + a.GetDetail() + ")"
		}
		at := a.GetEndTime()
		if at == nil {
			at = a.GetStartTime()
		}
		entries = append(entries, app.TimelineEntry{
			Time: at.AsTime(), Context: "payment", Kind: kind, Detail: detail, Actor: "payment", TraceID: a.GetTraceId(),
		})
	}
	return entries
}

// mails leaves out what the mail server answered, which may hold an
// address.
func mails(ctx context.Context, notification notificationv1connect.NotificationServiceClient, id uuid.UUID) ([]app.TimelineEntry, error) {
	res, err := notification.ListNotifications(ctx, &notificationv1.ListNotificationsRequest{PageSize: most, Filter: ofOrder(id)})
	if err != nil {
		return nil, err
	}
	var entries []app.TimelineEntry
	for _, n := range res.GetNotifications() {
		kind := name(n.GetKind().String(), "NOTIFICATION_KIND_")
		entries = append(entries, app.TimelineEntry{
			Time: n.GetCreateTime().AsTime(), Context: "notification", Kind: "MAIL_REQUESTED",
			Detail: "The mail " + kind + " was requested", Actor: "order",
		})
		for _, a := range n.GetAttempts() {
			happened, outcome := "MAIL_ATTEMPT", "was not taken by the mail server"
			if a.GetAccepted() {
				happened, outcome = "MAIL_SENT", "was taken by the mail server"
			}
			entries = append(entries, app.TimelineEntry{
				Time: a.GetCreateTime().AsTime(), Context: "notification", Kind: happened,
				Detail: fmt.Sprintf("The mail %s %s, attempt %d", kind, outcome, a.GetNumber()), Actor: "notification", TraceID: a.GetTraceId(),
			})
		}
	}
	return entries, nil
}

// name is an enum value's name without its type's prefix.
func name(value, prefix string) string { return strings.TrimPrefix(value, prefix) }

func amount(m *money.Money) string {
	read, err := moneypb.FromProto(m)
	if err != nil {
		return m.GetCurrencyCode()
	}
	return read.String()
}
