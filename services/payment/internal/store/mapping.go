package store

import (
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store/db"
)

// epoch stands for null in arrays, whose elements can't be null in generated code.
var epoch = time.Unix(0, 0).UTC()

func toDBDue(due time.Time) time.Time {
	if due.IsZero() {
		return epoch
	}
	return due
}

func fromDBDue(due *time.Time) time.Time {
	if due == nil {
		return time.Time{}
	}
	return *due
}

func fromDBPayment(row db.Payment) domain.Payment {
	amount := func(n int64) money.Money { return money.Money{Currency: row.Currency, Amount: n} }
	return domain.Payment{
		ID: row.ID, OrderID: row.OrderID, Reference: row.Reference, Amount: amount(row.Amount),
		Status: domain.PaymentStatus(row.Status), Method: row.Method, Provider: row.Provider,
		ChargeID: row.ProviderChargeID, FailureCode: row.FailureCode,
		Captured: amount(row.Captured), Refunded: amount(row.Refunded), OrderCancelled: row.OrderCancelled,
		Attempts: row.AttemptCount, Due: fromDBDue(row.DueTime), Version: row.Version, Trace: row.Traceparent,
		CreateTime: row.CreateTime, UpdateTime: row.UpdateTime,
	}
}

func fromDBRefund(row db.Refund) domain.Refund {
	return domain.Refund{
		ID: row.ID, PaymentID: row.PaymentID, OrderID: row.OrderID,
		Amount: money.Money{Currency: row.Currency, Amount: row.Amount},
		Status: domain.RefundStatus(row.Status), Reason: row.Reason, Requester: row.Requester,
		ProviderRefundID: row.ProviderRefundID, FailureCode: row.FailureCode, Version: row.Version,
		Attempts: row.AttemptCount, Due: fromDBDue(row.DueTime), Trace: row.Traceparent,
		CreateTime: row.CreateTime, UpdateTime: row.UpdateTime,
	}
}

func fromDBAttempt(row db.PaymentAttempt) domain.Attempt {
	return domain.Attempt{
		Subject: row.SubjectID, Number: row.Number, Outcome: domain.Outcome(row.Outcome), Detail: row.Detail,
		Start: row.StartTime, End: row.EndTime, TraceID: row.TraceID,
	}
}

// column takes one value of each row into an array.
func column[Row, Value any](rows []Row, of func(Row) Value) []Value {
	values := make([]Value, len(rows))
	for i, row := range rows {
		values[i] = of(row)
	}
	return values
}

func toDBInserts(rows []domain.Payment) db.PaymentInsertManyParams {
	type p = domain.Payment
	return db.PaymentInsertManyParams{
		Ids:               column(rows, func(r p) uuid.UUID { return r.ID }),
		OrderIds:          column(rows, func(r p) uuid.UUID { return r.OrderID }),
		PaymentReferences: column(rows, func(r p) string { return r.Reference }),
		Currencies:        column(rows, func(r p) string { return r.Amount.Currency }),
		Amounts:           column(rows, func(r p) int64 { return r.Amount.Amount }),
		Captured:          column(rows, func(r p) int64 { return r.Captured.Amount }),
		Statuses:          column(rows, func(r p) int16 { return int16(r.Status) }),
		Methods:           column(rows, func(r p) string { return r.Method }),
		Providers:         column(rows, func(r p) string { return r.Provider }),
		FailureCodes:      column(rows, func(r p) string { return r.FailureCode }),
		OrdersCancelled:   column(rows, func(r p) bool { return r.OrderCancelled }),
		DueTimes:          column(rows, func(r p) time.Time { return toDBDue(r.Due) }),
		Versions:          column(rows, func(r p) int64 { return r.Version }),
		Traceparents:      column(rows, func(r p) string { return r.Trace }),
		Times:             column(rows, func(r p) time.Time { return r.CreateTime }),
	}
}

func toDBUpdates(rows []domain.Payment) db.PaymentUpdateManyParams {
	type p = domain.Payment
	return db.PaymentUpdateManyParams{
		Ids:               column(rows, func(r p) uuid.UUID { return r.ID }),
		Captured:          column(rows, func(r p) int64 { return r.Captured.Amount }),
		Refunded:          column(rows, func(r p) int64 { return r.Refunded.Amount }),
		Statuses:          column(rows, func(r p) int16 { return int16(r.Status) }),
		ProviderChargeIds: column(rows, func(r p) string { return r.ChargeID }),
		FailureCodes:      column(rows, func(r p) string { return r.FailureCode }),
		OrdersCancelled:   column(rows, func(r p) bool { return r.OrderCancelled }),
		AttemptCounts:     column(rows, func(r p) int32 { return r.Attempts }),
		DueTimes:          column(rows, func(r p) time.Time { return toDBDue(r.Due) }),
		Versions:          column(rows, func(r p) int64 { return r.Version }),
		UpdateTimes:       column(rows, func(r p) time.Time { return r.UpdateTime }),
	}
}

func toDBRefundInserts(rows []domain.Refund) db.RefundInsertManyParams {
	type r = domain.Refund
	return db.RefundInsertManyParams{
		Ids:          column(rows, func(r r) uuid.UUID { return r.ID }),
		PaymentIds:   column(rows, func(r r) uuid.UUID { return r.PaymentID }),
		OrderIds:     column(rows, func(r r) uuid.UUID { return r.OrderID }),
		Currencies:   column(rows, func(r r) string { return r.Amount.Currency }),
		Amounts:      column(rows, func(r r) int64 { return r.Amount.Amount }),
		Reasons:      column(rows, func(r r) string { return r.Reason }),
		Requesters:   column(rows, func(r r) string { return r.Requester }),
		DueTimes:     column(rows, func(r r) time.Time { return r.Due }),
		Traceparents: column(rows, func(r r) string { return r.Trace }),
		Times:        column(rows, func(r r) time.Time { return r.CreateTime }),
	}
}

func toDBRefundUpdates(rows []domain.Refund) db.RefundUpdateManyParams {
	type r = domain.Refund
	return db.RefundUpdateManyParams{
		Ids:               column(rows, func(r r) uuid.UUID { return r.ID }),
		Statuses:          column(rows, func(r r) int16 { return int16(r.Status) }),
		ProviderRefundIds: column(rows, func(r r) string { return r.ProviderRefundID }),
		FailureCodes:      column(rows, func(r r) string { return r.FailureCode }),
		AttemptCounts:     column(rows, func(r r) int32 { return r.Attempts }),
		DueTimes:          column(rows, func(r r) time.Time { return toDBDue(r.Due) }),
		Versions:          column(rows, func(r r) int64 { return r.Version }),
		UpdateTimes:       column(rows, func(r r) time.Time { return r.UpdateTime }),
	}
}

func toDBAttempts(rows []domain.Attempt) db.AttemptInsertManyParams {
	type a = domain.Attempt
	return db.AttemptInsertManyParams{
		SubjectIds: column(rows, func(r a) uuid.UUID { return r.Subject }),
		Numbers:    column(rows, func(r a) int32 { return r.Number }),
		Outcomes:   column(rows, func(r a) int16 { return int16(r.Outcome) }),
		Details:    column(rows, func(r a) string { return r.Detail }),
		StartTimes: column(rows, func(r a) time.Time { return r.Start }),
		EndTimes:   column(rows, func(r a) time.Time { return r.End }),
		TraceIds:   column(rows, func(r a) string { return r.TraceID }),
	}
}
