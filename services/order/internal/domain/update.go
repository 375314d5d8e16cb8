package domain

import (
	"reflect"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
)

// maxShipmentText bounds the name of a carrier and a tracking code, in characters.
const maxShipmentText = 100

// Edit is what somebody corrects of an order; what is nil stays as it is.
type Edit struct {
	Contact      *Contact
	Address      *Address
	Carrier      *string
	TrackingCode *string
}

func (e Edit) person() bool   { return e.Contact != nil || e.Address != nil }
func (e Edit) shipment() bool { return e.Carrier != nil || e.TrackingCode != nil }

// Update corrects contact and address while the order is not shipped, carrier and
// tracking code after it, as correction id. What is corrected is named in the history,
// its content is not. The customer is mailed about it once the order was confirmed:
// before, the confirmation will name what is right. The token of a guest's order ends when
// the address changed of one that was confirmed, or whose link was requested: whoever has the
// former address was mailed it. An edit that changes nothing leaves no trace.
func (o *Order) Update(id uuid.UUID, edit Edit, retry RetryPolicy, at Cause) (Decision, error) {
	if err := o.refuseUpdate(edit); err != nil {
		return Decision{}, err
	}
	edit, err := edit.checked()
	if err != nil {
		return Decision{}, err
	}
	former := o.s.Contact.Email
	if changed := o.applyEdit(edit); len(changed) > 0 {
		o.record(Updated, strings.Join(changed, ", "), at)
		correction := Correction{ID: id, Version: o.s.Version, Changed: changed, MailAwaited: o.s.First.Confirmed > 0}
		mailed := o.s.First.Confirmed > 0 || len(o.s.LinkMails) > 0
		if mailed && o.s.CustomerID == uuid.Nil && !o.HasEmail(former) {
			o.s.GuestVersion++
			o.d.Owner = true
		}
		if !correction.MailAwaited {
			correction.ID = uuid.Nil
			o.publish(o.correctionEvent(correction, at))
			return o.take(), nil
		}
		o.s.Corrections = append(slices.Clip(o.s.Corrections), correction)
		o.d.Corrections = true
		o.await(AwaitsUpdateMail, o.correctionEvent(correction, at))
		o.schedule(retry)
	}
	return o.take(), nil
}

// correctionEvent is the event of a correction, under the identity of its first
// publication.
func (o *Order) correctionEvent(correction Correction, at Cause) Event {
	event := o.event(UpdatedEvent, correction.Version, at)
	event.Correction = correction
	return event
}

func (o *Order) refuseUpdate(edit Edit) error {
	var fields []string
	sent := o.s.State == Shipped || o.s.State == Delivered
	if edit.person() && (sent || o.s.State.Final()) {
		if edit.Contact != nil {
			fields = append(fields, "contact")
		}
		if edit.Address != nil {
			fields = append(fields, "shipping_address")
		}
		return errNotEditable(o, fields, "contact and shipping address can be corrected until the order is shipped or cancelled")
	}
	if edit.shipment() && !sent {
		return errNotEditable(o, []string{"shipment"}, "carrier and tracking code can be corrected once the order is shipped")
	}
	if o.s.Erased && (edit.person() || edit.shipment()) {
		return fault.New(fault.FailedPrecondition, ReasonCustomerErased,
			"the personal data of order %s was erased: nothing can be corrected in it any more", o.s.Number)
	}
	return nil
}

// checked returns the edit as it is stored, or what is wrong with it.
func (e Edit) checked() (Edit, error) {
	var broken []fault.Violation
	if e.Contact != nil {
		contact, wrong := checkContact("order.contact.", *e.Contact)
		e.Contact, broken = &contact, wrong
	}
	if e.Address != nil {
		broken = append(broken, checkAddress("order.shipping_address.", *e.Address)...)
	}
	broken = append(broken, checkShipment("order.shipment.", e.Carrier, e.TrackingCode)...)
	if len(broken) > 0 {
		return e, fault.Fields(broken...)
	}
	return e, nil
}

// checkShipment returns what is wrong with the carrier and the tracking code of a
// shipment; nil is one that was not given.
func checkShipment(at string, carrier, trackingCode *string) []fault.Violation {
	var broken []fault.Violation
	check := func(field string, text *string) {
		if text == nil {
			return
		}
		if err := grammar.Line(*text, maxShipmentText); err != nil {
			broken = append(broken, fault.Breaks(at+field, err))
		}
	}
	check("carrier", carrier)
	check("tracking_code", trackingCode)
	return broken
}

// applyEdit changes what differs, and names it.
func (o *Order) applyEdit(edit Edit) (changed []string) {
	if c := edit.Contact; c != nil {
		for _, part := range []struct {
			name     string
			now, new string
		}{
			{"contact.first_name", o.s.Contact.FirstName, c.FirstName}, {"contact.last_name", o.s.Contact.LastName, c.LastName},
			{"contact.email", o.s.Contact.Email, c.Email}, {"contact.phone", o.s.Contact.Phone, c.Phone},
		} {
			if part.now != part.new {
				changed = append(changed, part.name)
			}
		}
		o.s.Contact = *c
	}
	if a := edit.Address; a != nil && !reflect.DeepEqual(*a, o.s.Address) {
		o.s.Address = *a
		changed = append(changed, "shipping_address")
	}
	o.d.Person = len(changed) > 0
	set := func(name string, text *string, into *string) {
		if text != nil && *text != *into {
			*into = *text
			o.d.Shipment = true
			changed = append(changed, name)
		}
	}
	set("shipment.carrier", edit.Carrier, &o.s.Shipment.Carrier)
	set("shipment.tracking_code", edit.TrackingCode, &o.s.Shipment.TrackingCode)
	return changed
}
