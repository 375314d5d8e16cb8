package app

import (
	"context"
	"time"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

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
		if err := st.AwaitErasures(ctx); err != nil {
			return err
		}
		request, ok, err := st.TakeMailRequest(ctx)
		if more = ok; err != nil || !ok {
			return err
		}
		account, exists, err := st.FindAccount(ctx, request.Kind, request.Email)
		if err != nil {
			return err
		}
		mailed, err := st.CountLinks(ctx, request.Kind, request.Email, now.Add(-domain.MailWindow))
		if err != nil {
			return err
		}
		unmade, err := st.AccountToMake(ctx, request.Kind, request.Email)
		if err != nil {
			return err
		}
		mail, due := request.Decide(account.Snapshot(), exists, unmade, mailed, a.NewID, now, a.Settings())
		if !due {
			return nil
		}
		return a.mailLink(ctx, tx, mail)
	})
	return more, err
}
