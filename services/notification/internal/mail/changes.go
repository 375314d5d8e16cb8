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
		return Change{"Name", line(contact.GetFirstName() + " " + contact.GetLastName())}
	case "contact.email":
		return Change{"E-mail address", line(contact.GetEmail())}
	case "contact.phone":
		return Change{"Phone number", ""}
	case "shipping_address":
		return Change{"Delivery address", ""}
	case "shipment.carrier":
		return Change{"Carrier", orNone(line(shipment.GetCarrier()))}
	case "shipment.tracking_code":
		return Change{"Tracking code", orNone(line(shipment.GetTrackingCode()))}
	default:
		return Change{"Other details", ""}
	}
}

// orNone names the value of a field that was emptied.
func orNone(value string) string {
	if value == "" {
		return "none any more"
	}
	return value
}
