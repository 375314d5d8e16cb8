package domain_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// A contact that was mistyped is corrected until the order is shipped, carrier and
// tracking code after it; the history names the fields, who and when, and no content.
func TestAnOrderIsCorrectedWhileItMatters(t *testing.T) {
	t.Parallel()
	contact := &domain.Contact{FirstName: "Ada", Email: "Ada@Example.com"}
	address := &domain.Address{RegionCode: "XK", AddressLines: []string{"Rruga A 1"}}
	carrier, code := "DHL", "2"
	shipped := func(t *testing.T) *domain.Order {
		t.Helper()
		o := confirmed(t)
		if _, err := o.Ship(uuid.New(), domain.Dispatch{Carrier: "DHL", TrackingCode: "1"}, retry, at(0)); err != nil {
			t.Fatal(err)
		}
		return o
	}
	for name, row := range map[string]struct {
		order   *domain.Order
		edit    domain.Edit
		note    string
		refused fault.Reason
	}{
		"a new order's contact":         {newOrder(t), domain.Edit{Contact: contact}, "contact.last_name, contact.email", ""},
		"a paid order's address":        {confirmed(t), domain.Edit{Address: address}, "shipping_address", ""},
		"a shipped order's contact":     {shipped(t), domain.Edit{Contact: contact}, "", domain.ReasonOrderState},
		"a shipped order's address":     {shipped(t), domain.Edit{Address: address}, "", domain.ReasonOrderState},
		"a shipped order's code":        {shipped(t), domain.Edit{Carrier: &carrier, TrackingCode: &code}, "shipment.tracking_code", ""},
		"a paid order's code":           {confirmed(t), domain.Edit{TrackingCode: &code}, "", domain.ReasonOrderState},
		"a cancelled order's contact":   {cancelledFrom(t, newOrder(t)), domain.Edit{Contact: contact}, "", domain.ReasonOrderState},
		"an address that is none":       {newOrder(t), domain.Edit{Contact: &domain.Contact{FirstName: "Ada", Email: "ada"}}, "", fault.ReasonInvalidField},
		"a region that is none":         {newOrder(t), domain.Edit{Address: &domain.Address{RegionCode: "UK", AddressLines: []string{"1"}}}, "", fault.ReasonInvalidField},
		"a code that is taken away":     {shipped(t), domain.Edit{TrackingCode: new(string)}, "shipment.tracking_code", ""},
		"what was not changed":          {newOrder(t), domain.Edit{Contact: &domain.Contact{FirstName: "Ada", LastName: "Lovelace", Email: "ada@example.com"}}, "", ""},
		"a shipped order's other field": {shipped(t), domain.Edit{Carrier: &carrier}, "", ""},
	} {
		version := row.order.Snapshot().Version
		d, err := row.order.Update(uuid.New(), row.edit, retry, at(time.Minute))
		if fault.ReasonOf(err) != row.refused {
			t.Errorf("%s: %v, want %q", name, err, row.refused)
			continue
		}
		switch {
		case row.note == "":
			if len(d.History) > 0 || row.order.Snapshot().Version != version || len(d.Events) > 0 {
				t.Errorf("%s left a trace: %+v", name, d)
			}
		case len(d.History) != 1 || d.History[0].Step != domain.Updated || d.History[0].Note != row.note ||
			d.History[0].Actor != "somebody" || !d.History[0].Time.Equal(dawn.Add(time.Minute)):
			t.Errorf("%s: the history gets %+v", name, d.History)
		case len(d.Events) != 1 || d.Events[0].Kind != domain.UpdatedEvent:
			t.Errorf("%s: published %+v", name, d.Events)
		}
	}
}

// The customer is mailed about each correction of a confirmed order: its event is
// published again, under its identity, until its own mail is done. An order that is not
// paid yet needs no mail.
func TestACorrectionOfAPaidOrderAwaitsItsMail(t *testing.T) {
	t.Parallel()
	update := func(o *domain.Order, email string) domain.Event {
		t.Helper()
		d, err := o.Update(uuid.New(), domain.Edit{Contact: &domain.Contact{FirstName: "Ada", LastName: "Lovelace", Email: email}}, retry, at(0))
		if err != nil || len(d.Events) != 1 {
			t.Fatalf("published %v, %v", d.Events, err)
		}
		return d.Events[0]
	}
	unpaid := newOrder(t)
	if event := update(unpaid, "ada@example.org"); event.Correction.ID != uuid.Nil || unpaid.Snapshot().Awaits.Has(domain.AwaitsUpdateMail) {
		t.Errorf("an unpaid order's correction %v awaits %v", event.Correction, unpaid.Snapshot().Awaits.Names())
	}

	o := confirmed(t)
	apply(t, o, domain.StockCommitted{}, mail(domain.ConfirmationMail, o.ID()))
	awaitsOnly(t, o)
	first, second := update(o, "ada@example.org"), update(o, "ada@example.net")
	awaitsOnly(t, o, "UPDATE_MAIL")
	apply(t, o, mail(domain.UpdateMail, first.Correction.ID))
	apply(t, o, mail(domain.UpdateMail, uuid.New()))
	awaitsOnly(t, o, "UPDATE_MAIL")
	again := o.Sweep(retry, at(time.Hour)).Events
	if len(again) != 1 || again[0].Version != second.Version || again[0].Correction.ID != second.Correction.ID {
		t.Errorf("published again %+v, want %+v", again, second)
	}
	apply(t, o, mail(domain.UpdateMail, second.Correction.ID))
	awaitsOnly(t, o)

	update(o, "ada@example.com")
	o.Erase(retry, at(0))
	awaitsOnly(t, o)
}

// What was refunded in full is sent only when somebody requests it.
func TestAnOrderThatWasRefundedInFullIsNotSentByChance(t *testing.T) {
	t.Parallel()
	o := confirmed(t)
	apply(t, o, refunded(o, uuid.New(), 1250, 1250))
	_, err := o.Ship(uuid.New(), domain.Dispatch{}, retry, at(0))
	if refused, _ := fault.Of(err); fault.ReasonOf(err) != domain.ReasonOrderRefunded || refused.Kind() != fault.FailedPrecondition || !strings.Contains(err.Error(), "ship_refunded") {
		t.Fatalf("shipped with %v", err)
	}
	if _, err := o.Ship(uuid.New(), domain.Dispatch{ShipRefunded: true}, retry, at(0)); err != nil || o.State() != domain.Shipped {
		t.Errorf("on demand: %v, %s", err, o.State())
	}
	disputed := confirmed(t)
	apply(t, disputed, domain.PaymentDisputed{PaymentID: disputed.Snapshot().PaymentID, Dispute: domain.Dispute{
		ID: "dp_1", Amount: euros(1250), Status: domain.DisputeLost, Version: 3, OpenTime: dawn,
	}})
	if _, err := disputed.Ship(uuid.New(), domain.Dispatch{}, retry, at(0)); fault.ReasonOf(err) != domain.ReasonOrderRefunded {
		t.Errorf("its money was taken back by a bank: shipped with %v", err)
	}
	partly := confirmed(t)
	apply(t, partly, refunded(partly, uuid.New(), 1249, 1249))
	if _, err := partly.Ship(uuid.New(), domain.Dispatch{}, retry, at(0)); err != nil {
		t.Errorf("refunded in part: %v", err)
	}
}

// However people write a number, the order is found.
func TestNumbersAreFoundHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"7K3M-Q2XD": "7K3M-Q2XD", "7k3mq2xd": "7K3M-Q2XD", "#7K3M-Q2XD": "7K3M-Q2XD", "# 7k3m q2xd": "7K3M-Q2XD",
		"oI3l-q2xd": "0131-Q2XD", "7K3M-Q2X": "7K3M-Q2X", "7K3M-Q2XU": "7K3M-Q2XU", "": "",
	} {
		if got := domain.NormalizeNumber(written); got != want {
			t.Errorf("%q is %q, want %q", written, got, want)
		}
	}
}

// A number is searched for from its fourth digit on.
func TestNumbersAreFoundByHowTheyBegin(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"7K3M-Q2XD": "7K3M-Q2XD 7K3M-Q2XD", "#7k3m": "7K3M-0000 7K3M-ZZZZ", "7k3m-": "7K3M-0000 7K3M-ZZZZ", "7K3MQ2": "7K3M-Q200 7K3M-Q2ZZ",
		"oI3l-q": "0131-Q000 0131-QZZZ", "7K3": "", "7K3M-Q2XDA": "", "7K3U": "", "": "", "ada@": "",
	} {
		least, greatest, ok := domain.NumberRange(written)
		if got := strings.TrimSpace(least + " " + greatest); got != want || ok != (want != "") {
			t.Errorf("%q is %q, %v; want %q", written, got, ok, want)
		}
	}
}
