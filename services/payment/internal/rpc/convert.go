package rpc

import (
	"github.com/google/uuid"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
)

// readID reads a required id.
func readID(field, text string) (uuid.UUID, error) {
	id, err := grammar.UUID(text)
	if err != nil {
		return uuid.Nil, fault.Fields(fault.Breaks(field, err))
	}
	return id, nil
}

// toProtoAction is nil when there is nothing to do.
func toProtoAction(action provider.Action) *paymentv1.NextAction {
	switch {
	case action.RedirectURL != "":
		return &paymentv1.NextAction{Action: &paymentv1.NextAction_RedirectUrl{RedirectUrl: action.RedirectURL}}
	case action.ClientSecret != "":
		return &paymentv1.NextAction{Action: &paymentv1.NextAction_ClientSecret{ClientSecret: action.ClientSecret}}
	}
	return nil
}
