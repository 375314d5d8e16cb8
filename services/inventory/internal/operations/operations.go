// Package operations states what operators and auditors see of inventory.
package operations

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	kitoperations "github.com/shopmesh/shopmesh/kit/operations"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/store"
)

// name is what the context is called.
const name = "inventory"

// The kinds of findings that inventory can see by itself.
const (
	// ledgerMismatch: the ledger does not lead to what is on hand.
	ledgerMismatch = "LEDGER_MISMATCH"
	// reservedMismatch: what is reserved is not the sum of the reservations.
	reservedMismatch = "RESERVED_MISMATCH"
	// oversold: more was sold or promised than there was.
	oversold = "OVERSOLD"
)

// Operations is inventory as operators see it.
type Operations struct {
	kitoperations.Base

	pool *pg.Pool
}

// New returns inventory's operations.
func New(pool *pg.Pool, relay *outbox.Relay, inbound *consumer.Consumer) *Operations {
	return &Operations{Base: kitoperations.NewBase(name, pool, relay, inbound), pool: pool}
}

// Audit states each order's reservation with what the ledger holds for it, then
// findings, then the events that still wait in the outbox. All but the last is of
// one snapshot; rows are streamed, however many there are.
func (o *Operations) Audit(ctx context.Context, emit func(*operationsv1.AuditRecord) error) error {
	err := o.pool.Snapshot(ctx, func(tx pgx.Tx) error {
		ledger := store.Audit(tx)
		if err := ledger.EachOrder(ctx, func(row store.AuditedOrder) error { return emit(order(row)) }); err != nil {
			return err
		}
		if err := ledger.EachBreak(ctx, func(row store.LedgerBreak) error { return emit(broken(row)) }); err != nil {
			return err
		}
		return ledger.EachStock(ctx, func(row store.AuditedStock) error { return emitAll(emit, contradictions(row)) })
	})
	if err != nil {
		return fmt.Errorf("audit inventory: %w", err)
	}
	return o.AuditOutbox(ctx, emit)
}

func emitAll(emit func(*operationsv1.AuditRecord) error, records []*operationsv1.AuditRecord) error {
	for _, record := range records {
		if err := emit(record); err != nil {
			return err
		}
	}
	return nil
}

func order(row store.AuditedOrder) *operationsv1.AuditRecord {
	if row.State == 0 {
		return finding(ledgerMismatch, row.OrderID, "the ledger moves %d products for order %s, which has no reservation", len(row.Ledger), row.OrderID)
	}
	record := &operationsv1.ReservationRecord{OrderId: row.OrderID.String(), State: row.State.String(), Ledger: lines(row.Ledger)}
	if row.State != domain.Rejected {
		record.Lines = lines(row.Lines)
	}
	return &operationsv1.AuditRecord{Record: &operationsv1.AuditRecord_Reservation{Reservation: record}}
}

func lines(from []domain.Line) []*operationsv1.AuditLine {
	all := make([]*operationsv1.AuditLine, len(from))
	for i, line := range from {
		all[i] = &operationsv1.AuditLine{ProductId: line.ProductID.String(), Quantity: line.Quantity}
	}
	return all
}

// broken names the movement at which a product's ledger goes wrong first.
func broken(row store.LedgerBreak) *operationsv1.AuditRecord {
	if row.Running < 0 {
		return finding(oversold, row.ProductID, "after movement %d of product %s the ledger sums to %d", row.MovementID, row.ProductID, row.Running)
	}
	return finding(ledgerMismatch, row.ProductID, "movement %d of product %s states %d on hand, and the ledger sums to %d",
		row.MovementID, row.ProductID, row.OnHandAfter, row.Running)
}

func contradictions(row store.AuditedStock) []*operationsv1.AuditRecord {
	var found []*operationsv1.AuditRecord
	if row.OnHand != row.LedgerSum {
		found = append(found, finding(ledgerMismatch, row.ProductID, "product %s has %d on hand, and its ledger sums to %d",
			row.ProductID, row.OnHand, row.LedgerSum))
	}
	if row.Reserved != row.ReservationSum {
		found = append(found, finding(reservedMismatch, row.ProductID, "product %s has %d reserved, and its reservations sum to %d",
			row.ProductID, row.Reserved, row.ReservationSum))
	}
	if row.Reserved < 0 || row.OnHand < row.Reserved {
		found = append(found, finding(oversold, row.ProductID, "product %s has %d on hand and %d reserved", row.ProductID, row.OnHand, row.Reserved))
	}
	return found
}

func finding(kind string, subject uuid.UUID, format string, args ...any) *operationsv1.AuditRecord {
	return &operationsv1.AuditRecord{Record: &operationsv1.AuditRecord_Finding{Finding: &operationsv1.Finding{
		Kind: kind, Subject: subject.String(), Message: fmt.Sprintf(format, args...), Context: name,
	}}}
}
