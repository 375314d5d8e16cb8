package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// judgeMails reads the inbox: one confirmation for each confirmed order, one
// cancellation for each cancelled one, none for others.
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
	sent := map[string]int{} // by subject and recipient
	decode := json.NewDecoder(res.Body)
	if _, err := decode.Token(); err != nil {
		return fmt.Errorf("read the inbox: %w", err)
	}
	for decode.More() {
		var m struct{ To, Subject string }
		if err := decode.Decode(&m); err != nil {
			return fmt.Errorf("read the inbox: %w", err)
		}
		sent[m.Subject+" > "+m.To]++
	}
	for _, o := range c.book.orders {
		got := c.orders[o.email]
		if o.id == "" || got == nil {
			continue
		}
		least, most, cancellations := 0, 0, 0
		switch got.GetState() {
		case confirmed, shipped, delivered:
			least, most = 1, 1
		case cancelled:
			cancellations = 1
			if c.wasConfirmed[o.number] {
				most = 1
			}
		default:
		}
		key := func(what string) string { return fmt.Sprintf("Order %s %s > %s", o.number, what, o.email) }
		if n := sent[key("confirmed")]; n < least || n > most {
			c.book.findf(o, "CONFIRMATION_MAILS", "%d confirmation mails are in the inbox, the order is %s", n, short(got.GetState()))
		}
		if n := sent[key("cancelled")]; n != cancellations {
			c.book.findf(o, "CANCELLATION_MAILS", "%d cancellation mails are in the inbox, the order is %s", n, short(got.GetState()))
		}
		delete(sent, key("confirmed"))
		delete(sent, key("cancelled"))
	}
	for key, n := range sent {
		if strings.Contains(key, "confirmed >") || strings.Contains(key, "cancelled >") {
			c.book.find(finding{kind: "NOBODYS_MAIL", subject: key, message: fmt.Sprintf("%d mails about an order that nobody placed", n)})
		}
	}
	return nil
}
