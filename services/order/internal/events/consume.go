package events

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/trace"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// The topics that order consumes.
const (
	ReservationTopic  = "shopmesh.inventory.reservation.v1"
	PaymentTopic      = "shopmesh.payment.payment.v1"
	NotificationTopic = "shopmesh.notification.notification.v1"
	ProductTopic      = "shopmesh.catalog.product.v1"
	CustomerTopic     = "shopmesh.customer.customer.v1"
	VerificationTopic = "shopmesh.identity.verification.v1"
)

// Handlers are the use cases behind the events that order consumes. Each is called with
// what the batch holds for it, perhaps nothing; Verify with something.
type Handlers struct {
	// ApplyProducts keeps what catalog published about products.
	ApplyProducts func(ctx context.Context, tx *pg.Tx, products []domain.Product) error
	// ApplyEvents applies what others published about orders.
	ApplyEvents func(ctx context.Context, tx *pg.Tx, inbound []domain.Inbound) error
	// Erase blanks the personal data of people.
	Erase func(ctx context.Context, tx *pg.Tx, erasure domain.Erasure) error
	// Verify keeps which e-mail addresses customers verified.
	Verify func(ctx context.Context, tx *pg.Tx, verified []domain.VerifiedEmail) error
}

// NewHandler returns what order does with the events that it consumes: products first,
// then events about orders, then verified addresses, then erasures, each kind in the
// batch's order. It is idempotent by the order's state, by refund ids and by the product's
// version.
func NewHandler(handle Handlers) consumer.Handler {
	return func(ctx context.Context, tx *pg.Tx, batch []consumer.Event) error {
		var b sorted
		for _, event := range batch {
			if err := b.add(event); err != nil {
				return err
			}
		}
		if err := handle.ApplyProducts(ctx, tx, b.products); err != nil {
			return err
		}
		if err := handle.ApplyEvents(ctx, tx, b.inbound); err != nil {
			return err
		}
		if len(b.verified) > 0 {
			if err := handle.Verify(ctx, tx, b.verified); err != nil {
				return err
			}
		}
		return handle.Erase(ctx, tx, b.erasure)
	}
}

// sorted is a batch by kinds.
type sorted struct {
	products []domain.Product
	inbound  []domain.Inbound
	erasure  domain.Erasure
	verified []domain.VerifiedEmail
}

// readers translate each type of event; others are none of order's business.
var readers = map[string]func(*sorted, consumer.Event) error{
	typeOf(&catalogv1.ProductChanged{}):          productChanged,
	typeOf(&customerv1.CustomerErased{}):         customerErased,
	typeOf(&identityv1.AccountVerified{}):        accountVerified,
	typeOf(&inventoryv1.StockReserved{}):         stockReserved,
	typeOf(&inventoryv1.StockRejected{}):         stockRejected,
	typeOf(&inventoryv1.StockCommitted{}):        stockCommitted,
	typeOf(&inventoryv1.StockReleased{}):         stockReleased,
	typeOf(&paymentv1.PaymentCaptured{}):         paymentCaptured,
	typeOf(&paymentv1.PaymentFailed{}):           paymentFailed,
	typeOf(&paymentv1.PaymentRefunded{}):         paymentRefunded,
	typeOf(&paymentv1.PaymentActionRequired{}):   paymentActionRequired,
	typeOf(&paymentv1.PaymentProcessing{}):       paymentProcessing,
	typeOf(&paymentv1.PaymentDisputed{}):         paymentDisputed,
	typeOf(&notificationv1.NotificationSent{}):   notificationSent,
	typeOf(&notificationv1.NotificationFailed{}): notificationFailed,
}

func typeOf(m proto.Message) string { return string(m.ProtoReflect().Descriptor().FullName()) }

func (b *sorted) add(event consumer.Event) error {
	if read, known := readers[event.Type]; known {
		return read(b, event)
	}
	return nil
}

// inboundEvent adds an event about an order; id is the order's, as the event holds it.
func (b *sorted) inboundEvent(event consumer.Event, id, actor string, inbound domain.InboundEvent) error {
	order, err := parseID(event, "order_id", id)
	if err != nil {
		return err
	}
	b.inbound = append(b.inbound, domain.Inbound{
		OrderID: order, Event: inbound, Actor: actor, Traceparent: event.Traceparent, TraceID: trace.IDOf(event.Span),
	})
	return nil
}

func parseID(event consumer.Event, field, text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil || id == uuid.Nil {
		return uuid.Nil, fmt.Errorf("event %s: %s %q is no id", event.ID, field, text)
	}
	return id, nil
}

func productChanged(b *sorted, event consumer.Event) error {
	var m catalogv1.ProductChanged
	if err := consumer.Decode(event, &m); err != nil {
		return err
	}
	product, err := Product(m.GetProduct(), m.GetVersion())
	if err != nil {
		return fmt.Errorf("event %s: %w", event.ID, err)
	}
	b.products = append(b.products, product)
	return nil
}

// Product reads what order keeps of catalog's product.
func Product(p *catalogv1.Product, version int64) (domain.Product, error) {
	id, err := uuid.Parse(p.GetId())
	if err != nil || id == uuid.Nil || p.GetCode() == "" {
		return domain.Product{}, fmt.Errorf("product %q with the code %q lacks one of them", p.GetId(), p.GetCode())
	}
	price, err := moneypb.FromProto(p.GetPrice())
	if err != nil || price.Amount < 0 {
		return domain.Product{}, fmt.Errorf("price of product %s: %v: %w", p.GetCode(), p.GetPrice(), err)
	}
	product := domain.Product{ID: id, Code: p.GetCode(), Name: p.GetName(), Price: price, Version: version}
	switch p.GetStatus() {
	case catalogv1.ProductStatus_PRODUCT_STATUS_DRAFT:
		product.Status = domain.ProductDraft
	case catalogv1.ProductStatus_PRODUCT_STATUS_ARCHIVED:
		product.Status = domain.ProductArchived
	default:
		product.Status = domain.ProductActive
	}
	return product, nil
}

// customerErased reads an erasure: of a customer, or of a guest by e-mail address. What
// a guest ordered after the erasure is kept, hence its time.
func customerErased(b *sorted, event consumer.Event) error {
	var m customerv1.CustomerErased
	if err := consumer.Decode(event, &m); err != nil {
		return err
	}
	b.erasure.Traceparent, b.erasure.TraceID = event.Traceparent, trace.IDOf(event.Span)
	if email := m.GetEmail(); email != "" {
		b.erasure.Guests = append(b.erasure.Guests, domain.ErasedGuest{Email: grammar.EmailKey(email), Time: event.Time})
	}
	if m.GetCustomerId() == "" && m.GetEmail() != "" {
		return nil
	}
	id, err := parseID(event, "customer_id", m.GetCustomerId())
	if err != nil {
		return err
	}
	b.erasure.Customers = append(b.erasure.Customers, id)
	return nil
}

// accountVerified reads which address a customer verified; members of staff order nothing.
func accountVerified(b *sorted, event consumer.Event) error {
	var m identityv1.AccountVerified
	if err := consumer.Decode(event, &m); err != nil {
		return err
	}
	if m.GetKind() != identityv1.AccountKind_ACCOUNT_KIND_CUSTOMER {
		return nil
	}
	customer, err := parseID(event, "customer_id", m.GetCustomerId())
	if err != nil {
		return err
	}
	email, err := grammar.Email(m.GetEmail())
	if err != nil {
		return fmt.Errorf("event %s: email: %w", event.ID, err)
	}
	b.verified = append(b.verified, domain.VerifiedEmail{CustomerID: customer, Email: email, Time: event.Time})
	return nil
}

func stockReserved(b *sorted, event consumer.Event) error {
	var m inventoryv1.StockReserved
	if err := consumer.Decode(event, &m); err != nil {
		return err
	}
	return b.inboundEvent(event, m.GetOrderId(), "inventory", domain.StockReserved{})
}

func stockRejected(b *sorted, event consumer.Event) error {
	var m inventoryv1.StockRejected
	if err := consumer.Decode(event, &m); err != nil {
		return err
	}
	var inbound domain.StockRejected
	for _, s := range m.GetShortages() {
		inbound.Shortages = append(inbound.Shortages, domain.Shortage{Code: s.GetProductCode(), Requested: s.GetRequested(), Available: s.GetAvailable()})
	}
	return b.inboundEvent(event, m.GetOrderId(), "inventory", inbound)
}

func stockCommitted(b *sorted, event consumer.Event) error {
	var m inventoryv1.StockCommitted
	if err := consumer.Decode(event, &m); err != nil {
		return err
	}
	return b.inboundEvent(event, m.GetOrderId(), "inventory", domain.StockCommitted{})
}

func stockReleased(b *sorted, event consumer.Event) error {
	var m inventoryv1.StockReleased
	if err := consumer.Decode(event, &m); err != nil {
		return err
	}
	return b.inboundEvent(event, m.GetOrderId(), "inventory", domain.StockReleased{})
}

func paymentCaptured(b *sorted, event consumer.Event) error {
	var m paymentv1.PaymentCaptured
	if err := consumer.Decode(event, &m); err != nil {
		return err
	}
	payment, err := parseID(event, "payment_id", m.GetPaymentId())
	if err != nil {
		return err
	}
	amount, err := moneypb.FromProto(m.GetAmount())
	if err != nil {
		return fmt.Errorf("event %s: amount: %w", event.ID, err)
	}
	return b.inboundEvent(event, m.GetOrderId(), "payment", domain.PaymentCaptured{PaymentID: payment, Amount: amount})
}

func paymentFailed(b *sorted, event consumer.Event) error {
	var m paymentv1.PaymentFailed
	if err := consumer.Decode(event, &m); err != nil {
		return err
	}
	payment, err := parseID(event, "payment_id", m.GetPaymentId())
	if err != nil {
		return err
	}
	return b.inboundEvent(event, m.GetOrderId(), "payment", domain.PaymentFailed{PaymentID: payment, Code: m.GetFailureCode()})
}

func paymentActionRequired(b *sorted, event consumer.Event) error {
	var m paymentv1.PaymentActionRequired
	if err := consumer.Decode(event, &m); err != nil {
		return err
	}
	payment, err := parseID(event, "payment_id", m.GetPaymentId())
	if err != nil {
		return err
	}
	return b.inboundEvent(event, m.GetOrderId(), "payment", domain.PaymentActionRequired{PaymentID: payment})
}

func paymentProcessing(b *sorted, event consumer.Event) error {
	var m paymentv1.PaymentProcessing
	if err := consumer.Decode(event, &m); err != nil {
		return err
	}
	payment, err := parseID(event, "payment_id", m.GetPaymentId())
	if err != nil {
		return err
	}
	return b.inboundEvent(event, m.GetOrderId(), "payment",
		domain.PaymentProcessing{PaymentID: payment, Time: m.GetTime().AsTime().Truncate(time.Microsecond)})
}

func paymentDisputed(b *sorted, event consumer.Event) error {
	var m paymentv1.PaymentDisputed
	if err := consumer.Decode(event, &m); err != nil {
		return err
	}
	payment, err := parseID(event, "payment_id", m.GetPaymentId())
	if err != nil {
		return err
	}
	d := m.GetDispute()
	amount, err := moneypb.FromProto(d.GetAmount())
	if err != nil || d.GetId() == "" {
		return fmt.Errorf("event %s: dispute %q of %v: %w", event.ID, d.GetId(), d.GetAmount(), err)
	}
	dispute := domain.Dispute{
		ID: d.GetId(), Reason: d.GetReason(), Amount: amount, Status: disputeStatuses[d.GetStatus()],
		Version: m.GetVersion(), OpenTime: d.GetOpenTime().AsTime(),
	}
	if d.GetCloseTime() != nil {
		dispute.CloseTime = d.GetCloseTime().AsTime()
	}
	return b.inboundEvent(event, m.GetOrderId(), "payment", domain.PaymentDisputed{PaymentID: payment, Dispute: dispute})
}

// disputeStatuses are the contract's. Another one, which a newer payment may send, counts
// as one that needs a response, so that the shop's staff looks at the dispute.
var disputeStatuses = map[paymentv1.DisputeStatus]domain.DisputeStatus{
	paymentv1.DisputeStatus_DISPUTE_STATUS_UNSPECIFIED:    domain.DisputeNeedsResponse,
	paymentv1.DisputeStatus_DISPUTE_STATUS_NEEDS_RESPONSE: domain.DisputeNeedsResponse,
	paymentv1.DisputeStatus_DISPUTE_STATUS_UNDER_REVIEW:   domain.DisputeUnderReview,
	paymentv1.DisputeStatus_DISPUTE_STATUS_WON:            domain.DisputeWon,
	paymentv1.DisputeStatus_DISPUTE_STATUS_LOST:           domain.DisputeLost,
	paymentv1.DisputeStatus_DISPUTE_STATUS_CLOSED:         domain.DisputeClosed,
}

func paymentRefunded(b *sorted, event consumer.Event) error {
	var m paymentv1.PaymentRefunded
	if err := consumer.Decode(event, &m); err != nil {
		return err
	}
	payment, err := parseID(event, "payment_id", m.GetPaymentId())
	if err != nil {
		return err
	}
	refund, err := parseID(event, "refund_id", m.GetRefundId())
	if err != nil {
		return err
	}
	inbound := domain.PaymentRefunded{RefundID: refund, PaymentID: payment, Reason: m.GetReason()}
	for _, amount := range []struct {
		into *money.Money
		from func() (money.Money, error)
	}{
		{&inbound.Amount, func() (money.Money, error) { return moneypb.FromProto(m.GetAmount()) }},
		{&inbound.Refunded, func() (money.Money, error) { return moneypb.FromProto(m.GetRefunded()) }},
		{&inbound.Captured, func() (money.Money, error) { return moneypb.FromProto(m.GetCaptured()) }},
	} {
		if *amount.into, err = amount.from(); err != nil {
			return fmt.Errorf("event %s: %w", event.ID, err)
		}
	}
	return b.inboundEvent(event, m.GetOrderId(), "payment", inbound)
}

func notificationSent(b *sorted, event consumer.Event) error {
	var m notificationv1.NotificationSent
	if err := consumer.Decode(event, &m); err != nil {
		return err
	}
	return b.mail(event, m.GetOrderId(), m.GetKind(), m.GetSubjectId())
}

func notificationFailed(b *sorted, event consumer.Event) error {
	var m notificationv1.NotificationFailed
	if err := consumer.Decode(event, &m); err != nil {
		return err
	}
	return b.mail(event, m.GetOrderId(), m.GetKind(), m.GetSubjectId())
}

func (b *sorted) mail(event consumer.Event, order string, kind notificationv1.NotificationKind, subject string) error {
	about, err := parseID(event, "subject_id", subject)
	if err != nil {
		return err
	}
	inbound := domain.MailDone{SubjectID: about}
	switch kind {
	case notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_CONFIRMED:
		inbound.Kind = domain.ConfirmationMail
	case notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_CANCELLED:
		inbound.Kind = domain.CancellationMail
	case notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_REFUNDED:
		inbound.Kind = domain.RefundMail
	case notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_SHIPPED:
		inbound.Kind = domain.ShippingMail
	case notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_UPDATED:
		inbound.Kind = domain.UpdateMail
	case notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_LINK:
		inbound.Kind = domain.LinkOnlyMail
	default:
		return nil // a mail that is none of an order's
	}
	return b.inboundEvent(event, order, "notification", inbound)
}
