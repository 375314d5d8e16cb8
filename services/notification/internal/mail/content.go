// Package mail holds the contents of mails. A Content is read from the order's event and
// kept in the mailbox as a protobuf message without what no mail shows; Render makes
// the subject, plain text and HTML from it.
//
// Rendering is deterministic: kind, content with its language, template version and shop
// name, all of them in the mailbox, give the same texts at every attempt and whenever
// somebody looks at what was sent. A version of the templates holds the texts of all
// languages. A change of wording is a new version beside the old, never an edit of what
// mails were sent with.
package mail

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/protobuf/proto"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	exact "github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
)

// Content is what a mail contains.
type Content struct {
	Kind domain.Kind
	// Subject is the mail's, as it was made when the mail was requested.
	Subject string
	// LanguageCode is the one that the order was placed with, or in which identity has the mail
	// written (BCP 47); may be empty.
	LanguageCode string
	// Number is the order's, for people.
	Number string
	// Name is the recipient's, given name first.
	Name        string
	Lines       []Line
	Adjustments []Adjustment
	Subtotal    exact.Money
	Total       exact.Money
	// Delivery is the delivery address; nil where the event names none.
	Delivery *postaladdress.PostalAddress

	// Cancelled is why, in the cancellation.
	Cancelled Cancellation
	// Refund is what the refund's mail contains.
	Refund Refund
	// Shipment is what the shipping mail contains.
	Shipment Shipment
	// Changes are what was corrected, in the mail about a correction.
	Changes []Change

	// Link opens an account, or a guest's order: LinkRemoved but while the mail is sent. It is
	// empty where there is none.
	Link string
	// LinkID names the link of a mail about an account to identity, from which the sender
	// gets it.
	LinkID string
	// GuestOrder is the order of a guest, to which the sender gets the link from order;
	// uuid.Nil for a customer's.
	GuestOrder uuid.UUID
	// Time is when something happened to an account, or until when the link is good.
	Time time.Time
}

// Language returns the language that the mail is written in.
func (l Content) Language() domain.Language { return domain.LanguageOf(l.LanguageCode) }

// Line is a product and how many of it.
type Line struct {
	Name, Code string
	Quantity   int32
	UnitPrice  exact.Money
	Total      exact.Money
}

// Adjustment is what was added or taken off. Where it has no label, its kind has one.
type Adjustment struct {
	Label  string
	Kind   orderv1.AdjustmentKind
	Amount exact.Money
}

// Cancellation is why an order was cancelled; one of the first three, or a note, or
// nothing but that it was.
type Cancellation struct {
	OutOfStock, PaymentFailed, Expired bool
	// Requested reports that somebody requested it; Note is the reason that was given.
	Requested bool
	Note      string
}

// Refund is what was given back.
type Refund struct {
	// Amount is this refund, Sum all of them.
	Amount, Sum exact.Money
	Reason      string
}

// Shipment is how the order was sent.
type Shipment struct {
	Carrier, TrackingCode string
}

// Change is a field that was corrected, by the id of its name ("email"), and its value now;
// empty where the mail names it elsewhere or does not keep it.
type Change struct {
	Field, Value string
	// Removed reports that the field has no value any more.
	Removed bool
}

// Event is an order's event that a mail is about.
type Event interface {
	proto.Message
	GetNotice() *orderv1.OrderNotice
}

// New returns an empty event of a kind.
func New(kind domain.Kind) (Event, error) {
	switch kind {
	case domain.OrderConfirmed:
		return &orderv1.OrderConfirmed{}, nil
	case domain.OrderCancelled:
		return &orderv1.OrderCancelled{}, nil
	case domain.OrderRefunded:
		return &orderv1.OrderRefunded{}, nil
	case domain.OrderShipped:
		return &orderv1.OrderShipped{}, nil
	case domain.OrderUpdated:
		return &orderv1.OrderUpdated{}, nil
	case domain.OrderLink:
		return &orderv1.OrderLinkRequested{}, nil
	default:
		return nil, fmt.Errorf("no mail is of kind %d", kind)
	}
}

// Encode returns what the mailbox keeps of an event: all but the phone number.
func Encode(event Event) ([]byte, error) {
	if event.GetNotice().GetContact().GetPhone() != "" {
		event = proto.CloneOf(event)
		event.GetNotice().GetContact().Phone = ""
	}
	return proto.Marshal(event)
}

// Decode reads what Encode returned.
func Decode(kind domain.Kind, content []byte) (Content, error) {
	if kind.AboutAccount() {
		return decodeAccount(kind, content)
	}
	event, err := eventOf(kind, content)
	if err != nil {
		return Content{}, err
	}
	return FromEvent(event)
}

func eventOf(kind domain.Kind, content []byte) (Event, error) {
	event, err := New(kind)
	if err != nil {
		return nil, err
	}
	if err := proto.Unmarshal(content, event); err != nil {
		return nil, fmt.Errorf("decode the mail's content: %w", err)
	}
	return event, nil
}

// FromEvent reads an order's event. It refuses one without a number or with an
// amount that is none.
func FromEvent(event Event) (Content, error) {
	l, err := fromNotice(event.GetNotice())
	if err != nil {
		return Content{}, err
	}
	switch e := event.(type) {
	case *orderv1.OrderConfirmed:
		l.Kind = domain.OrderConfirmed
	case *orderv1.OrderCancelled:
		l.Kind, l.Cancelled = domain.OrderCancelled, cancellation(e)
	case *orderv1.OrderRefunded:
		l.Kind = domain.OrderRefunded
		l.Refund.Reason = line(e.GetReason())
		if l.Refund.Amount, err = amount(e.GetAmount(), "amount"); err != nil {
			return Content{}, err
		}
		if l.Refund.Sum, err = amount(e.GetRefunded(), "refunded"); err != nil {
			return Content{}, err
		}
	case *orderv1.OrderShipped:
		l.Kind = domain.OrderShipped
		l.Shipment = Shipment{Carrier: line(e.GetShipment().GetCarrier()), TrackingCode: line(e.GetShipment().GetTrackingCode())}
	case *orderv1.OrderUpdated:
		l.Kind, l.Changes = domain.OrderUpdated, changes(e)
	case *orderv1.OrderLinkRequested:
		l.Kind = domain.OrderLink
	default:
		return Content{}, fmt.Errorf("no mail is about a %T", event)
	}
	return l, nil
}

func cancellation(e *orderv1.OrderCancelled) Cancellation {
	switch e.GetReason() {
	case orderv1.CancelReason_CANCEL_REASON_OUT_OF_STOCK:
		return Cancellation{OutOfStock: true}
	case orderv1.CancelReason_CANCEL_REASON_PAYMENT_FAILED:
		return Cancellation{PaymentFailed: true}
	case orderv1.CancelReason_CANCEL_REASON_EXPIRED:
		return Cancellation{Expired: true}
	case orderv1.CancelReason_CANCEL_REASON_REQUESTED:
		// Only here the note is what a person typed; elsewhere it is for operators.
		return Cancellation{Requested: true, Note: line(e.GetNote())}
	default:
		return Cancellation{}
	}
}

func fromNotice(n *orderv1.OrderNotice) (Content, error) {
	l := Content{
		Number: line(n.GetNumber()), LanguageCode: n.GetLanguageCode(),
		Name: line(n.GetContact().GetFirstName() + " " + n.GetContact().GetLastName()),

		Delivery: n.GetShippingAddress(),
	}
	if l.Number == "" || utf8.RuneCountInString(l.Number) > 64 {
		return Content{}, errors.New("the order's notice has no number, or one of more than 64 characters")
	}
	id, err := uuid.Parse(n.GetOrderId())
	if err == nil && n.GetCustomerId() == "" {
		l.GuestOrder, l.Link = id, LinkRemoved
	}
	if l.Subtotal, err = amount(n.GetSubtotal(), "notice.subtotal"); err != nil {
		return Content{}, err
	}
	if l.Total, err = amount(n.GetTotal(), "notice.total"); err != nil {
		return Content{}, err
	}
	for i, from := range n.GetLines() {
		to := Line{Name: line(from.GetName()), Code: line(from.GetProductCode()), Quantity: from.GetQuantity()}
		if to.UnitPrice, err = amount(from.GetUnitPrice(), fmt.Sprintf("notice.lines[%d].unit_price", i)); err != nil {
			return Content{}, err
		}
		if to.Total, err = amount(from.GetTotal(), fmt.Sprintf("notice.lines[%d].total", i)); err != nil {
			return Content{}, err
		}
		l.Lines = append(l.Lines, to)
	}
	for i, from := range n.GetAdjustments() {
		to := Adjustment{Label: line(from.GetLabel()), Kind: from.GetKind()}
		if to.Amount, err = amount(from.GetAmount(), fmt.Sprintf("notice.adjustments[%d].amount", i)); err != nil {
			return Content{}, err
		}
		l.Adjustments = append(l.Adjustments, to)
	}
	return l, nil
}

func amount(m *money.Money, path string) (exact.Money, error) {
	read, err := moneypb.FromProto(m)
	if err != nil {
		return exact.Money{}, fmt.Errorf("%s: %w", path, err)
	}
	return read, nil
}

// line makes one line of a text: no line break, control character or run of
// spaces gets into a header or a table's row.
func line(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	return strings.Join(strings.Fields(text), " ")
}
