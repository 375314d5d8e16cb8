package store

import (
	"context"

	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store/db"
)

// AddVerified queues that customers verified e-mail addresses.
func (s Store) AddVerified(ctx context.Context, verified []domain.VerifiedEmail) error {
	var p db.VerifiedEmailInsertManyParams
	for _, v := range verified {
		p.CustomerIds, p.Emails, p.VerifyTimes = append(p.CustomerIds, v.CustomerID), append(p.Emails, v.Email), append(p.VerifyTimes, v.Time)
	}
	return s.q.VerifiedEmailInsertMany(ctx, p)
}

// LockVerified locks and returns the next address whose orders may be left to claim, by its
// row's id; false when there is none that no other replica works on.
func (s Store) LockVerified(ctx context.Context) (id int64, verified domain.VerifiedEmail, found bool, err error) {
	rows, err := s.q.VerifiedEmailLock(ctx)
	if err != nil || len(rows) == 0 {
		return 0, verified, false, err
	}
	row := rows[0]
	return row.ID, domain.VerifiedEmail{CustomerID: row.CustomerID, Email: row.Email, Time: row.VerifyTime}, true, nil
}

// DeleteVerified deletes the row of an address of which nothing is left to claim.
func (s Store) DeleteVerified(ctx context.Context, id int64) error {
	return s.q.VerifiedEmailDelete(ctx, id)
}
