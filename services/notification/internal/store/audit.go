package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/store/db"
)

// AuditedMail is what the audit states of a mail.
type AuditedMail struct {
	OrderID, SubjectID uuid.UUID
	Kind               domain.Kind
	Status             domain.Status
}

// auditPage is how many mails the audit reads at once.
const auditPage = 1000

// EachMail reads the mails by order, kind and subject.
func (s Store) EachMail(ctx context.Context, each func(AuditedMail) error) error {
	after := db.NotificationAuditParams{AfterOrderID: uuid.Nil, MaxRows: auditPage}
	for {
		rows, err := s.q.NotificationAudit(ctx, after)
		if err != nil {
			return fmt.Errorf("read mails: %w", err)
		}
		for _, row := range rows {
			mail := AuditedMail{
				OrderID: row.OrderID, SubjectID: row.SubjectID, Kind: domain.Kind(row.Kind),
				Status: domain.AuditStatus(domain.Status(row.Status), row.SendTime != nil),
			}
			if err := each(mail); err != nil {
				return err
			}
		}
		if len(rows) < auditPage {
			return nil
		}
		last := rows[len(rows)-1]
		after.AfterOrderID, after.AfterKind, after.AfterSubjectID = last.OrderID, last.Kind, last.SubjectID
	}
}

// OverdueMail is a mail that should have been taken for sending.
type OverdueMail struct {
	ID, OrderID uuid.UUID
	Kind        domain.Kind
	DueTime     time.Time
	Attempts    int
}

// Overdue reads up to limit mails that were due before a time and were not taken.
func (s Store) Overdue(ctx context.Context, before time.Time, limit int) ([]OverdueMail, error) {
	rows, err := s.q.NotificationOverdue(ctx, db.NotificationOverdueParams{Before: before, MaxRows: int32(limit)})
	if err != nil {
		return nil, fmt.Errorf("find overdue mails: %w", err)
	}
	mails := make([]OverdueMail, len(rows))
	for i, row := range rows {
		mails[i] = OverdueMail{
			ID: row.ID, OrderID: row.OrderID, Kind: domain.Kind(row.Kind), DueTime: *row.DueTime, Attempts: int(row.AttemptCount),
		}
	}
	return mails, nil
}

// CountPending counts the mails that are to be sent.
func (s Store) CountPending(ctx context.Context) (int64, error) {
	n, err := s.q.NotificationPendingCount(ctx)
	if err != nil {
		return 0, fmt.Errorf("count pending mails: %w", err)
	}
	return n, nil
}
