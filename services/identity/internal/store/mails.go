package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store/db"
)

// InsertMailedLink stores a new link and the mail that it stands in.
func (s Store) InsertMailedLink(ctx context.Context, m domain.MailedLink) error {
	if err := s.insertLink(ctx, m.LinkSnapshot); err != nil {
		return err
	}
	return s.q.MailInsert(ctx, db.MailInsertParams{
		ID: m.ID, Mail: int16(m.Mail), Kind: int16(m.Kind), AccountID: m.AccountID, CustomerID: optional(m.CustomerID),
		Email: m.Email.Address, EmailKey: m.Email.Key, LanguageCode: m.LanguageCode, CreateTime: m.CreateTime, ExpireTime: optionalTime(m.ExpireTime),
	})
}

// InsertNotice stores a mail about what happened to an account.
func (s Store) InsertNotice(ctx context.Context, n domain.Notice) error {
	return s.q.MailInsert(ctx, db.MailInsertParams{
		ID: n.ID, Notice: int16(n.Kind), Kind: int16(n.Account.Kind), AccountID: n.Account.ID, CustomerID: optional(n.Account.CustomerID),
		Email: n.Email.Address, EmailKey: n.Email.Key, LanguageCode: n.Account.LanguageCode, CreateTime: n.Time,
	})
}

// NewestMail returns when a mail was last requested; the epoch when none was.
func (s Store) NewestMail(ctx context.Context) (time.Time, error) { return s.q.MailNewest(ctx) }

// Mails are what was requested to be mailed: links and notices, of which the events are made.
type Mails struct {
	Links   []domain.MailedLink
	Notices []domain.Notice
}

// LockMailsSince locks and reads the next mails, by id after the one given, that were
// requested at a time or after it; a page of the republisher's at most.
func (s Store) LockMailsSince(ctx context.Context, since time.Time, after uuid.UUID) (Mails, error) {
	rows, err := s.q.MailLockSince(ctx, db.MailLockSinceParams{Since: since, AfterID: after})
	if err != nil {
		return Mails{}, fmt.Errorf("lock the mails that were requested: %w", err)
	}
	var all Mails
	for _, row := range rows {
		kind, email := domain.Kind(row.Kind), domain.Email{Address: row.Email, Key: row.EmailKey}
		if row.Notice != 0 {
			all.Notices = append(all.Notices, domain.Notice{
				ID: row.ID, Kind: domain.NoticeKind(row.Notice), Email: email, Time: row.CreateTime,
				Account: domain.AccountSnapshot{ID: row.AccountID, Kind: kind, LanguageCode: row.LanguageCode, CustomerID: value(row.CustomerID)},
			})
			continue
		}
		all.Links = append(all.Links, domain.MailedLink{
			LinkSnapshot: domain.LinkSnapshot{ID: row.ID, Kind: kind, Email: email, AccountID: row.AccountID, CreateTime: row.CreateTime, ExpireTime: timeOf(row.ExpireTime)},
			Mail:         domain.MailKind(row.Mail), CustomerID: value(row.CustomerID), LanguageCode: row.LanguageCode,
		})
	}
	return all, nil
}

// DeleteMails deletes a thousand of those that were requested before a time, and returns how
// many it were.
func (s Store) DeleteMails(ctx context.Context, before time.Time) (int64, error) {
	return s.q.MailDeleteBefore(ctx, db.MailDeleteBeforeParams{Before: before, MaxRows: purgedAtOnce})
}
