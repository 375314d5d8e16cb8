package app

import (
	"context"
	"time"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// SignUp stores that somebody requested an account for an address.
func (a *Accounts) SignUp(ctx context.Context, email domain.Email) error {
	return a.request(ctx, domain.MailRequest{Purpose: domain.VerifyEmail, Kind: domain.Customer, Email: email})
}

// RequestPasswordReset stores that somebody requested to set another password.
func (a *Accounts) RequestPasswordReset(ctx context.Context, kind domain.Kind, email domain.Email) error {
	return a.request(ctx, domain.MailRequest{Purpose: domain.ResetPassword, Kind: kind, Email: email})
}

// request writes one row, whoever has the address.
func (a *Accounts) request(ctx context.Context, r domain.MailRequest) error {
	return a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error { return a.requestIn(ctx, tx, r) })
}

func (a *Accounts) requestIn(ctx context.Context, tx *pg.Tx, r domain.MailRequest) error {
	r.ID, r.CreateTime = a.NewID(), a.Now()
	tx.OnCommit(func() {
		select {
		case a.requested <- struct{}{}:
		default:
		}
	})
	return a.on(tx).InsertMailRequest(ctx, r)
}

// lookAgain is how long the worker waits where nothing wakes it: for the requests that
// another process stored and died.
const lookAgain = 5 * time.Second

// RunMailRequests decides which mails follow on what people requested, until ctx ends.
func (a *Accounts) RunMailRequests(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := a.DecideMailRequests(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		timer := time.NewTimer(lookAgain)
		select {
		case <-ctx.Done():
		case <-a.requested:
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

// DecideMailRequests decides about all requests that there are.
func (a *Accounts) DecideMailRequests(ctx context.Context) error {
	for {
		if more, err := a.mailNext(ctx); err != nil || !more {
			return err
		}
	}
}

// mailNext decides about the oldest request, and reports whether there was one.
func (a *Accounts) mailNext(ctx context.Context) (more bool, err error) {
	err = a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		st, now := a.on(tx), a.Now()
		request, ok, err := st.TakeMailRequest(ctx)
		if more = ok; err != nil || !ok {
			return err
		}
		account, exists, err := st.FindAccount(ctx, request.Kind, request.Email)
		if err != nil {
			return err
		}
		mailed, err := st.CountLinks(ctx, request.Email, now.Add(-domain.MailWindow))
		if err != nil {
			return err
		}
		mail, due := request.Decide(account.Snapshot(), exists, mailed, a.NewID, now)
		if !due {
			return nil
		}
		if err := st.InsertLink(ctx, mail.Link); err != nil {
			return err
		}
		return a.publish(ctx, tx, a.Publish.Link(mail))
	})
	return more, err
}
