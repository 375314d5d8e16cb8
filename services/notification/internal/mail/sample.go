package mail

import (
	"time"

	"google.golang.org/genproto/googleapis/type/postaladdress"

	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
)

// Sample is a made-up mail of a kind, for a preview of its template; one about an order is a
// guest's.
func Sample(kind domain.Kind) Content {
	eur := func(cents int64) money.Money { return money.Money{Currency: "EUR", Amount: cents} }
	return Content{
		Kind:   kind,
		Number: "7K3M-Q2XD",
		Name:   "Ada Example",
		Lines: []Line{
			{Name: "Desk lamp, brass", Code: "LAMP-01", Quantity: 1, UnitPrice: eur(49_90), Total: eur(49_90)},
			{Name: "Light bulb E27, warm white", Code: "BULB-E27", Quantity: 3, UnitPrice: eur(4_25), Total: eur(12_75)},
		},
		Adjustments: []Adjustment{
			{Label: "Standard delivery", Amount: eur(4_90)},
			{Label: "Welcome discount", Amount: eur(-5_00)},
		},
		Subtotal: eur(62_65),
		Total:    eur(62_55),
		Delivery: &postaladdress.PostalAddress{
			RegionCode: "DE", PostalCode: "12345", Locality: "Sampletown", Recipients: []string{"Ada Example"}, AddressLines: []string{"12 Sample Street"},
		},
		Cancelled: Cancellation{OutOfStock: true},
		Refund:    Refund{Amount: eur(12_75), Sum: eur(12_75), Reason: "The bulbs arrived broken"},
		Changes:   []Change{{Field: "email", Value: "ada@example.com"}, {Field: "address"}},
		Shipment:  Shipment{Carrier: "Example Parcel", TrackingCode: "EP123456789"},
		Link:      LinkRemoved,
		Time:      time.Date(2027, time.January, 1, 12, 0, 0, 0, time.UTC),
	}
}
