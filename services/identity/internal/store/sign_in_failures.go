package store

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store/db"
)

// LockFailures locks and reads the failures of two subjects; it makes rows that are not
// there yet.
func (s Store) LockFailures(ctx context.Context, subject domain.SignInSubject, now time.Time) (here, everywhere domain.Failures, err error) {
	rows, err := s.q.SignInFailureLock(ctx, db.SignInFailureLockParams{Now: now, Subjects: [][]byte{subject.Here, subject.Everywhere}})
	if err != nil {
		return here, everywhere, fmt.Errorf("lock the failures: %w", err)
	}
	for _, row := range rows {
		failures := domain.Failures{Count: int(row.Count), Since: row.SinceTime, Last: row.LastTime}
		if bytes.Equal(row.Subject, subject.Here) {
			here = failures
		} else {
			everywhere = failures
		}
	}
	return here, everywhere, nil
}

// SaveFailures stores the failures of both subjects.
func (s Store) SaveFailures(ctx context.Context, subject domain.SignInSubject, here, everywhere domain.Failures) error {
	for _, one := range []struct {
		subject  []byte
		failures domain.Failures
	}{{subject.Here, here}, {subject.Everywhere, everywhere}} {
		err := s.q.SignInFailureUpdate(ctx, db.SignInFailureUpdateParams{
			Subject: one.subject, Count: int32(one.failures.Count), //nolint:gosec // it grows by one at a time
			SinceTime: one.failures.Since, LastTime: one.failures.Last,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// TakeBackFailure counts one failure less for both subjects, and forgets one that has none left.
func (s Store) TakeBackFailure(ctx context.Context, subject domain.SignInSubject) error {
	return s.q.SignInFailureTakeBack(ctx, [][]byte{subject.Here, subject.Everywhere})
}

// ForgetFailures forgets the failures of an e-mail address from one address prefix.
func (s Store) ForgetFailures(ctx context.Context, subject domain.SignInSubject) error {
	return s.q.SignInFailureDelete(ctx, [][]byte{subject.Here})
}

// ForgetAllFailures forgets also those from everywhere together.
func (s Store) ForgetAllFailures(ctx context.Context, subject domain.SignInSubject) error {
	return s.q.SignInFailureDelete(ctx, [][]byte{subject.Here, subject.Everywhere})
}

// DeleteFailures deletes a thousand of those that began before a time, and returns how
// many it were.
func (s Store) DeleteFailures(ctx context.Context, before time.Time) (int64, error) {
	return s.q.SignInFailureDeleteBefore(ctx, db.SignInFailureDeleteBeforeParams{Before: before, MaxRows: purgedAtOnce})
}
