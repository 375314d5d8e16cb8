// Package peers calls the other contexts that notification needs: identity and order.
package peers

import (
	"context"
	"fmt"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/services/notification/internal/app"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
)

// Links gets the links of mails.
type Links struct {
	tokens identityv1connect.TokenServiceClient
	orders orderv1connect.OrderServiceClient
}

// NewLinks returns the links that identity and order, which others reaches, make.
func NewLinks(others *peer.Peers) *Links {
	return &Links{identityv1connect.NewTokenServiceClient(others.Client("identity")), orderv1connect.NewOrderServiceClient(others.Client("order"))}
}

// Mint returns the link of a mail about an account. It returns app.ErrLinkOver when the link
// is not good any more.
func (l *Links) Mint(ctx context.Context, linkID string) (string, error) {
	res, err := l.tokens.MintMailLink(ctx, &identityv1.MintMailLinkRequest{LinkId: linkID})
	if refused, ok := peer.Fault(err); ok && refused.Reason() == "LINK_INVALID" {
		return "", app.ErrLinkOver
	}
	if err != nil {
		return "", fmt.Errorf("get the link of a mail: %w", err)
	}
	return res.GetLink(), nil
}

// MintForOrders returns the links of mails about guests' orders, in their order; empty for a
// mail that is to have none.
func (l *Links) MintForOrders(ctx context.Context, mails []domain.OrderMail) ([]string, error) {
	req := &orderv1.MintOrderLinksRequest{Mails: make([]*orderv1.OrderMail, len(mails))}
	for i, m := range mails {
		req.Mails[i] = &orderv1.OrderMail{OrderId: m.OrderID.String(), Recipient: m.Recipient}
	}
	res, err := l.orders.MintOrderLinks(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("get the links of mails about orders: %w", err)
	}
	if len(res.GetLinks()) != len(mails) {
		return nil, fmt.Errorf("order gave %d links for %d mails", len(res.GetLinks()), len(mails))
	}
	return res.GetLinks(), nil
}
