// Package operations states what operators and auditors see of notification.
package operations

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	kitoperations "github.com/shopmesh/shopmesh/kit/operations"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/store/db"
)

const (
	// name is what the context is called.
	name = "notification"
	// pageRows is how many mails are read at once.
	pageRows = 1000
	// maxFindings bounds the findings of a kind: what is wrong with a thousand mails
	// is wrong with the sender.
	maxFindings = 1000
	// overdue is how long a mail may be due without being taken for sending: leases
	// last seconds, so nobody sends.
	overdue = 5 * time.Minute
)

// Operations is notification as operators see it.
type Operations struct {
	kitoperations.Base

	pool *pg.Pool
	now  func() time.Time
}

// New returns notification's operations.
func New(pool *pg.Pool, relay *outbox.Relay, inbound *consumer.Consumer, now func() time.Time) *Operations {
	return &Operations{Base: kitoperations.NewBase(name, pool, relay, inbound), pool: pool, now: now}
}

// Audit states every mail by order, kind and subject; then, as findings, mails that
// are due and nobody sends; then what is under way.
func (o *Operations) Audit(ctx context.Context, emit func(*operationsv1.AuditRecord) error) error {
	if err := o.mails(ctx, emit); err != nil {
		return err
	}
	if err := o.overdue(ctx, emit); err != nil {
		return err
	}
	return o.pending(ctx, emit)
}

func (o *Operations) mails(ctx context.Context, emit func(*operationsv1.AuditRecord) error) error {
	q := db.New(o.pool)
	after := db.NotificationAuditParams{AfterOrderID: uuid.Nil, MaxRows: pageRows}
	for {
		rows, err := q.NotificationAudit(ctx, after)
		if err != nil {
			return fmt.Errorf("read mails: %w", err)
		}
		for _, row := range rows {
			status := domain.AuditStatus(domain.Status(row.Status), row.SendTime != nil)
			err := emit(&operationsv1.AuditRecord{Record: &operationsv1.AuditRecord_Mail{Mail: &operationsv1.MailRecord{
				OrderId: row.OrderID.String(), Kind: domain.Kind(row.Kind).String(),
				SubjectId: row.SubjectID.String(), Status: status.String(),
			}}})
			if err != nil {
				return err
			}
		}
		if len(rows) < pageRows {
			return nil
		}
		last := rows[len(rows)-1]
		after.AfterOrderID, after.AfterKind, after.AfterSubjectID = last.OrderID, last.Kind, last.SubjectID
	}
}

func (o *Operations) overdue(ctx context.Context, emit func(*operationsv1.AuditRecord) error) error {
	rows, err := db.New(o.pool).NotificationOverdue(ctx, db.NotificationOverdueParams{
		Before: o.now().Add(-overdue), MaxRows: maxFindings,
	})
	if err != nil {
		return fmt.Errorf("find overdue mails: %w", err)
	}
	for _, row := range rows {
		err := emit(&operationsv1.AuditRecord{Record: &operationsv1.AuditRecord_Finding{Finding: &operationsv1.Finding{
			Kind: "MAIL_OVERDUE", Subject: row.ID.String(), Context: name,
			Message: fmt.Sprintf("the mail %s of order %s is due since %s, and nobody sends it; %d attempts were made",
				domain.Kind(row.Kind), row.OrderID, row.DueTime.Format(time.RFC3339), row.AttemptCount),
		}}})
		if err != nil {
			return err
		}
	}
	return nil
}

func (o *Operations) pending(ctx context.Context, emit func(*operationsv1.AuditRecord) error) error {
	mails, err := db.New(o.pool).NotificationPendingCount(ctx)
	if err != nil {
		return fmt.Errorf("count pending mails: %w", err)
	}
	if mails > 0 {
		err := emit(&operationsv1.AuditRecord{Record: &operationsv1.AuditRecord_Pending{Pending: &operationsv1.Pending{
			Kind: "MAIL", Count: mails, Context: name,
		}}})
		if err != nil {
			return err
		}
	}
	return o.AuditOutbox(ctx, emit)
}
