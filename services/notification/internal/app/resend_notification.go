package app

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/trace"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/mail"
	"github.com/shopmesh/shopmesh/services/notification/internal/store"
)

// Resend has a mail sent again, with a new Message-ID; to another recipient when one
// is named. It names the delivery address as the order's corrections left it. A request
// that was answered before sends nothing; requestID is uuid.Nil when the caller gave none.
// It returns the mail as it is afterwards. Errors: INVALID_FIELD, NOTIFICATION_NOT_FOUND,
// NOTIFICATION_STATE, REQUEST_ID_REUSED.
//
// What is kept of a request is its digest, and nothing of the answer: both hold a
// person's data, which an erasure would have to find and blank here too.
func (n *Notifications) Resend(
	ctx context.Context, requestID uuid.UUID, request proto.Message, id uuid.UUID, recipient string,
) (domain.Stored, error) {
	if recipient != "" {
		var err error
		if recipient, err = grammar.Email(recipient); err != nil {
			return domain.Stored{}, fault.Fields(fault.Breaks("recipient", err))
		}
	}
	text, err := proto.MarshalOptions{Deterministic: true}.Marshal(request)
	if err != nil {
		return domain.Stored{}, fmt.Errorf("read the request: %w", err)
	}
	digest := sha256.Sum256(text)
	key := idempotency.Key{Caller: authz.Caller(ctx).Key(), RPC: "ResendNotification", RequestID: requestID}
	var resent *domain.Stored
	_, err = idempotency.RunOptional(ctx, n.Pool, key, wrapperspb.Bytes(digest[:]), &emptypb.Empty{},
		func(ctx context.Context, tx *pg.Tx) (*emptypb.Empty, error) {
			resent = nil // the transaction may run again, and then find the request answered
			stored, err := n.resend(ctx, tx, id, recipient)
			if err == nil {
				resent = &stored
			}
			return &emptypb.Empty{}, err
		})
	if err != nil {
		return domain.Stored{}, err
	}
	if resent == nil {
		return store.On(n.Pool).Get(ctx, id)
	}
	return *resent, nil
}

func (n *Notifications) resend(ctx context.Context, tx *pg.Tx, id uuid.UUID, recipient string) (domain.Stored, error) {
	mails := store.On(tx)
	if err := mails.AwaitErasures(ctx); err != nil {
		return domain.Stored{}, err
	}
	before, err := mails.GetForUpdate(ctx, id)
	if err != nil {
		return domain.Stored{}, err
	}
	now := n.Now()
	stored, err := before.Resend(recipient, now, now.Add(n.Sender.Lease()), n.Shop.Now().Domain(), trace.FromContext(ctx))
	if err != nil {
		return domain.Stored{}, err
	}
	corrections, err := mails.Corrections(ctx, stored.OrderID)
	if err != nil {
		return domain.Stored{}, err
	}
	if err := before.CheckAddress(corrections); err != nil {
		return domain.Stored{}, err
	}
	if stored.Content, err = mail.Readdress(stored, corrections); err != nil {
		return domain.Stored{}, err
	}
	resent, err := mails.Resend(ctx, stored)
	if err != nil {
		return domain.Stored{}, err
	}
	activity.Changed(ctx, "notifications/"+id.String(), nil, nil)
	tx.OnCommit(func() { n.Sender.Offer([]domain.Outgoing{resent.Outgoing()}, resent.DueTime) })
	return resent, nil
}
