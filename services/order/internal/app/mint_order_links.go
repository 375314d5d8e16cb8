package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// MintLinks returns the links by which guests open their orders, one for each mail, the same
// at each call. It is empty where no token opens the order, and for a mail that does not go
// to the order's own address: who resends mails names any address, and may not cancel or
// claim an order for that.
func (s *Orders) MintLinks(ctx context.Context, mails []domain.OrderMail) ([]string, error) {
	ids := make([]uuid.UUID, len(mails))
	for i, m := range mails {
		ids[i] = m.OrderID
	}
	orders, err := store.On(s.Pool.Hot()).Orders(ctx, ids)
	if err != nil {
		return nil, err
	}
	links, now := make([]string, len(mails)), s.Now()
	for i, m := range mails {
		order := orders[m.OrderID]
		if order == nil || !order.HasEmail(m.Recipient) {
			continue
		}
		if links[i], err = s.Tokens.link(ctx, order, now); err != nil {
			return nil, err
		}
	}
	return links, nil
}
