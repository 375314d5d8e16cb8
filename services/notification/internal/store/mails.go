package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/store/db"
)

// Existing reads what is known of each requested mail, in their order.
func (s Store) Existing(ctx context.Context, requests []domain.Request) ([]domain.Existing, error) {
	rows, err := s.q.NotificationExisting(ctx, toDBRequests(requests))
	if err != nil {
		return nil, fmt.Errorf("read known mails: %w", err)
	}
	return fromDBExisting(rows), nil
}

// Insert queues new mails, which are rendered in a shop's name by a version of the
// templates.
func (s Store) Insert(ctx context.Context, mails []domain.Notification, shop domain.ShopDetails, template int) error {
	return s.q.NotificationInsertMany(ctx, toDBNotifications(mails, shop, template))
}

// Lock locks and reads mails, by id.
func (s Store) Lock(ctx context.Context, ids []uuid.UUID) ([]domain.Mail, error) {
	rows, err := s.q.NotificationLock(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("lock mails: %w", err)
	}
	mails := make([]domain.Mail, len(rows))
	for i, row := range rows {
		mails[i] = fromDBMail(row)
	}
	return mails, nil
}

// Update queues the updates of locked mails, and what was tried.
func (s Store) Update(ctx context.Context, mails []domain.Mail, attempts []domain.Attempt) error {
	if err := s.q.NotificationUpdateMany(ctx, toDBMails(mails)); err != nil {
		return err
	}
	return s.q.AttemptInsertMany(ctx, toDBAttempts(attempts))
}

// ClaimDue takes up to limit mails whose time has come until lease.
func (s Store) ClaimDue(ctx context.Context, now, lease time.Time, limit int) ([]domain.Outgoing, error) {
	rows, err := s.q.NotificationClaimDue(ctx, db.NotificationClaimDueParams{Lease: lease, Now: now, MaxRows: int32(limit)})
	if err != nil {
		return nil, err
	}
	mails := make([]domain.Outgoing, len(rows))
	for i, row := range rows {
		mails[i] = fromDBOutgoing(row)
	}
	return mails, nil
}

// ClaimLeased takes mails that are this process's own until lease; dueTimes are the
// ends of the leases that it gave them.
func (s Store) ClaimLeased(ctx context.Context, ids []uuid.UUID, dueTimes []time.Time, lease time.Time) ([]domain.Outgoing, error) {
	rows, err := s.q.NotificationClaimLeased(ctx, db.NotificationClaimLeasedParams{Ids: ids, DueTimes: dueTimes, Lease: lease})
	if err != nil {
		return nil, err
	}
	mails := make([]domain.Outgoing, len(rows))
	for i, row := range rows {
		mails[i] = fromDBOutgoing(db.NotificationClaimDueRow(row))
	}
	return mails, nil
}

// Extend extends the leases of mails that still run, and returns those mails.
func (s Store) Extend(ctx context.Context, ids []uuid.UUID, now, lease time.Time) ([]uuid.UUID, error) {
	return s.q.NotificationExtend(ctx, db.NotificationExtendParams{Ids: ids, Now: now, Lease: lease})
}

// NextDue is when the next mail may be taken; false when none is pending.
func (s Store) NextDue(ctx context.Context) (time.Time, bool, error) {
	due, err := s.q.NotificationNextDue(ctx)
	if pg.IsNoRows(err) {
		return time.Time{}, false, nil
	}
	if err != nil {
		return time.Time{}, false, err
	}
	return *due, true, nil
}

// Get reads a mail and what was tried. Errors: NOTIFICATION_NOT_FOUND.
func (s Store) Get(ctx context.Context, id uuid.UUID) (domain.Stored, error) {
	row, err := s.q.NotificationGet(ctx, id)
	if pg.IsNoRows(err) {
		return domain.Stored{}, domain.ErrNotificationNotFound(id)
	}
	if err != nil {
		return domain.Stored{}, fmt.Errorf("read notification %s: %w", id, err)
	}
	return s.withAttempts(ctx, fromDBStored(row))
}

// GetForUpdate locks and reads a mail. The text of a person whose data was erased is
// not readable, also where it is not blank yet. Errors: NOTIFICATION_NOT_FOUND.
func (s Store) GetForUpdate(ctx context.Context, id uuid.UUID) (domain.Stored, error) {
	row, err := s.q.NotificationGetForUpdate(ctx, id)
	if pg.IsNoRows(err) {
		return domain.Stored{}, domain.ErrNotificationNotFound(id)
	}
	if err != nil {
		return domain.Stored{}, fmt.Errorf("lock notification %s: %w", id, err)
	}
	stored := fromDBStored(row.Notification)
	stored.Readable = stored.Readable && (row.PersonErased == nil || !*row.PersonErased)
	return stored, nil
}

// Corrections reads the mails about corrections of an order, without what was tried.
func (s Store) Corrections(ctx context.Context, order uuid.UUID) ([]domain.Stored, error) {
	rows, err := s.q.NotificationCorrections(ctx, order)
	if err != nil {
		return nil, fmt.Errorf("read the mails about corrections of order %s: %w", order, err)
	}
	mails := make([]domain.Stored, len(rows))
	for i, row := range rows {
		mails[i] = fromDBStored(row)
	}
	return mails, nil
}

// Resend stores a mail that is sent again, and returns it with what was tried.
func (s Store) Resend(ctx context.Context, m domain.Stored) (domain.Stored, error) {
	row, err := s.q.NotificationResend(ctx, db.NotificationResendParams{
		ID: m.ID, Recipient: m.Recipient, RecipientKey: domain.RecipientKey(m.Recipient), Content: m.Content,
		ResendCount: int32(m.Resends), Version: m.Version, MessageID: m.MessageID,
		RequestedTime: m.RequestedTime, DueTime: m.DueTime, Traceparent: m.Traceparent,
	})
	if err != nil {
		return domain.Stored{}, fmt.Errorf("resend notification %s: %w", m.ID, err)
	}
	return s.withAttempts(ctx, fromDBStored(row))
}

func (s Store) withAttempts(ctx context.Context, m domain.Stored) (domain.Stored, error) {
	mails := []domain.Stored{m}
	err := s.addAttempts(ctx, mails)
	return mails[0], err
}

// maxAttempts is how many attempts of a mail are shown, the newest.
const maxAttempts = 20

// addAttempts adds to mails what was tried.
func (s Store) addAttempts(ctx context.Context, mails []domain.Stored) error {
	if len(mails) == 0 {
		return nil
	}
	ids := make([]uuid.UUID, len(mails))
	for i, m := range mails {
		ids[i] = m.ID
	}
	rows, err := s.q.AttemptNewest(ctx, db.AttemptNewestParams{NotificationIds: ids, MaxEach: maxAttempts})
	if err != nil {
		return fmt.Errorf("read attempts: %w", err)
	}
	by := fromDBAttempts(rows)
	for i := range mails {
		mails[i].History = by[mails[i].ID]
	}
	return nil
}

// DropTexts drops the content of up to limit mails that were delivered before a time,
// the oldest first, and returns how many. It leaves out those that are locked.
func (s Store) DropTexts(ctx context.Context, before time.Time, limit int) (int64, error) {
	n, err := s.q.NotificationForgetBodies(ctx, db.NotificationForgetBodiesParams{Before: before, MaxRows: int32(limit)})
	if err != nil {
		return n, fmt.Errorf("drop the texts of old mails: %w", err)
	}
	return n, nil
}

// DropAccountMails blanks up to limit mails about accounts that are no customer's and ended
// before a time, the oldest first, and returns how many. It leaves out those that are locked.
func (s Store) DropAccountMails(ctx context.Context, before time.Time, limit int) (int64, error) {
	n, err := s.q.NotificationForgetAccountMails(ctx, db.NotificationForgetAccountMailsParams{Before: before, MaxRows: int32(limit)})
	if err != nil {
		return n, fmt.Errorf("blank old mails about accounts: %w", err)
	}
	return n, nil
}
