package mail

import (
	"time"

	"google.golang.org/genproto/googleapis/type/postaladdress"

	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
)

// typed is what people typed about an order, made up.
type typed struct {
	name, street, town string
	lamp, bulb         string
	delivery, discount string
	reason, carrier    string
}

// samples are for previews, in the languages that mails are written in.
var samples = map[domain.Language]typed{
	domain.English: {
		name: "Ada Example", street: "12 Sample Street", town: "Sampletown", lamp: "Desk lamp, brass", bulb: "Light bulb E27, warm white",
		delivery: "Standard delivery", discount: "Welcome discount", reason: "The bulbs arrived broken", carrier: "Example Parcel",
	},
	domain.German: {
		name: "Ada Beispiel", street: "Musterstraße 12", town: "Musterstadt", lamp: "Schreibtischlampe, Messing", bulb: "Glühbirne E27, warmweiß",
		delivery: "Standardversand", discount: "Willkommensrabatt", reason: "Die Glühbirnen kamen zerbrochen an", carrier: "Beispielpaket",
	},
	domain.Arabic: {
		name: "ليلى مثال", street: "شارع المثال 12", town: "مدينة المثال", lamp: "مصباح مكتب نحاسي", bulb: "مصباح E27 بضوء أبيض دافئ",
		delivery: "توصيل عادي", discount: "خصم ترحيبي", reason: "وصلت المصابيح مكسورة", carrier: "شركة الطرود",
	},
}

// Sample is a made-up mail of a kind in a language, for a preview of its template; one about an
// order is a guest's.
func Sample(kind domain.Kind, language domain.Language) Content {
	eur := func(cents int64) money.Money { return money.Money{Currency: "EUR", Amount: cents} }
	of := samples[language]
	return Content{
		Kind:         kind,
		LanguageCode: string(language),
		Number:       "7K3M-Q2XD",
		Name:         of.name,
		Lines: []Line{
			{Name: of.lamp, Code: "LAMP-01", Quantity: 1, UnitPrice: eur(49_90), Total: eur(49_90)},
			{Name: of.bulb, Code: "BULB-E27", Quantity: 3, UnitPrice: eur(4_25), Total: eur(12_75)},
		},
		Adjustments: []Adjustment{
			{Label: of.delivery, Amount: eur(4_90)},
			{Label: of.discount, Amount: eur(-5_00)},
		},
		Subtotal: eur(62_65),
		Total:    eur(62_55),
		Delivery: &postaladdress.PostalAddress{
			RegionCode: "DE", PostalCode: "12345", Locality: of.town, Recipients: []string{of.name}, AddressLines: []string{of.street},
		},
		Cancelled: Cancellation{OutOfStock: true},
		Refund:    Refund{Amount: eur(12_75), Sum: eur(12_75), Reason: of.reason},
		Changes:   []Change{{Field: "email", Value: "ada@example.com"}, {Field: "address"}},
		Shipment:  Shipment{Carrier: of.carrier, TrackingCode: "EP123456789"},
		Link:      LinkRemoved,
		Time:      time.Date(2027, time.January, 1, 12, 0, 0, 0, time.UTC),
	}
}
