package app

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/batch"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/mail"
	"github.com/shopmesh/shopmesh/services/notification/internal/smtp"
)

// ErrLinkOver is returned for a link that expired or was used before its mail was sent.
var ErrLinkOver = errors.New("the link is not good any more")

const (
	// maxLinks is how many links order gives in one call.
	maxLinks = 256
	// linksTimeout bounds such a call: all mails about guests' orders wait for it.
	linksTimeout = 2 * time.Second
)

// minter gathers mails about guests' orders, whose links order gives in one call.
type minter = batch.Collector[domain.OrderMail, string]

// mintOrderLinks gets the links of several mails.
func (s *Sender) mintOrderLinks(ctx context.Context, mails []domain.OrderMail) []batch.Result[string] {
	results := make([]batch.Result[string], len(mails))
	links, err := s.cfg.MintOrderLinks(ctx, mails)
	s.orderLinks.Notice(context.WithoutCancel(ctx), err) // it counts that the time was over, too
	for i := range results {
		if results[i].Err = err; err == nil {
			results[i].Value = links[i]
		}
	}
	return results
}

// link returns the link that a mail is sent with. Where the mail can't be sent without it now,
// the attempt ends with an answer. It fails when the process ends.
func (s *Sender) link(ctx context.Context, m domain.Outgoing, written mail.Content, links *minter) (string, *smtp.Answer, error) {
	link, err := s.mintLink(ctx, m, written, links)
	switch {
	case err == nil:
		return link, nil, nil
	case ctx.Err() != nil:
		return "", nil, ctx.Err()
	case errors.Is(err, ErrLinkOver):
		return "", &smtp.Answer{Permanent: true, Text: "the link was over before the mail could be sent"}, nil
	case m.Kind.AboutAccount():
		s.cfg.Log.WarnContext(ctx, "a mail waits for its link", "notification", m.ID, "error", err)
		return "", &smtp.Answer{Text: "identity gave no link"}, nil
	case m.Kind.NeedsLink():
		return "", &smtp.Answer{Text: "order gave no link"}, nil
	case s.cfg.Settings.Now().RetryPolicy.WaitsForLink(m.RequestedTime, s.cfg.Now()):
		return "", &smtp.Answer{Text: "order gave no link"}, nil
	default:
		return "", nil, nil
	}
}

// mintLink gets a mail's link from the context whose it is. A mail that is nothing without one
// gets ErrLinkOver where no token opens the order any more.
func (s *Sender) mintLink(ctx context.Context, m domain.Outgoing, written mail.Content, links *minter) (string, error) {
	switch {
	case m.Kind.AboutAccount():
		link, err := s.cfg.MintLink(ctx, written.LinkID)
		return domain.InLanguage(link, written.LanguageCode), err
	case written.GuestOrder == uuid.Nil: // it was claimed before the mail was requested
		return "", ErrLinkOver
	}
	link, err := links.Do(ctx, written.GuestOrder, domain.OrderMail{OrderID: written.GuestOrder, Recipient: m.Recipient})
	if err == nil && link == "" && m.Kind.NeedsLink() {
		err = ErrLinkOver
	}
	return link, err
}
