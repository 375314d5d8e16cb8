package store

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

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

func toDBOrders(orders []domain.Changed) (db.OrderInsertManyParams, error) {
	var p db.OrderInsertManyParams
	for _, changed := range orders {
		o := changed.Order
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
		p.Currencies = append(p.Currencies, o.Currency())
		p.SubtotalAmounts = append(p.SubtotalAmounts, o.Subtotal.Amount)
		p.TotalAmounts = append(p.TotalAmounts, o.Total.Amount)
		p.Adjustments = append(p.Adjustments, adjustments)
		p.PaymentIds = append(p.PaymentIds, o.PaymentID)
		p.PaymentMethods = append(p.PaymentMethods, o.PaymentMethod)
		p.CustomerIds = append(p.CustomerIds, o.CustomerID)
		p.FirstNames = append(p.FirstNames, o.Contact.FirstName)
		p.LastNames = append(p.LastNames, o.Contact.LastName)
		p.Emails = append(p.Emails, o.Contact.Email)
		p.Phones = append(p.Phones, o.Contact.Phone)
		p.ShippingAddresses = append(p.ShippingAddresses, string(address))
		p.CreateTimes = append(p.CreateTimes, o.CreateTime)
	}
	return p, nil
}

func toDBLines(orders []domain.Changed) db.OrderLineInsertManyParams {
	var p db.OrderLineInsertManyParams
	for _, changed := range orders {
		for position, line := range changed.Order.Lines {
			p.OrderIds = append(p.OrderIds, changed.Order.ID)
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

func toDBUpdates(orders []domain.Changed) db.OrderUpdateManyParams {
	var p db.OrderUpdateManyParams
	for _, changed := range orders {
		o := changed.Order
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
		p.UpdateTimes = append(p.UpdateTimes, o.UpdateTime)
	}
	return p
}

func toDBHistory(orders []domain.Changed) db.OrderHistoryInsertManyParams {
	var p db.OrderHistoryInsertManyParams
	for _, changed := range orders {
		for _, entry := range changed.Changes.History {
			p.OrderIds = append(p.OrderIds, changed.Order.ID)
			p.Versions = append(p.Versions, entry.Version)
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

func toDBRefunds(orders []domain.Changed) db.OrderRefundUpsertManyParams {
	var p db.OrderRefundUpsertManyParams
	for _, changed := range orders {
		for _, refund := range changed.Changes.Refunds {
			p.RefundIds = append(p.RefundIds, refund.ID)
			p.OrderIds = append(p.OrderIds, changed.Order.ID)
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

func fromDBTail(row db.OrderHistoryTailRow) domain.Entry {
	return domain.Entry{
		Version: row.Version, State: domain.State(row.State), CancelReason: domain.CancelReason(row.CancelReason),
		Note: row.Note, Actor: row.Actor, TraceID: row.TraceID, Time: row.CreateTime,
	}
}
