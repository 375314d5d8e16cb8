package events

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	activityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/activity/v1"
	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/protoconv"
)

// CustomerTopic holds what happens to customers.
const CustomerTopic = "shopmesh.customer.customer.v1"

// The types that identity consumes (CloudEvents ce_type).
const (
	typeErased   = "shopmesh.customer.v1.CustomerErased"
	typeActivity = "shopmesh.activity.v1.ActivityRecorded"
)

// Handlers are the use cases behind the events that identity consumes.
type Handlers struct {
	// Erase deletes what is kept of people.
	Erase func(ctx context.Context, tx *pg.Tx, erased domain.Erasure) error
	// Keep stores entries of the activity log.
	Keep func(ctx context.Context, tx *pg.Tx, entries []domain.Activity) error
}

// NewHandler passes erasures and entries to their use cases and ignores all other types. An
// event that can't be read fails the batch, so that the consumer finds it and makes a dead
// letter of it.
func NewHandler(handlers Handlers) consumer.Handler {
	return func(ctx context.Context, tx *pg.Tx, batch []consumer.Event) error {
		var erased domain.Erasure
		var entries []domain.Activity
		for _, e := range batch {
			var err error
			switch e.Type {
			case typeErased:
				err = readErased(e, &erased)
			case typeActivity:
				err = readActivity(e, &entries)
			}
			if err != nil {
				return fmt.Errorf("event %s: %w", e.ID, err)
			}
		}
		// Erasures first: they exclude others, and entries of the batch are judged by them.
		if !erased.None() {
			if err := handlers.Erase(ctx, tx, erased); err != nil {
				return err
			}
		}
		if len(entries) == 0 {
			return nil
		}
		return handlers.Keep(ctx, tx, entries)
	}
}

// readActivity adds the entry of an event.
func readActivity(e consumer.Event, entries *[]domain.Activity) error {
	m := &activityv1.ActivityRecorded{}
	if err := consumer.Decode(e, m); err != nil {
		return err
	}
	entry, err := protoconv.FromActivity(m.GetActivity())
	if err != nil {
		return err
	}
	if entry.ID != e.Key {
		return fmt.Errorf("the entry's id %s is not the key %s", entry.ID, e.Key)
	}
	*entries = append(*entries, entry)
	return nil
}

// readErased adds the customer, or the guest, whom an event erases.
func readErased(e consumer.Event, erased *domain.Erasure) error {
	m := &customerv1.CustomerErased{}
	if err := consumer.Decode(e, m); err != nil {
		return err
	}
	if m.GetCustomerId() == "" && m.GetEmail() == "" {
		return errors.New("names neither a customer nor an address")
	}
	if m.GetEmail() != "" {
		erased.Guests = append(erased.Guests, domain.ErasedGuest{Email: grammar.EmailKey(m.GetEmail()), Time: e.Time})
	}
	if m.GetCustomerId() == "" {
		return nil
	}
	if m.GetCustomerId() != e.Key.String() {
		return fmt.Errorf("customer_id %q is not the key %s", m.GetCustomerId(), e.Key)
	}
	erased.Customers = append(erased.Customers, e.Key)
	if m.GetAccountId() == "" {
		return nil
	}
	account, err := uuid.Parse(m.GetAccountId())
	if err != nil {
		return fmt.Errorf("account_id %q: %w", m.GetAccountId(), err)
	}
	erased.Accounts = append(erased.Accounts, account)
	return nil
}
