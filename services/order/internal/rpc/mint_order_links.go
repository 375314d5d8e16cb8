package rpc

import (
	"context"
	"fmt"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// MintOrderLinks returns the links of mails about guests' orders.
func (s *Server) MintOrderLinks(ctx context.Context, req *orderv1.MintOrderLinksRequest) (*orderv1.MintOrderLinksResponse, error) {
	mails := make([]domain.OrderMail, len(req.GetMails()))
	for i, m := range req.GetMails() {
		id, err := readID(fmt.Sprintf("mails[%d].order_id", i), m.GetOrderId())
		if err != nil {
			return nil, err
		}
		mails[i] = domain.OrderMail{OrderID: id, Recipient: m.GetRecipient()}
	}
	links, err := s.orders.MintLinks(ctx, mails)
	if err != nil {
		return nil, err
	}
	return &orderv1.MintOrderLinksResponse{Links: links}, nil
}
