package store

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store/db"
)

// epoch stands for null in arrays, whose elements can't be null in generated code.
var epoch = time.Unix(0, 0).UTC()

// toDBTime turns the zero time into what stands for null.
func toDBTime(t time.Time) time.Time {
	if t.IsZero() {
		return epoch
	}
	return t
}

func fromDBTime(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func fromDBID(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}

func toDBID(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

func fromDBPayment(row db.Payment) domain.Payment {
	amount := func(n int64) money.Money { return money.Money{Currency: row.Currency, Amount: n} }
	return domain.Payment{
		ID: row.ID, OrderID: row.OrderID, Reference: row.Reference, Amount: amount(row.Amount),
		Status: domain.PaymentStatus(row.Status), Method: row.Method, Provider: row.Provider,
		ChargeID: row.ProviderChargeID, FailureCode: row.FailureCode,
		Captured: amount(row.Captured), Refunded: amount(row.Refunded), OrderCancelled: row.OrderCancelled,
		Attempts: row.AttemptCount, Due: fromDBTime(row.DueTime), Version: row.Version, Trace: row.Traceparent,
		CreateTime: row.CreateTime, UpdateTime: row.UpdateTime,
		CustomerID:    fromDBID(row.CustomerID),
		PendingReason: domain.PendingReason(row.PendingReason), ActionTime: fromDBTime(row.ActionRequiredTime),
		ProcessingTime: fromDBTime(row.ProcessingTime), Polls: row.PollCount, PollTime: fromDBTime(row.PollTime),
	}
}

func fromDBRefund(row db.Refund) domain.Refund {
	return domain.Refund{
		ID: row.ID, PaymentID: row.PaymentID, OrderID: row.OrderID,
		Amount: money.Money{Currency: row.Currency, Amount: row.Amount},
		Status: domain.RefundStatus(row.Status), Reason: row.Reason, Requester: row.Requester,
		ProviderRefundID: row.ProviderRefundID, FailureCode: row.FailureCode, Version: row.Version,
		Attempts: row.AttemptCount, Due: fromDBTime(row.DueTime), Trace: row.Traceparent,
		CreateTime: row.CreateTime, UpdateTime: row.UpdateTime, Origin: domain.RefundOrigin(row.Origin), Polls: row.PollCount,
		Lines: fromDBLines(row.Lines),
	}
}

func fromDBDispute(row db.Dispute) domain.Dispute {
	return domain.Dispute{
		ID: row.ProviderDisputeID, PaymentID: row.PaymentID, OrderID: row.OrderID,
		Amount: money.Money{Currency: row.Currency, Amount: row.Amount}, Reason: row.Reason, Status: domain.DisputeStatus(row.Status),
		OpenTime: row.OpenTime, CloseTime: fromDBTime(row.CloseTime), ObserveTime: row.ObserveTime, Version: row.Version,
		CreateTime: row.CreateTime, UpdateTime: row.UpdateTime,
	}
}

func fromDBContradiction(row db.Contradiction) domain.Contradiction {
	return domain.Contradiction{
		ID: row.ID, EventID: row.EventID, EventType: row.EventType, PaymentID: fromDBID(row.PaymentID), Cause: row.Cause,
		CreateTime: row.CreateTime, ResolveTime: fromDBTime(row.ResolveTime), Resolver: row.Resolver, Note: row.Note,
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
		DueTimes:          column(rows, func(r p) time.Time { return toDBTime(r.Due) }),
		Versions:          column(rows, func(r p) int64 { return r.Version }),
		Traceparents:      column(rows, func(r p) string { return r.Trace }),
		Times:             column(rows, func(r p) time.Time { return r.CreateTime }),
		CustomerIds:       column(rows, func(r p) uuid.UUID { return r.CustomerID }),
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
		DueTimes:          column(rows, func(r p) time.Time { return toDBTime(r.Due) }),
		Versions:          column(rows, func(r p) int64 { return r.Version }),
		UpdateTimes:       column(rows, func(r p) time.Time { return r.UpdateTime }),
		PendingReasons:    column(rows, func(r p) int16 { return int16(r.PendingReason) }),
		PollCounts:        column(rows, func(r p) int32 { return r.Polls }),
		PollTimes:         column(rows, func(r p) time.Time { return toDBTime(r.PollTime) }),
		ProcessingTimes:   column(rows, func(r p) time.Time { return toDBTime(r.ProcessingTime) }),

		ActionRequiredTimes: column(rows, func(r p) time.Time { return toDBTime(r.ActionTime) }),
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
		Origins:      column(rows, func(r r) int16 { return int16(r.Origin) }),

		ProviderRefundIds: column(rows, func(r r) string { return r.ProviderRefundID }),
		Lines:             column(rows, func(r r) string { return toDBLines(r.Lines) }),
	}
}

// refundLine is a line of a refund as it is stored.
type refundLine struct {
	Code     string `json:"code"`
	Quantity int32  `json:"quantity"`
}

// toDBLines is empty for no lines.
func toDBLines(lines []domain.RefundLine) string {
	if len(lines) == 0 {
		return ""
	}
	stored := make([]refundLine, len(lines))
	for i, line := range lines {
		stored[i] = refundLine{line.ProductCode, line.Quantity}
	}
	text, _ := json.Marshal(stored) // of texts and numbers
	return string(text)
}

// fromDBLines reads what toDBLines wrote.
func fromDBLines(text []byte) []domain.RefundLine {
	var stored []refundLine
	_ = json.Unmarshal(text, &stored)
	var lines []domain.RefundLine
	for _, line := range stored {
		lines = append(lines, domain.RefundLine{ProductCode: line.Code, Quantity: line.Quantity})
	}
	return lines
}

func toDBRefundUpdates(rows []domain.Refund) db.RefundUpdateManyParams {
	type r = domain.Refund
	return db.RefundUpdateManyParams{
		Ids:               column(rows, func(r r) uuid.UUID { return r.ID }),
		Statuses:          column(rows, func(r r) int16 { return int16(r.Status) }),
		ProviderRefundIds: column(rows, func(r r) string { return r.ProviderRefundID }),
		FailureCodes:      column(rows, func(r r) string { return r.FailureCode }),
		AttemptCounts:     column(rows, func(r r) int32 { return r.Attempts }),
		DueTimes:          column(rows, func(r r) time.Time { return toDBTime(r.Due) }),
		Versions:          column(rows, func(r r) int64 { return r.Version }),
		UpdateTimes:       column(rows, func(r r) time.Time { return r.UpdateTime }),
		PollCounts:        column(rows, func(r r) int32 { return r.Polls }),
	}
}

func toDBDisputes(rows []domain.Dispute) db.DisputeUpsertManyParams {
	type d = domain.Dispute
	return db.DisputeUpsertManyParams{
		PaymentIds:   column(rows, func(r d) uuid.UUID { return r.PaymentID }),
		Ids:          column(rows, func(r d) string { return r.ID }),
		OrderIds:     column(rows, func(r d) uuid.UUID { return r.OrderID }),
		Currencies:   column(rows, func(r d) string { return r.Amount.Currency }),
		Amounts:      column(rows, func(r d) int64 { return r.Amount.Amount }),
		Reasons:      column(rows, func(r d) string { return r.Reason }),
		Statuses:     column(rows, func(r d) int16 { return int16(r.Status) }),
		OpenTimes:    column(rows, func(r d) time.Time { return r.OpenTime }),
		CloseTimes:   column(rows, func(r d) time.Time { return toDBTime(r.CloseTime) }),
		ObserveTimes: column(rows, func(r d) time.Time { return r.ObserveTime }),
		Versions:     column(rows, func(r d) int64 { return r.Version }),
		CreateTimes:  column(rows, func(r d) time.Time { return r.CreateTime }),
		UpdateTimes:  column(rows, func(r d) time.Time { return r.UpdateTime }),
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
