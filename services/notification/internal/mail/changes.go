package mail

import (
	"slices"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// changes are what a correction changed, each once, in the order of the event. The
// delivery address has no value, because the mail names it in full; the phone number has
// none, because the mailbox does not keep it.
func changes(e *orderv1.OrderUpdated) []Change {
	var all []Change
	for _, field := range e.GetChangedFields().GetPaths() {
		if change := changeOf(e, field); !slices.Contains(all, change) {
			all = append(all, change)
		}
	}
	return all
}

func changeOf(e *orderv1.OrderUpdated, field string) Change {
	contact, shipment := e.GetNotice().GetContact(), e.GetShipment()
	switch field {
	case "contact.first_name", "contact.last_name":
		return Change{Field: "name", Value: line(contact.GetFirstName() + " " + contact.GetLastName())}
	case "contact.email":
		return Change{Field: "email", Value: line(contact.GetEmail())}
	case "contact.phone":
		return Change{Field: "phone"}
	case "shipping_address":
		return Change{Field: "address"}
	case "shipment.carrier":
		return orRemoved("carrier", line(shipment.GetCarrier()))
	case "shipment.tracking_code":
		return orRemoved("tracking_code", line(shipment.GetTrackingCode()))
	default:
		return Change{Field: "other"}
	}
}

// orRemoved is a field with its value, or one that was emptied.
func orRemoved(field, value string) Change {
	return Change{Field: field, Value: value, Removed: value == ""}
}
