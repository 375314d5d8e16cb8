package store

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store/db"
)

func orNil(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// adjustment is how an adjustment is stored; its currency is the order's.
type adjustment struct {
	Kind   domain.AdjustmentKind `json:"kind"`
	Label  string                `json:"label"`
	Amount int64                 `json:"amount"`
}

func toDBAdjustments(adjustments []domain.Adjustment) (string, error) {
	if len(adjustments) == 0 {
		return "[]", nil
	}
	stored := make([]adjustment, len(adjustments))
	for i, a := range adjustments {
		stored[i] = adjustment{Kind: a.Kind, Label: a.Label, Amount: a.Amount.Amount}
	}
	text, err := json.Marshal(stored)
	return string(text), err
}

func fromDBAdjustments(text []byte, currency string) ([]domain.Adjustment, error) {
	if len(text) <= len("[]") {
		return nil, nil
	}
	var stored []adjustment
	if err := json.Unmarshal(text, &stored); err != nil {
		return nil, fmt.Errorf("adjustments: %w", err)
	}
	adjustments := make([]domain.Adjustment, len(stored))
	for i, a := range stored {
		adjustments[i] = domain.Adjustment{Kind: a.Kind, Label: a.Label, Amount: money.Money{Currency: currency, Amount: a.Amount}}
	}
	return adjustments, nil
}

func toDBOrders(orders []domain.Decided, requests []idempotency.Key) (db.OrderInsertManyParams, error) {
	var p db.OrderInsertManyParams
	for i, changed := range orders {
		o := changed.Order.Snapshot()
		adjustments, err := toDBAdjustments(o.Adjustments)
		if err != nil {
			return p, err
		}
		address, err := json.Marshal(o.Address)
		if err != nil {
			return p, fmt.Errorf("address: %w", err)
		}
		p.Ids = append(p.Ids, o.ID)
		p.Numbers = append(p.Numbers, o.Number)
		p.States = append(p.States, int16(o.State))
		p.Versions = append(p.Versions, o.Version)
		p.Awaits = append(p.Awaits, int32(o.Awaits))
		p.DueTimes = append(p.DueTimes, o.DueTime)
		p.ExpireTimes = append(p.ExpireTimes, o.ExpireTime)
		p.Currencies = append(p.Currencies, o.Total.Currency)
		p.SubtotalAmounts = append(p.SubtotalAmounts, o.Subtotal.Amount)
		p.TotalAmounts = append(p.TotalAmounts, o.Total.Amount)
		p.Adjustments = append(p.Adjustments, adjustments)
		p.PaymentIds = append(p.PaymentIds, o.PaymentID)
		p.PaymentMethods = append(p.PaymentMethods, o.PaymentMethod)
		p.CustomerIds = append(p.CustomerIds, o.CustomerID)
		p.FirstNames = append(p.FirstNames, o.Contact.FirstName)
		p.LastNames = append(p.LastNames, o.Contact.LastName)
		p.LastNameKeys = append(p.LastNameKeys, grammar.Fold(o.Contact.LastName))
		p.Emails = append(p.Emails, o.Contact.Email)
		p.Phones = append(p.Phones, o.Contact.Phone)
		p.ShippingAddresses = append(p.ShippingAddresses, string(address))
		p.RequestIds = append(p.RequestIds, requests[i].RequestID)
		p.RequestCallers = append(p.RequestCallers, requests[i].Caller)
		p.LanguageCodes = append(p.LanguageCodes, o.LanguageCode)
		p.CreateTimes = append(p.CreateTimes, o.CreateTime)
	}
	return p, nil
}

func toDBLines(orders []domain.Decided) db.OrderLineInsertManyParams {
	var p db.OrderLineInsertManyParams
	for _, changed := range orders {
		id := changed.Order.ID()
		for position, line := range changed.Order.Snapshot().Lines {
			p.OrderIds = append(p.OrderIds, id)
			p.Positions = append(p.Positions, int16(position))
			p.ProductIds = append(p.ProductIds, line.ProductID)
			p.ProductCodes = append(p.ProductCodes, line.Code)
			p.Names = append(p.Names, line.Name)
			p.UnitAmounts = append(p.UnitAmounts, line.UnitPrice.Amount)
			p.Quantities = append(p.Quantities, line.Quantity)
		}
	}
	return p
}

func toDBUpdates(orders []domain.Decided) db.OrderUpdateManyParams {
	var p db.OrderUpdateManyParams
	for _, changed := range orders {
		o := changed.Order.Snapshot()
		p.Ids = append(p.Ids, o.ID)
		p.States = append(p.States, int16(o.State))
		p.CancelReasons = append(p.CancelReasons, int16(o.CancelReason))
		p.CancelNotes = append(p.CancelNotes, o.CancelNote)
		p.Versions = append(p.Versions, o.Version)
		p.AwaitingVersions = append(p.AwaitingVersions, o.First.AwaitingPayment)
		p.ConfirmedVersions = append(p.ConfirmedVersions, o.First.Confirmed)
		p.CancelledVersions = append(p.CancelledVersions, o.First.Cancelled)
		p.ShippedVersions = append(p.ShippedVersions, o.First.Shipped)
		p.Awaits = append(p.Awaits, int32(o.Awaits))
		p.DueTimes = append(p.DueTimes, o.DueTime)
		p.RetryCounts = append(p.RetryCounts, int32(o.RetryCount))
		p.LastPublishedTimes = append(p.LastPublishedTimes, o.LastPublishedTime)
		p.ExpireTimes = append(p.ExpireTimes, o.ExpireTime)
		p.CapturedAmounts = append(p.CapturedAmounts, o.Captured.Amount)
		p.RefundedAmounts = append(p.RefundedAmounts, o.Refunded.Amount)
		p.PaymentProgresses = append(p.PaymentProgresses, int16(o.Payment))
		p.UpdateTimes = append(p.UpdateTimes, o.UpdateTime)
	}
	return p
}

func toDBHistory(orders []domain.Decided) db.OrderHistoryInsertManyParams {
	var p db.OrderHistoryInsertManyParams
	for _, changed := range orders {
		for _, entry := range changed.Decision.History {
			p.OrderIds = append(p.OrderIds, changed.Order.ID())
			p.Versions = append(p.Versions, entry.Version)
			p.Steps = append(p.Steps, int16(entry.Step))
			p.States = append(p.States, int16(entry.State))
			p.CancelReasons = append(p.CancelReasons, int16(entry.CancelReason))
			p.Notes = append(p.Notes, entry.Note)
			p.Actors = append(p.Actors, entry.Actor)
			p.TraceIds = append(p.TraceIds, entry.TraceID)
			p.CreateTimes = append(p.CreateTimes, entry.Time)
		}
	}
	return p
}

func toDBRefunds(orders []domain.Decided) db.OrderRefundUpsertManyParams {
	var p db.OrderRefundUpsertManyParams
	for _, changed := range orders {
		for _, refund := range changed.Decision.Refunds {
			p.RefundIds = append(p.RefundIds, refund.ID)
			p.OrderIds = append(p.OrderIds, changed.Order.ID())
			p.Amounts = append(p.Amounts, refund.Amount.Amount)
			p.RefundedAmounts = append(p.RefundedAmounts, refund.Refunded.Amount)
			p.Reasons = append(p.Reasons, refund.Reason)
			p.Versions = append(p.Versions, refund.Version)
			p.MailsAwaited = append(p.MailsAwaited, refund.MailAwaited)
		}
	}
	return p
}

func fromDBProduct(row db.Product) domain.Product {
	return domain.Product{
		ID: row.ID, Code: row.Code, Name: row.Name,
		Price:  money.Money{Currency: row.Currency, Amount: row.Amount},
		Status: domain.ProductStatus(row.Status), Version: row.Version,
	}
}

func fromDBEntry(row db.OrderHistory) domain.Entry {
	return domain.Entry{
		Version: row.Version, Step: domain.Step(row.Step), State: domain.State(row.State), CancelReason: domain.CancelReason(row.CancelReason),
		Note: row.Note, Actor: row.Actor, TraceID: row.TraceID, Time: row.CreateTime,
	}
}

// fromDBOrder returns an order without its lines, and without its address, which few
// decisions need.
func fromDBOrder(row db.Order) (domain.Snapshot, error) {
	amount := func(minor int64) money.Money { return money.Money{Currency: row.Currency, Amount: minor} }
	o := domain.Snapshot{
		ID: row.ID, Number: row.Number, State: domain.State(row.State),
		CancelReason: domain.CancelReason(row.CancelReason), CancelNote: row.CancelNote, Version: row.Version,
		First: domain.FirstVersions{
			AwaitingPayment: row.AwaitingVersion, Confirmed: row.ConfirmedVersion,
			Cancelled: row.CancelledVersion, Shipped: row.ShippedVersion,
		},
		Awaits: domain.Awaits(row.Awaits), DueTime: orZero(row.DueTime), RetryCount: int(row.RetryCount),
		LastPublishedTime: row.LastPublishedTime, ExpireTime: orZero(row.ExpireTime),
		Quote:    domain.Quote{Subtotal: amount(row.SubtotalAmount), Total: amount(row.TotalAmount)},
		Captured: amount(row.CapturedAmount), Refunded: amount(row.RefundedAmount),
		PaymentID: row.PaymentID, PaymentMethod: row.PaymentMethod, Payment: domain.PaymentProgress(row.PaymentProgress),
		CustomerID: orNil(row.CustomerID), GuestVersion: row.GuestVersion, Erased: row.Erased, LanguageCode: row.LanguageCode,
		Contact: domain.Contact{FirstName: row.FirstName, LastName: row.LastName, Email: row.Email, Phone: row.Phone},
		Shipment: domain.Shipment{
			ID: orNil(row.ShipmentID), Carrier: row.Carrier, TrackingCode: row.TrackingCode,
			ShipTime: orZero(row.ShipTime), DeliverTime: orZero(row.DeliverTime),
		},
		CreateTime: row.CreateTime, UpdateTime: row.UpdateTime,
	}
	var err error
	if o.Adjustments, err = fromDBAdjustments(row.Adjustments, row.Currency); err != nil {
		return o, fmt.Errorf("order %s: %w", row.ID, err)
	}
	if o.Disputes, err = fromDBDisputes(row.Disputes); err != nil {
		return o, fmt.Errorf("order %s: %w", row.ID, err)
	}
	if o.Corrections, err = fromDBCorrections(row.Corrections); err != nil {
		return o, fmt.Errorf("order %s: %w", row.ID, err)
	}
	if o.LinkMails, err = fromDBLinkMails(row.LinkMails); err != nil {
		return o, fmt.Errorf("order %s: %w", row.ID, err)
	}
	return o, nil
}

func fromDBLine(row db.OrderLineListManyRow, currency string) (domain.Line, error) {
	price := money.Money{Currency: currency, Amount: row.UnitAmount}
	total, err := price.Mul(int64(row.Quantity))
	if err != nil {
		return domain.Line{}, fmt.Errorf("order %s: %w", row.OrderID, err)
	}
	return domain.Line{
		ProductID: row.ProductID, Code: row.ProductCode, Name: row.Name, UnitPrice: price, Quantity: row.Quantity, Total: total,
	}, nil
}

func fromDBRefund(row db.OrderRefundListManyRow, currency string) domain.Refund {
	return domain.Refund{
		ID: row.RefundID, Amount: money.Money{Currency: currency, Amount: row.Amount},
		Refunded: money.Money{Currency: currency, Amount: row.RefundedAmount},
		Reason:   row.Reason, Version: row.Version, MailAwaited: row.MailAwaited,
	}
}

func fromDBAddress(text []byte) (domain.Address, error) {
	var address domain.Address
	if len(text) <= len("{}") {
		return address, nil
	}
	if err := json.Unmarshal(text, &address); err != nil {
		return address, fmt.Errorf("address: %w", err)
	}
	return address, nil
}

// dispute is how a dispute is stored.
type dispute struct {
	ID        string               `json:"id"`
	Reason    string               `json:"reason"`
	Currency  string               `json:"currency"`
	Amount    int64                `json:"amount"`
	Status    domain.DisputeStatus `json:"status"`
	Version   int64                `json:"version"`
	OpenTime  time.Time            `json:"open_time"`
	CloseTime time.Time            `json:"close_time"`
}

func toDBDisputes(disputes []domain.Dispute) (string, error) {
	stored := make([]dispute, len(disputes))
	for i, d := range disputes {
		stored[i] = dispute{
			ID: d.ID, Reason: d.Reason, Currency: d.Amount.Currency, Amount: d.Amount.Amount,
			Status: d.Status, Version: d.Version, OpenTime: d.OpenTime, CloseTime: d.CloseTime,
		}
	}
	text, err := json.Marshal(stored)
	return string(text), err
}

func fromDBDisputes(text []byte) ([]domain.Dispute, error) {
	if len(text) <= len("[]") {
		return nil, nil
	}
	var stored []dispute
	if err := json.Unmarshal(text, &stored); err != nil {
		return nil, fmt.Errorf("disputes: %w", err)
	}
	disputes := make([]domain.Dispute, len(stored))
	for i, d := range stored {
		disputes[i] = domain.Dispute{
			ID: d.ID, Reason: d.Reason, Amount: money.Money{Currency: d.Currency, Amount: d.Amount},
			Status: d.Status, Version: d.Version, OpenTime: d.OpenTime, CloseTime: d.CloseTime,
		}
	}
	return disputes, nil
}
