package app

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/passwords"
)

// knownPrefixLife is for how long an address prefix counts as known after a session began from it.
const knownPrefixLife = 180 * 24 * time.Hour

// proof is what somebody shows to prove who they are.
type proof struct {
	kind     domain.Kind
	email    domain.Email
	password string
	code     string
	prefix   string
}

// proved is an account whose password was shown.
type proved struct {
	proof

	account domain.AccountSnapshot
	subject domain.SignInSubject
	// rehashed is the password's hash with the present costs; empty where it has them.
	rehashed string
}

// prove compares a password with that of the account of an address. Whether there is such
// an account, it makes the same statements and one hash; it makes neither when it finds no
// place among those who wait for a hash. The sign-in counts as failed before its password is
// looked at, so that many at once get no more guesses than one after the other; complete
// takes that back. Errors: RATE_LIMITED, CREDENTIALS_INVALID, UNAVAILABLE.
func (a *Accounts) prove(ctx context.Context, p proof) (proved, error) {
	out := proved{proof: p, subject: domain.SubjectOf(p.kind, p.email, p.prefix)}
	place, err := a.Hasher.Enter(p.prefix)
	if err != nil {
		return out, busy(err)
	}
	defer place.Leave()
	err = a.Pool.InTx(activity.Without(ctx), func(ctx context.Context, tx *pg.Tx) error {
		now, st := a.Now(), a.on(tx)
		account, _, err := st.FindAccount(ctx, p.kind, p.email)
		if err != nil {
			return err
		}
		out.account = account.Snapshot() // the zero account where there is none
		known, err := st.KnowsPrefix(ctx, out.account.ID, p.prefix, now.Add(-knownPrefixLife))
		if err != nil {
			return err
		}
		here, everywhere, err := st.LockFailures(ctx, out.subject, now)
		if err != nil {
			return err
		}
		if err := domain.MaySignIn(here, everywhere, known, now); err != nil {
			return err
		}
		return st.SaveFailures(ctx, out.subject, here.Add(now), everywhere.Add(now))
	})
	if err != nil {
		return out, err
	}
	verdict, err := place.Compare(ctx, p.password, out.account.PasswordHash)
	if err != nil {
		return out, a.unguessed(ctx, out.subject, err)
	}
	if !verdict.Matches || out.account.Disabled {
		return out, domain.ErrCredentialsInvalid()
	}
	if verdict.Outdated {
		// Another sign-in makes up for one that found no room.
		out.rehashed, _ = a.Hasher.Hash(ctx, p.prefix, p.password)
	}
	return out, nil
}

// unguessed takes a failure back whose password was not compared, and returns why not.
func (a *Accounts) unguessed(ctx context.Context, subject domain.SignInSubject, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := a.on(a.Pool).TakeBackFailure(ctx, subject); err != nil {
		return errors.Join(cause, err)
	}
	return busy(cause)
}

// busy turns what a hasher returned into what the caller gets.
func busy(err error) error {
	switch {
	case errors.Is(err, passwords.ErrBusy):
		return domain.ErrHashing().Because(err)
	case errors.Is(err, passwords.ErrProcess):
		return domain.ErrNoHashing().Because(err)
	default:
		return err
	}
}

// complete checks the second factor of a proved account, takes the failure back, and has
// finish do the rest in the same transaction, with the locked account and how it was
// proved. Errors: CREDENTIALS_INVALID, finish's.
func (a *Accounts) complete(ctx context.Context, p proved, finish func(context.Context, *pg.Tx, domain.Account, []string) error) error {
	return a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		st := a.on(tx)
		account, err := st.LockAccount(ctx, p.account.ID)
		if err != nil {
			return orGone(err, domain.ErrCredentialsInvalid())
		}
		now := a.Now()
		if s := account.Snapshot(); s.Disabled || s.PasswordHash != p.account.PasswordHash {
			return domain.ErrCredentialsInvalid() // changed since it was compared
		}
		methods := []string{domain.MethodPassword}
		account, used, ok := account.TakeCode(p.code, now)
		if !ok {
			if ok, err = st.UseRecoveryCode(ctx, p.account.ID, p.code); err != nil {
				return err
			}
			methods = append(methods, domain.MethodOTP)
		}
		if !ok {
			return domain.ErrCredentialsInvalid()
		}
		if used {
			methods = append(methods, domain.MethodOTP)
		}
		if p.rehashed != "" {
			account = account.Rehash(p.rehashed)
		}
		if used || p.rehashed != "" {
			if err := st.UpdateAccount(ctx, account); err != nil {
				return err
			}
		}
		if err := st.TakeBackFailure(ctx, p.subject); err != nil {
			return err
		}
		if err := st.ForgetFailures(ctx, p.subject); err != nil {
			return err
		}
		record(ctx, account.Snapshot(), account.Snapshot())
		return finish(ctx, tx, account, methods)
	})
}

// proveSelf is prove for the caller's own account.
func (a *Accounts) proveSelf(ctx context.Context, password, code string, client Client) (proved, uuid.UUID, error) {
	id, session, err := caller(ctx)
	if err != nil {
		return proved{}, session, err
	}
	account, err := a.on(a.Pool).Account(ctx, id)
	if err != nil {
		return proved{}, session, orGone(err, domain.ErrTokenExpired())
	}
	s := account.Snapshot()
	who, err := a.prove(ctx, proof{kind: s.Kind, email: s.Email, password: password, code: code, prefix: client.AddressPrefix})
	return who, session, err
}
