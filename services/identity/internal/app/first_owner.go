package app

import (
	"context"
	"time"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// FirstOwner keeps the link with which a shop's first owner makes their account, while the
// shop has no owner.
type FirstOwner struct {
	*Accounts

	// Keep stores the link for whoever owns the machine's files, in the place of the one
	// before. An empty link is removed: the shop has an owner.
	Keep func(link string) error

	owned  bool      // the shop has an owner
	expire time.Time // of the link that is kept
}

// NewFirstOwner returns it with no link kept yet.
func NewFirstOwner(accounts *Accounts, keep func(link string) error) *FirstOwner {
	return &FirstOwner{Accounts: accounts, Keep: keep}
}

// Update has a new link kept when the one before is over, and none once there is an owner.
// It is not for use by several goroutines at once.
func (f *FirstOwner) Update(ctx context.Context) error {
	// It only reads where there is an owner: a shop starts, whatever its disk takes.
	owned, err := f.on(f.Pool).HasOwner(ctx)
	if err != nil {
		return err
	}
	now := f.Now()
	if f.owned = owned; owned {
		return f.Keep("")
	}
	if now.Before(f.expire) {
		return nil
	}
	link := domain.NewFirstOwnerLink(f.NewID(), f.NewID(), now)
	stored := link.Snapshot()
	err = f.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		st := f.on(tx)
		// Two links that are good would be one too many to look after.
		if err := st.UseLinksTo(ctx, stored.Kind, stored.Email, stored.Purpose, now); err != nil {
			return err
		}
		return st.InsertLink(ctx, link)
	})
	if err != nil {
		return err
	}
	if err := f.Keep(f.LinkURL(link)); err != nil {
		return err
	}
	f.expire = stored.ExpireTime
	return nil
}

// Run keeps the link up to date until ctx ends.
func (f *FirstOwner) Run(ctx context.Context) error {
	for {
		if err := f.Update(ctx); err != nil {
			return err
		}
		if f.owned {
			<-ctx.Done() // the last owner stays
			return nil
		}
		timer := time.NewTimer(f.expire.Sub(f.Now()))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-f.ownerMade:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// noteOwner wakes FirstOwner.
func (a *Accounts) noteOwner() {
	select {
	case a.ownerMade <- struct{}{}:
	default:
	}
}
