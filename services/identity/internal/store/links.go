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
func (s Store) InsertLink(ctx context.Context, link domain.Link) error {
	return s.insertLink(ctx, link.Snapshot())
}

func (s Store) insertLink(ctx context.Context, l domain.LinkSnapshot) error {
	return s.q.LinkInsert(ctx, db.LinkInsertParams{
		ID: l.ID, Purpose: int16(l.Purpose), Kind: int16(l.Kind), Email: l.Email.Address, EmailKey: l.Email.Key, AccountID: l.AccountID,
		Owner: l.Owner, Permissions: toDBPermissions(l.Permissions), InvitedBy: optional(l.InvitedBy),
		ResetTotp: l.ResetTotp, Mailed: l.Mailed, CreateTime: l.CreateTime, ExpireTime: l.ExpireTime,
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
	return domain.RestoreLink(domain.LinkSnapshot{
		ID: row.ID, Purpose: domain.Purpose(row.Purpose), Kind: domain.Kind(row.Kind),
		Email: domain.Email{Address: row.Email, Key: row.EmailKey}, AccountID: row.AccountID, Owner: row.Owner,
		Permissions: fromDBPermissions(row.Permissions), InvitedBy: value(row.InvitedBy),
		ResetTotp: row.ResetTotp, Mailed: row.Mailed, CreateTime: row.CreateTime, ExpireTime: row.ExpireTime, UseTime: timeOf(row.UseTime),
	}), nil
}

// SetLinkBegun stores whether the account of a link for signing up is about to be made.
func (s Store) SetLinkBegun(ctx context.Context, id uuid.UUID, begun bool) error {
	return s.q.LinkSetBegun(ctx, db.LinkSetBegunParams{ID: id, Begun: begun})
}

// UseLink stores that a link was used.
func (s Store) UseLink(ctx context.Context, link domain.Link) error {
	l := link.Snapshot()
	return s.q.LinkUse(ctx, db.LinkUseParams{ID: l.ID, UseTime: optionalTime(l.UseTime)})
}

// EndLinks uses up the links of an account, and deletes what it requested and would become
// one.
func (s Store) EndLinks(ctx context.Context, account uuid.UUID, now time.Time) error {
	if err := s.q.MailRequestDeleteOfAccount(ctx, &account); err != nil {
		return err
	}
	return s.q.LinkUseOf(ctx, db.LinkUseOfParams{AccountID: account, UseTime: now})
}

// UseLinksTo uses up the links to an address that are for a purpose.
func (s Store) UseLinksTo(ctx context.Context, kind domain.Kind, email domain.Email, purpose domain.Purpose, now time.Time) error {
	return s.q.LinkUseTo(ctx, db.LinkUseToParams{Kind: int16(kind), EmailKey: email.Key, Purpose: int16(purpose), UseTime: now})
}

// InvitedOwner reports whether an address was invited to own the shop, within the week that
// links are kept after their end.
func (s Store) InvitedOwner(ctx context.Context, email domain.Email) (bool, error) {
	return s.q.LinkInvitesOwner(ctx, db.LinkInvitesOwnerParams{EmailKey: email.Key, Purpose: int16(domain.Invitation)})
}

// CountLinks returns how many links for each purpose were mailed to an address since a time,
// for a kind of account.
func (s Store) CountLinks(ctx context.Context, kind domain.Kind, email domain.Email, since time.Time) (map[domain.Purpose]int64, error) {
	rows, err := s.q.LinkCountSince(ctx, db.LinkCountSinceParams{EmailKey: email.Key, Kind: int16(kind), Since: since})
	if err != nil {
		return nil, fmt.Errorf("count links: %w", err)
	}
	mailed := make(map[domain.Purpose]int64, len(rows))
	for _, row := range rows {
		mailed[domain.Purpose(row.Purpose)] = row.Links
	}
	return mailed, nil
}

// AccountToMake returns the id of the account that a link for signing up with an address is to
// make, and that customer may know already; uuid.Nil when there is no such link.
func (s Store) AccountToMake(ctx context.Context, kind domain.Kind, email domain.Email) (uuid.UUID, error) {
	id, err := s.q.LinkAccountToMake(ctx, db.LinkAccountToMakeParams{Kind: int16(kind), EmailKey: email.Key})
	if pg.IsNoRows(err) {
		return uuid.Nil, nil
	}
	return id, err
}

// DeleteLinks deletes a thousand of those that expired before a time, and returns how
// many it were. It leaves those that were begun and whose account is not there.
func (s Store) DeleteLinks(ctx context.Context, before time.Time) (int64, error) {
	return s.q.LinkDeleteBefore(ctx, db.LinkDeleteBeforeParams{Before: before, MaxRows: purgedAtOnce})
}

// InsertMailRequest stores that somebody requested a mail to an address.
func (s Store) InsertMailRequest(ctx context.Context, r domain.MailRequest) error {
	return s.q.MailRequestInsert(ctx, db.MailRequestInsertParams{
		ID: r.ID, Purpose: int16(r.Purpose), Kind: int16(r.Kind), Email: r.Email.Address, EmailKey: r.Email.Key,
		AccountID: optional(r.AccountID), LanguageCode: r.LanguageCode, CreateTime: r.CreateTime,
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
		Email: domain.Email{Address: row.Email, Key: row.EmailKey}, AccountID: value(row.AccountID),
		LanguageCode: row.LanguageCode, CreateTime: row.CreateTime,
	}, true, nil
}
