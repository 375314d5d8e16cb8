package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store/db"
)

// InsertLink stores a new link.
func (s Store) InsertLink(ctx context.Context, l domain.Link) error {
	return s.q.LinkInsert(ctx, db.LinkInsertParams{
		ID: l.ID, Purpose: int16(l.Purpose), Kind: int16(l.Kind), Email: l.Email.Address, EmailKey: l.Email.Key, AccountID: l.AccountID,
		Owner: l.Owner, Permissions: toDBPermissions(l.Permissions), InvitedBy: optional(l.InvitedBy),
		CreateTime: l.CreateTime, ExpireTime: l.ExpireTime,
	})
}

// Link reads a link. Errors: LINK_INVALID.
func (s Store) Link(ctx context.Context, id uuid.UUID) (domain.Link, error) {
	return readLink(s.q.LinkGet(ctx, id))
}

// LockLink locks and reads a link. Errors: LINK_INVALID.
func (s Store) LockLink(ctx context.Context, id uuid.UUID) (domain.Link, error) {
	return readLink(s.q.LinkLock(ctx, id))
}

func readLink(row db.Link, err error) (domain.Link, error) {
	if pg.IsNoRows(err) {
		return domain.Link{}, domain.ErrLinkInvalid()
	}
	if err != nil {
		return domain.Link{}, fmt.Errorf("read link: %w", err)
	}
	return domain.Link{
		ID: row.ID, Purpose: domain.Purpose(row.Purpose), Kind: domain.Kind(row.Kind),
		Email: domain.Email{Address: row.Email, Key: row.EmailKey}, AccountID: row.AccountID, Owner: row.Owner,
		Permissions: fromDBPermissions(row.Permissions), InvitedBy: value(row.InvitedBy),
		CreateTime: row.CreateTime, ExpireTime: row.ExpireTime, UseTime: timeOf(row.UseTime),
	}, nil
}

// UseLink stores that a link was used.
func (s Store) UseLink(ctx context.Context, l domain.Link) error {
	return s.q.LinkUse(ctx, db.LinkUseParams{ID: l.ID, UseTime: optionalTime(l.UseTime)})
}

// UseLinksOf uses up the links of an account that are for a purpose.
func (s Store) UseLinksOf(ctx context.Context, account uuid.UUID, purpose domain.Purpose, now time.Time) error {
	return s.q.LinkUseOf(ctx, db.LinkUseOfParams{AccountID: account, Purpose: int16(purpose), UseTime: now})
}

// CountLinks returns how many links were mailed to an address since a time.
func (s Store) CountLinks(ctx context.Context, email domain.Email, since time.Time) (int64, error) {
	return s.q.LinkCountSince(ctx, db.LinkCountSinceParams{EmailKey: email.Key, Since: since})
}

// DeleteLinks deletes a thousand of those that expired before a time, and returns how
// many it were.
func (s Store) DeleteLinks(ctx context.Context, before time.Time) (int64, error) {
	return s.q.LinkDeleteBefore(ctx, db.LinkDeleteBeforeParams{Before: before, MaxRows: purgedAtOnce})
}

// InsertMailRequest stores that somebody requested a mail to an address.
func (s Store) InsertMailRequest(ctx context.Context, r domain.MailRequest) error {
	return s.q.MailRequestInsert(ctx, db.MailRequestInsertParams{
		ID: r.ID, Purpose: int16(r.Purpose), Kind: int16(r.Kind), Email: r.Email.Address, EmailKey: r.Email.Key,
		AccountID: optional(r.AccountID), CreateTime: r.CreateTime,
	})
}

// TakeMailRequest takes the oldest request out, and reports whether there was one.
func (s Store) TakeMailRequest(ctx context.Context) (domain.MailRequest, bool, error) {
	row, err := s.q.MailRequestTake(ctx)
	if pg.IsNoRows(err) {
		return domain.MailRequest{}, false, nil
	}
	if err != nil {
		return domain.MailRequest{}, false, fmt.Errorf("take a request for a mail: %w", err)
	}
	return domain.MailRequest{
		ID: row.ID, Purpose: domain.Purpose(row.Purpose), Kind: domain.Kind(row.Kind),
		Email: domain.Email{Address: row.Email, Key: row.EmailKey}, AccountID: value(row.AccountID), CreateTime: row.CreateTime,
	}, true, nil
}
