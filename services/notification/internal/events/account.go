package events

import (
	"fmt"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/mail"
)

// readAccountMail reads the mail that an event of identity requests. It is known by the id
// of the link, or of the notice, which is the event's key.
func readAccountMail(e consumer.Event) (domain.Request, error) {
	var event mail.AccountEvent
	var customer, account string
	switch e.Type {
	case typeMailLink:
		m := &identityv1.MailLinkRequested{}
		if err := consumer.Decode(e, m); err != nil {
			return domain.Request{}, err
		}
		event, customer, account = m, m.GetCustomerId(), m.GetAccountId()
	default:
		m := &identityv1.AccountNoticed{}
		if err := consumer.Decode(e, m); err != nil {
			return domain.Request{}, err
		}
		event, customer, account = m, m.GetCustomerId(), m.GetAccountId()
	}
	kind, err := mail.AccountKind(event)
	if err != nil {
		return domain.Request{}, err
	}
	r := domain.Request{Kind: kind, Language: domain.LanguageOf(event.GetLanguageCode()), SubjectID: e.Key, Traceparent: e.Traceparent}
	if r.Recipient, err = grammar.Email(event.GetEmail()); err != nil {
		return domain.Request{}, fmt.Errorf("email: %w", err)
	}
	if r.CustomerID, err = optionalID("customer_id", customer); err != nil {
		return domain.Request{}, err
	}
	if r.AccountID, err = optionalID("account_id", account); err != nil {
		return domain.Request{}, err
	}
	r.Content, err = mail.EncodeAccount(event)
	return r, err
}
