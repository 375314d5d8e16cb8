package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// judgeMails reads the inbox: one confirmation for each confirmed order, one
// cancellation for each cancelled one, one for each shipment and each refund, none for
// others.
func (c *checker) judgeMails(ctx context.Context, inbox string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, inbox+"/inbox.json", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("read the inbox: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	sent := map[string]int{} // by subject, without a refund's amount, and recipient
	decode := json.NewDecoder(res.Body)
	if _, err := decode.Token(); err != nil {
		return fmt.Errorf("read the inbox: %w", err)
	}
	for decode.More() {
		var m struct{ To, Subject string }
		if err := decode.Decode(&m); err != nil {
			return fmt.Errorf("read the inbox: %w", err)
		}
		subject, _, _ := strings.Cut(m.Subject, " of ")
		sent[subject+" > "+m.To]++
	}
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
			key := fmt.Sprintf("Order %s%s > %s", o.number, what, o.email)
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
		c.book.find(finding{kind: "NOBODYS_MAIL", subject: key, message: fmt.Sprintf("%d mails about an order that nobody placed", n)})
	}
	return nil
}
