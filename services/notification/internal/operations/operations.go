// Package operations states what operators and auditors see of notification.
package operations

import (
	"context"
	"fmt"
	"time"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	kitoperations "github.com/shopmesh/shopmesh/kit/operations"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/notification/internal/store"
)

const (
	// name is what the context is called.
	name = "notification"
	// maxFindings bounds the findings of a kind: what is wrong with a thousand mails
	// is wrong with the sender.
	maxFindings = 1000
	// overdue is how long a mail may be due without being taken for sending: leases
	// last seconds, so nobody sends.
	overdue = 5 * time.Minute
)

// Operations is notification as operators see it.
type Operations struct {
	kitoperations.Base

	pool *pg.Pool
	now  func() time.Time
}

// New returns notification's operations.
func New(pool *pg.Pool, relay *outbox.Relay, inbound *consumer.Consumer, now func() time.Time) *Operations {
	return &Operations{Base: kitoperations.NewBase(name, pool, relay, inbound), pool: pool, now: now}
}

// Audit states every mail by order, kind and subject; then, as findings, mails that
// are due and nobody sends; then what is under way.
func (o *Operations) Audit(ctx context.Context, emit func(*operationsv1.AuditRecord) error) error {
	if err := o.mails(ctx, emit); err != nil {
		return err
	}
	if err := o.overdue(ctx, emit); err != nil {
		return err
	}
	return o.pending(ctx, emit)
}

func (o *Operations) mails(ctx context.Context, emit func(*operationsv1.AuditRecord) error) error {
	return store.On(o.pool).EachMail(ctx, func(m store.AuditedMail) error {
		return emit(&operationsv1.AuditRecord{Record: &operationsv1.AuditRecord_Mail{Mail: &operationsv1.MailRecord{
			OrderId: m.OrderID.String(), Kind: m.Kind.String(), SubjectId: m.SubjectID.String(), Status: m.Status.String(),
		}}})
	})
}

func (o *Operations) overdue(ctx context.Context, emit func(*operationsv1.AuditRecord) error) error {
	mails, err := store.On(o.pool).Overdue(ctx, o.now().Add(-overdue), maxFindings)
	if err != nil {
		return err
	}
	for _, m := range mails {
		err := emit(&operationsv1.AuditRecord{Record: &operationsv1.AuditRecord_Finding{Finding: &operationsv1.Finding{
			Kind: "MAIL_OVERDUE", Subject: m.ID.String(), Context: name,
			Message: fmt.Sprintf("the mail %s of order %s is due since %s, and nobody sends it; %d attempts were made",
				m.Kind, m.OrderID, m.DueTime.Format(time.RFC3339), m.Attempts),
		}}})
		if err != nil {
			return err
		}
	}
	return nil
}

func (o *Operations) pending(ctx context.Context, emit func(*operationsv1.AuditRecord) error) error {
	mails, err := store.On(o.pool).CountPending(ctx)
	if err != nil {
		return err
	}
	if mails > 0 {
		err := emit(&operationsv1.AuditRecord{Record: &operationsv1.AuditRecord_Pending{Pending: &operationsv1.Pending{
			Kind: "MAIL", Count: mails, Context: name,
		}}})
		if err != nil {
			return err
		}
	}
	return o.AuditOutbox(ctx, emit)
}
