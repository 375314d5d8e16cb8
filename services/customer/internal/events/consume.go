package events

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
)

// VerificationTopic holds which addresses accounts verified.
const VerificationTopic = "shopmesh.identity.verification.v1"

// typeVerified is the type that customer consumes (CloudEvents ce_type).
const typeVerified = "shopmesh.identity.v1.AccountVerified"

// Handlers are the use cases behind the events that customer consumes.
type Handlers struct {
	// FollowSignIn keeps with which addresses accounts sign in.
	FollowSignIn func(ctx context.Context, tx *pg.Tx, addresses []domain.SignInAddress) error
}

// NewHandler passes verified addresses to their use case and ignores all other types. An
// event that can't be read fails the batch, so that the consumer finds it and makes a dead
// letter of it.
func NewHandler(handlers Handlers) consumer.Handler {
	return func(ctx context.Context, tx *pg.Tx, batch []consumer.Event) error {
		var addresses []domain.SignInAddress
		for _, e := range batch {
			if e.Type != typeVerified {
				continue
			}
			address, concerns, err := readVerified(e)
			if err != nil {
				return fmt.Errorf("event %s: %w", e.ID, err)
			}
			if concerns {
				addresses = append(addresses, address)
			}
		}
		if len(addresses) == 0 {
			return nil
		}
		return handlers.FollowSignIn(ctx, tx, addresses)
	}
}

// readVerified reads which address a customer's account verified; false for that of staff.
func readVerified(e consumer.Event) (address domain.SignInAddress, concerns bool, err error) {
	m := &identityv1.AccountVerified{}
	if err := consumer.Decode(e, m); err != nil {
		return address, false, err
	}
	if m.GetKind() != identityv1.AccountKind_ACCOUNT_KIND_CUSTOMER {
		return address, false, nil
	}
	if m.GetAccountId() != e.Key.String() {
		return address, false, fmt.Errorf("account_id %q is not the key %s", m.GetAccountId(), e.Key)
	}
	address = domain.SignInAddress{AccountID: e.Key, Version: m.GetVersion()}
	if address.CustomerID, err = uuid.Parse(m.GetCustomerId()); err != nil {
		return address, false, fmt.Errorf("customer_id %q: %w", m.GetCustomerId(), err)
	}
	if address.Email, err = grammar.Email(m.GetEmail()); err != nil {
		return address, false, fmt.Errorf("email: %w", err)
	}
	return address, true, nil
}
