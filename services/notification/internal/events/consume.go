package events

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/mail"
)

// The types that notification consumes (CloudEvents ce_type).
const (
	typeConfirmed = "shopmesh.order.v1.OrderConfirmed"
	typeCancelled = "shopmesh.order.v1.OrderCancelled"
	typeRefunded  = "shopmesh.order.v1.OrderRefunded"
	typeShipped   = "shopmesh.order.v1.OrderShipped"
	typeUpdated   = "shopmesh.order.v1.OrderUpdated"
	typeLink      = "shopmesh.order.v1.OrderLinkRequested"
	typeErased    = "shopmesh.customer.v1.CustomerErased"
	// OrderErased comes for each order of an erased customer or guest.
	typeOrderErased = "shopmesh.order.v1.OrderErased"
	// identity requests mails about accounts.
	typeMailLink = "shopmesh.identity.v1.MailLinkRequested"
	typeNoticed  = "shopmesh.identity.v1.AccountNoticed"
)

// Handlers are the use cases behind the events that notification consumes.
type Handlers struct {
	// Apply makes the mails that a batch requests, and blanks those of the people that
	// it erases.
	Apply func(ctx context.Context, tx *pg.Tx, requests []domain.Request, erased domain.Erasure) error
}

// NewHandler passes what concerns mails to the handlers and ignores all other types.
// An event that can't be read fails the batch, so that the consumer finds it and makes
// it a dead letter.
func NewHandler(handlers Handlers) consumer.Handler {
	return func(ctx context.Context, tx *pg.Tx, batch []consumer.Event) error {
		var requests []domain.Request
		var erased domain.Erasure
		for _, e := range batch {
			kind, concerns := mailOf(e.Type)
			switch {
			case concerns:
				request, due, err := readRequest(e, kind)
				if err != nil {
					return fmt.Errorf("event %s: %w", e.ID, err)
				}
				if due {
					requests = append(requests, request)
				}
			case e.Type == typeMailLink || e.Type == typeNoticed:
				request, err := readAccountMail(e)
				if err != nil {
					return fmt.Errorf("event %s: %w", e.ID, err)
				}
				requests = append(requests, request)
			case e.Type == typeOrderErased:
				if err := readOrderErased(e, &erased); err != nil {
					return fmt.Errorf("event %s: %w", e.ID, err)
				}
			case e.Type == typeErased:
				if err := readErased(e, &erased); err != nil {
					return fmt.Errorf("event %s: %w", e.ID, err)
				}
			}
		}
		if len(requests) == 0 && erased.None() {
			return nil
		}
		return handlers.Apply(ctx, tx, requests, erased)
	}
}

func mailOf(eventType string) (domain.Kind, bool) {
	switch eventType {
	case typeConfirmed:
		return domain.OrderConfirmed, true
	case typeCancelled:
		return domain.OrderCancelled, true
	case typeRefunded:
		return domain.OrderRefunded, true
	case typeShipped:
		return domain.OrderShipped, true
	case typeUpdated:
		return domain.OrderUpdated, true
	case typeLink:
		return domain.OrderLink, true
	default:
		return 0, false
	}
}

// readErased adds the customer, or the guest, whom an event erases. What a guest ordered is
// erased by the orders; the address finds what they requested for an account.
func readErased(e consumer.Event, erased *domain.Erasure) error {
	m := &customerv1.CustomerErased{}
	if err := consumer.Decode(e, m); err != nil {
		return err
	}
	if m.GetCustomerId() == "" && m.GetEmail() == "" {
		return errors.New("names neither a customer nor an address")
	}
	if m.GetEmail() != "" {
		erased.Guests = append(erased.Guests, domain.ErasedGuest{Email: domain.RecipientKey(m.GetEmail()), Time: e.Time})
	}
	if m.GetCustomerId() == "" {
		return nil
	}
	if m.GetCustomerId() != e.Key.String() {
		return fmt.Errorf("customer_id %q is not the key %s", m.GetCustomerId(), e.Key)
	}
	account, err := optionalID("account_id", m.GetAccountId())
	erased.Customers = append(erased.Customers, domain.ErasedCustomer{ID: e.Key, AccountID: account})
	return err
}

// readOrderErased adds the order whose person was erased.
func readOrderErased(e consumer.Event, erased *domain.Erasure) error {
	m := &orderv1.OrderErased{}
	if err := consumer.Decode(e, m); err != nil {
		return err
	}
	if m.GetOrderId() != e.Key.String() {
		return fmt.Errorf("order_id %q is not the key %s", m.GetOrderId(), e.Key)
	}
	erased.Orders = append(erased.Orders, e.Key)
	return nil
}

// readRequest reads the mail that an event requests; false where none is due.
func readRequest(e consumer.Event, kind domain.Kind) (domain.Request, bool, error) {
	event, err := mail.New(kind)
	if err != nil {
		return domain.Request{}, false, err
	}
	if err := consumer.Decode[mail.Event](e, event); err != nil {
		return domain.Request{}, false, err
	}
	if updated, is := event.(*orderv1.OrderUpdated); is && updated.GetUpdateId() == "" {
		return domain.Request{}, false, nil // the order was not paid yet
	}
	request, err := requestOf(e, kind, event)
	return request, true, err
}

func requestOf(e consumer.Event, kind domain.Kind, event mail.Event) (r domain.Request, err error) {
	notice := event.GetNotice()
	if notice.GetOrderId() != e.Key.String() {
		return domain.Request{}, fmt.Errorf("notice.order_id %q is not the key %s", notice.GetOrderId(), e.Key)
	}
	r = domain.Request{Kind: kind, OrderID: e.Key, Traceparent: e.Traceparent}
	if r.SubjectID, err = subjectOf(event, e.Key); err != nil {
		return domain.Request{}, err
	}
	if r.CustomerID, err = optionalID("notice.customer_id", notice.GetCustomerId()); err != nil {
		return domain.Request{}, err
	}
	if r.Recipient = notice.GetContact().GetEmail(); r.Recipient == "" {
		// The person's data was erased: there is nobody to write to.
		return r, nil
	}
	// What is no address by the grammar came before the grammar; the sender refuses it
	// and records why on the mail.
	if normal, err := grammar.Email(r.Recipient); err == nil {
		r.Recipient = normal
	}
	if len(r.Recipient) > grammar.MaxEmail {
		return domain.Request{}, fmt.Errorf("notice.contact.email is longer than %d bytes", grammar.MaxEmail)
	}
	written, err := mail.FromEvent(event)
	if err != nil {
		return domain.Request{}, err
	}
	r.Values, r.Language = mail.SubjectValues(written), written.Language()
	r.Content, err = mail.Encode(event)
	return r, err
}

// subjectOf is what the mail is about: the refund, the shipment, the correction, the request
// of a link, else the order.
func subjectOf(event mail.Event, order uuid.UUID) (uuid.UUID, error) {
	var text, field string
	switch m := event.(type) {
	case *orderv1.OrderRefunded:
		text, field = m.GetRefundId(), "refund_id"
	case *orderv1.OrderShipped:
		text, field = m.GetShipment().GetId(), "shipment.id"
	case *orderv1.OrderUpdated:
		text, field = m.GetUpdateId(), "update_id"
	case *orderv1.OrderLinkRequested:
		text, field = m.GetRequestId(), "request_id"
	default:
		return order, nil
	}
	id, err := uuid.Parse(text)
	if err != nil || id == uuid.Nil {
		return uuid.Nil, fmt.Errorf("%s %q is no UUID", field, text)
	}
	return id, nil
}

// optionalID reads an id that may be empty: the nil id.
func optionalID(field, text string) (uuid.UUID, error) {
	if text == "" {
		return uuid.Nil, nil
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil, fmt.Errorf("%s %q: %w", field, text, err)
	}
	return id, nil
}
