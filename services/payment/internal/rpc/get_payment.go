package rpc

import (
	"context"

	"github.com/google/uuid"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/protoconv"
)

// GetPayment reads one payment with its attempts and disputes. Another customer's
// payment answers as a missing one; what the customer has to do is shown to nobody but
// the customer and the shop's owner.
func (s *Server) GetPayment(ctx context.Context, req *paymentv1.GetPaymentRequest) (*paymentv1.GetPaymentResponse, error) {
	id, err := readID("id", req.GetId())
	if err != nil {
		return nil, err
	}
	details, err := s.payments.GetPayment(ctx, id)
	if err != nil {
		return nil, err
	}
	caller := authz.Caller(ctx)
	owns := details.Payment.CustomerID != uuid.Nil && caller.Owns(details.Payment.CustomerID.String())
	if !owns && !caller.May(optionsv1.Permission_PERMISSION_PAYMENTS_READ) {
		return nil, domain.ErrPaymentNotFound(id.String())
	}
	message := protoconv.Payment(details.Payment, details.Attempts, details.Disputes)
	if owns || caller.Kind == authz.Owner {
		action, err := s.payments.NextAction(ctx, details.Payment)
		if err != nil {
			return nil, err
		}
		message.NextAction = toProtoAction(action)
	}
	return &paymentv1.GetPaymentResponse{Payment: message}, nil
}
