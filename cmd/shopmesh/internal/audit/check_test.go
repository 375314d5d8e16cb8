package audit

import (
	"slices"
	"testing"

	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/types/known/timestamppb"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
)

func eur(units int64) *money.Money { return &money.Money{CurrencyCode: "EUR", Units: units} }

func line(product string, n int64) []*operationsv1.AuditLine {
	return []*operationsv1.AuditLine{{ProductId: product, Quantity: n}}
}

// confirmed is an order that every context agrees on.
func confirmed() Records {
	return Records{
		OrderID:     "o",
		Order:       &operationsv1.OrderRecord{OrderId: "o", State: "CONFIRMED", Total: eur(10), Captured: eur(10), Lines: line("p", 2), UpdateTime: timestamppb.Now()},
		Reservation: &operationsv1.ReservationRecord{OrderId: "o", State: "COMMITTED", Lines: line("p", 2), Ledger: line("p", -2)},
		Payment:     &operationsv1.PaymentRecord{OrderId: "o", PaymentId: "pay", Status: "CAPTURED", Captured: eur(10)},
		Provider:    &operationsv1.ProviderRecord{OrderId: "o", PaymentId: "pay", Charges: 1, Charged: eur(10)},
		Mails:       []*operationsv1.MailRecord{{OrderId: "o", Kind: "ORDER_CONFIRMED", SubjectId: "o", Status: "SENT"}},
	}
}

// cancelled is an order that was confirmed, then cancelled and refunded.
func cancelled() Records {
	f := confirmed()
	f.Order.State, f.Order.Refunded, f.Order.RefundIds = "CANCELLED", eur(10), []string{"r"}
	f.Reservation.State, f.Reservation.Ledger = "RESTOCKED", nil
	f.Payment.Status, f.Payment.Refunded, f.Provider.Refunded = "REFUNDED", eur(10), eur(10)
	f.Mails = append(f.Mails,
		&operationsv1.MailRecord{OrderId: "o", Kind: "ORDER_CANCELLED", SubjectId: "o", Status: "SENT"},
		&operationsv1.MailRecord{OrderId: "o", Kind: "ORDER_REFUNDED", SubjectId: "r", Status: "SENT"})
	return f
}

// rejected is an order that ended for want of stock.
func rejected() Records {
	return Records{
		OrderID:     "o",
		Order:       &operationsv1.OrderRecord{OrderId: "o", State: "CANCELLED", CancelReason: "OUT_OF_STOCK", Total: eur(10), Lines: line("p", 2)},
		Reservation: &operationsv1.ReservationRecord{OrderId: "o", State: "REJECTED"},
		Mails:       []*operationsv1.MailRecord{{OrderId: "o", Kind: "ORDER_CANCELLED", SubjectId: "o", Status: "SENT"}},
	}
}

// Each row breaks one thing in an order that is right; exactly that is named.
func TestCheckNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name    string
		records Records
		breaks  func(f *Records)
		want    []string
	}{
		{"a confirmed order that is right", confirmed(), func(*Records) {}, nil},
		{"a cancelled order that is right", cancelled(), func(*Records) {}, nil},
		{"a rejected order that is right", rejected(), func(*Records) {}, nil},
		{"a correction that was mailed", confirmed(), func(f *Records) {
			f.Order.UpdateIds = []string{"u"}
			f.Mails = append(f.Mails, &operationsv1.MailRecord{OrderId: "o", Kind: "ORDER_UPDATED", SubjectId: "u", Status: "SENT"})
		}, nil},
		{"a correction whose mail was lost", confirmed(), func(f *Records) { f.Order.UpdateIds = []string{"u"} }, []string{"MAIL_MISSING"}},
		{"a mail about a correction that nobody made", confirmed(), func(f *Records) {
			f.Mails = append(f.Mails, &operationsv1.MailRecord{OrderId: "o", Kind: "ORDER_UPDATED", SubjectId: "u", Status: "SENT"})
		}, []string{"MAIL_NOT_DUE"}},
		{"links of an order that were requested", confirmed(), func(f *Records) {
			f.Mails = append(f.Mails,
				&operationsv1.MailRecord{OrderId: "o", Kind: "ORDER_LINK", SubjectId: "1", Status: "SENT"},
				&operationsv1.MailRecord{OrderId: "o", Kind: "ORDER_LINK", SubjectId: "2", Status: "FAILED"})
		}, nil},
		{"a link that is not sent", confirmed(), func(f *Records) {
			f.Mails = append(f.Mails, &operationsv1.MailRecord{OrderId: "o", Kind: "ORDER_LINK", SubjectId: "1", Status: "PENDING"})
		}, []string{"MAIL_NOT_SENT"}},
		{"two charges", confirmed(), func(f *Records) { f.Provider.Charges = 2 }, []string{"DOUBLE_CHARGE"}},
		{"the provider took more than we know", confirmed(), func(f *Records) { f.Provider.Charged = eur(20) }, []string{"PROVIDER_MISMATCH"}},
		{"the provider's charge is gone", confirmed(), func(f *Records) { f.Provider = nil }, []string{"PROVIDER_MISMATCH"}},
		{"order missed a refund", confirmed(), func(f *Records) { f.Payment.Refunded, f.Provider.Refunded = eur(5), eur(5) }, []string{"BALANCE_MISMATCH"}},
		{"cancelled, a part given back, the rest lost to the bank", cancelled(), func(f *Records) {
			f.Order.Refunded, f.Payment.Refunded, f.Provider.Refunded, f.Payment.Lost = eur(4), eur(4), eur(4), eur(6)
		}, nil},
		{"cancelled, and a bank took back what was given back before", cancelled(), func(f *Records) { f.Payment.Lost = eur(10) }, nil},
		{"cancelled, and a bank took a part of it", cancelled(), func(f *Records) {
			f.Order.Refunded, f.Payment.Refunded, f.Provider.Refunded, f.Payment.Lost = nil, nil, nil, eur(6)
		}, []string{"PAID_AND_CANCELLED"}},
		{"paid and cancelled", cancelled(), func(f *Records) { f.Order.Refunded, f.Payment.Refunded, f.Provider.Refunded = eur(4), eur(4), eur(4) }, []string{"PAID_AND_CANCELLED"}},
		{"paid in part", confirmed(), func(f *Records) { f.Order.Total = eur(11) }, []string{"NOT_PAID_IN_FULL"}},
		{"stock never left", confirmed(), func(f *Records) { f.Reservation.State, f.Reservation.Ledger = "RESERVED", nil }, []string{"STOCK_NOT_COMMITTED", "LEDGER_ORDER_MISMATCH"}},
		{"stock left twice", confirmed(), func(f *Records) { f.Reservation.Ledger = line("p", -4) }, []string{"LEDGER_ORDER_MISMATCH"}},
		{"another quantity reserved", confirmed(), func(f *Records) { f.Reservation.Lines = line("p", 3) }, []string{"RESERVATION_MISMATCH"}},
		{"stock kept for a cancelled order", rejected(), func(f *Records) { f.Reservation.State = "RESERVED" }, []string{"STOCK_NOT_RELEASED"}},
		{"stock not returned", cancelled(), func(f *Records) { f.Reservation.Ledger = line("p", -2) }, []string{"LEDGER_ORDER_MISMATCH"}},
		{"no confirmation", confirmed(), func(f *Records) { f.Mails = nil }, []string{"MAIL_MISSING"}},
		{"two confirmations", confirmed(), func(f *Records) { f.Mails = append(f.Mails, f.Mails[0]) }, []string{"MAIL_DOUBLE", "MAIL_NOT_DUE"}},
		{"a mail that failed", confirmed(), func(f *Records) { f.Mails[0].Status = "FAILED" }, []string{"MAIL_FAILED"}},
		{"a mail that waits", confirmed(), func(f *Records) { f.Mails[0].Status = "PENDING" }, []string{"MAIL_NOT_SENT"}},
		{"a confirmation of what was never paid", rejected(), func(f *Records) {
			f.Mails = append(f.Mails, &operationsv1.MailRecord{OrderId: "o", Kind: "ORDER_CONFIRMED", SubjectId: "o", Status: "SENT"})
		}, []string{"MAIL_NOT_DUE"}},
		{"an order that is gone", confirmed(), func(f *Records) { f.Order = nil }, []string{"RESERVATION_WITHOUT_ORDER", "PAYMENT_WITHOUT_ORDER", "MAIL_WITHOUT_ORDER"}},
		{"a charge for nothing", Records{OrderID: "o", Provider: confirmed().Provider}, func(*Records) {}, []string{"CHARGE_WITHOUT_PAYMENT"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.breaks(&row.records)
			findings, pending := Check(row.records, false)
			var kinds []string
			for _, f := range findings {
				kinds = append(kinds, f.Kind)
			}
			if !slices.Equal(kinds, row.want) || pending {
				t.Errorf("found %v (pending %v), want %v", findings, pending, row.want)
			}
		})
	}
}

// Work in flight is pending; once the time to wait is over it is a finding.
func TestCheckWaitsForWorkInFlight(t *testing.T) {
	t.Parallel()
	f := confirmed()
	f.Mails, f.Order.Awaits = nil, []string{"CONFIRMATION_MAIL"}
	if findings, pending := Check(f, false); len(findings) > 0 || !pending {
		t.Errorf("found %v, pending %v; want nothing found, and pending", findings, pending)
	}
	findings, pending := Check(f, true)
	if pending || len(findings) != 2 || findings[0].Kind != "ORDER_STUCK" || findings[1].Kind != "MAIL_MISSING" {
		t.Errorf("found %v, pending %v; want ORDER_STUCK and MAIL_MISSING", findings, pending)
	}
}

// A double charge is wrong at once, whatever else is under way.
func TestCheckNamesADoubleChargeInFlight(t *testing.T) {
	t.Parallel()
	f := confirmed()
	f.Order.State, f.Order.Awaits, f.Provider.Charges = "AWAITING_PAYMENT", []string{"PAYMENT"}, 2
	findings, pending := Check(f, false)
	if len(findings) != 1 || findings[0].Kind != "DOUBLE_CHARGE" || !pending {
		t.Errorf("found %v, pending %v", findings, pending)
	}
}

// An amount is written with its currency's digits.
func TestAmountsHaveTheirCurrencysDigits(t *testing.T) {
	t.Parallel()
	for want, m := range map[string]*money.Money{
		"0":                       nil,
		"1000 JPY":                {CurrencyCode: "JPY", Units: 1000},
		"12.50 EUR":               {CurrencyCode: "EUR", Units: 12, Nanos: 500_000_000},
		"-0.05 EUR":               {CurrencyCode: "EUR", Nanos: -50_000_000},
		"1.250 KWD":               {CurrencyCode: "KWD", Units: 1, Nanos: 250_000_000},
		"0.00 EUR":                {CurrencyCode: "EUR"},
		"1 units and 5 nanos EUR": {CurrencyCode: "EUR", Units: 1, Nanos: 5},
	} {
		if got := amount(m); got != want {
			t.Errorf("%v is written %q, want %q", m, got, want)
		}
	}
	r := confirmed()
	r.Order.Total = &money.Money{CurrencyCode: "JPY", Units: 1000}
	r.Order.Captured, r.Payment.Captured, r.Provider.Charged = nil, nil, nil
	if findings, _ := Check(r, false); len(findings) != 1 || findings[0].Message != "the order is CONFIRMED, its total is 1000 JPY and 0 was captured" {
		t.Errorf("found %v", findings)
	}
}

// An account is that of its customer, and goes with them.
func TestCheckAccount(t *testing.T) {
	t.Parallel()
	customer := func(account string, erased bool) *operationsv1.CustomerRecord {
		return &operationsv1.CustomerRecord{CustomerId: "c", AccountId: account, Erased: erased}
	}
	account := &operationsv1.AccountRecord{CustomerId: "c", AccountId: "a"}
	for name, row := range map[string]struct {
		records AccountRecords
		final   bool
		want    string
		pending bool
	}{
		"both":                   {AccountRecords{Customer: customer("a", false), Account: account}, true, "", false},
		"not made yet":           {AccountRecords{Customer: customer("a", false)}, true, "", false},
		"erased":                 {AccountRecords{Customer: customer("a", true)}, true, "", false},
		"the erasure under way":  {AccountRecords{Customer: customer("a", true), Account: account}, false, "", true},
		"the erasure never came": {AccountRecords{Customer: customer("a", true), Account: account}, true, "ACCOUNT_OF_ERASED_CUSTOMER", false},
		"no customer":            {AccountRecords{Account: account}, false, "ACCOUNT_WITHOUT_CUSTOMER", false},
		"another account":        {AccountRecords{Customer: customer("b", false), Account: account}, false, "ACCOUNT_MISMATCH", false},
	} {
		row.records.CustomerID = "c"
		findings, pending := CheckAccount(row.records, row.final)
		got := ""
		for _, f := range findings {
			got += f.Kind
		}
		if got != row.want || pending != row.pending {
			t.Errorf("%s: %q, pending %v; want %q, %v", name, got, pending, row.want, row.pending)
		}
	}
}
