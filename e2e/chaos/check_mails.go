package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/sync/errgroup"

	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
)

// judgeMails reads the inbox: one confirmation for each confirmed order, one
// cancellation for each cancelled one, one for each shipment and each refund, those that were
// requested about accounts, none for others.
func (c *checker) judgeMails(ctx context.Context, inbox string) error {
	sent := map[string]int{} // by subject, without a refund's amount, and recipient
	err := eachMail(ctx, inbox, func(m mail) bool {
		subject, _, _ := strings.Cut(m.Subject, " of ")
		sent[mailKey{subject, m.To}.String()]++
		return true
	})
	if err != nil {
		return err
	}
	c.judgeAccountMails(sent)
	for _, o := range c.book.orders {
		got := c.orders[o.email]
		if o.id == "" || got == nil {
			continue
		}
		least, most, cancellations, shipments := 0, 0, 0, 0
		switch got.GetState() {
		case shipped, delivered:
			least, most, shipments = 1, 1, 1
		case confirmed:
			least, most = 1, 1
		case cancelled:
			cancellations = 1
			if c.wasConfirmed[o.number] {
				most = 1
			}
		default:
		}
		take := func(what string) int {
			key := mailKey{"Order " + o.number + what, o.email}.String()
			defer delete(sent, key)
			return sent[key]
		}
		if n := take(" confirmed"); n < least || n > most {
			c.book.findf(o, "CONFIRMATION_MAILS", "%d confirmation mails are in the inbox, the order is %s", n, short(got.GetState()))
		}
		if n := take(" cancelled"); n != cancellations {
			c.book.findf(o, "CANCELLATION_MAILS", "%d cancellation mails are in the inbox, the order is %s", n, short(got.GetState()))
		}
		if n := take(" is on its way"); n != shipments {
			c.book.findf(o, "SHIPPING_MAILS", "%d shipping mails are in the inbox, the order is %s", n, short(got.GetState()))
		}
		if n := take(": refund"); n != c.given[o.number] {
			c.book.findf(o, "REFUND_MAILS", "%d refund mails are in the inbox, %d refunds were made", n, c.given[o.number])
		}
	}
	for key, n := range sent {
		c.book.find(finding{kind: "NOBODYS_MAIL", subject: key, message: fmt.Sprintf("%d mails that nothing was a reason for", n)})
	}
	return nil
}

// judgeAccountMails takes the mails about accounts out of those that were sent, and finds
// addresses with fewer than are due, or with more than were requested.
func (c *checker) judgeAccountMails(sent map[string]int) {
	for _, m := range c.book.members {
		for _, address := range []string{m.email, m.formerEmail} {
			c.book.expectMails(mailTokenReused, address, 0, m.reuses)
		}
	}
	for key, bounds := range c.book.mails {
		n := sent[key.String()]
		delete(sent, key.String())
		if n < bounds.least || n > bounds.most {
			c.book.find(finding{kind: "ACCOUNT_MAILS", subject: key.to,
				message: fmt.Sprintf("%d mails %q are in the inbox, %d are due and %d possible", n, key.subject, bounds.least, bounds.most)})
		}
	}
}

// storedMails are the kinds of mails whose stored texts are read, and whether a link stood in
// what was sent.
func storedMails() map[notificationv1.NotificationKind]bool {
	return map[notificationv1.NotificationKind]bool{
		notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_CONFIRMED:  false,
		notificationv1.NotificationKind_NOTIFICATION_KIND_VERIFY_EMAIL:     true,
		notificationv1.NotificationKind_NOTIFICATION_KIND_ACCOUNT_EXISTS:   true,
		notificationv1.NotificationKind_NOTIFICATION_KIND_RESET_PASSWORD:   true,
		notificationv1.NotificationKind_NOTIFICATION_KIND_INVITATION:       true,
		notificationv1.NotificationKind_NOTIFICATION_KIND_CONFIRM_EMAIL:    true,
		notificationv1.NotificationKind_NOTIFICATION_KIND_PASSWORD_CHANGED: false,
		notificationv1.NotificationKind_NOTIFICATION_KIND_TOKEN_REUSED:     false,
		notificationv1.NotificationKind_NOTIFICATION_KIND_EMAIL_CHANGED:    false,
	}
}

// anyToken is how the tokens begin that are no JWTs.
var anyToken = regexp.MustCompile(`sm_[a-z]{2}_`)

// storedTried is how many stored mails of a kind are read.
const storedTried = 100

// judgeStoredMails finds tokens in the texts that staff can read.
func (c *checker) judgeStoredMails(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(16)
	for kind, linked := range storedMails() {
		name := strings.TrimPrefix(kind.String(), "NOTIFICATION_KIND_")
		res, err := read(ctx, c.caller, "notification", func(ctx context.Context, k *endpoint) (*notificationv1.ListNotificationsResponse, error) {
			return k.mail.ListNotifications(ctx, &notificationv1.ListNotificationsRequest{PageSize: storedTried, Filter: "kind = " + name})
		})
		if err != nil {
			return fmt.Errorf("list the mails %s: %w", name, err)
		}
		for _, n := range res.GetNotifications() {
			group.Go(func() error { return c.judgeStored(ctx, n.GetId(), linked) })
		}
	}
	return group.Wait()
}

func (c *checker) judgeStored(ctx context.Context, id string, linked bool) error {
	res, err := read(ctx, c.caller, "notification", func(ctx context.Context, k *endpoint) (*notificationv1.GetNotificationResponse, error) {
		return k.mail.GetNotification(ctx, &notificationv1.GetNotificationRequest{Id: id})
	})
	if err != nil {
		return fmt.Errorf("read mail %s: %w", id, err)
	}
	n := res.GetNotification()
	if text := n.GetSubject() + n.GetText() + n.GetHtml(); anyToken.MatchString(text) || linked && !strings.Contains(n.GetText(), "[link removed]") {
		c.book.find(finding{kind: "STORED_TOKEN", subject: id, message: fmt.Sprintf("the stored mail %q to %s has no [link removed], or a token", n.GetSubject(), n.GetRecipient())})
	}
	return nil
}
