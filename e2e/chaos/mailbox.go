package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"sync"
	"time"
)

// The subjects of mails about accounts.
const (
	mailVerify          = "Confirm your e-mail address"
	mailExists          = "You have an account already"
	mailReset           = "Set a new password"
	mailInvitation      = "You are invited to work for the shop"
	mailConfirm         = "Confirm your new e-mail address"
	mailPasswordChanged = "Your password was changed"
	mailTokenReused     = "You were signed out for your safety"
	mailEmailChanged    = "Your e-mail address was changed"
)

// mailKey names the mails of one subject to one address.
type mailKey struct{ subject, to string }

func (k mailKey) String() string { return k.subject + " > " + k.to }

// mailedLink is how a link's token stands in a mail.
var mailedLink = regexp.MustCompile(`#(sm_ln_[0-9A-Za-z]+)`)

// mail is what /inbox.json holds of one.
type mail struct {
	To      string
	Subject string
	Text    string
	Headers map[string][]string
}

// eachMail reads the inbox, the newest mail first, until take returns false.
func eachMail(ctx context.Context, page string, take func(mail) bool) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, page+"/inbox.json", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("read the inbox: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("read the inbox: %s", res.Status)
	}
	decode := json.NewDecoder(res.Body)
	if _, err := decode.Token(); err != nil {
		return fmt.Errorf("read the inbox: %w", err)
	}
	for decode.More() {
		var m mail
		if err := decode.Decode(&m); err != nil {
			return fmt.Errorf("read the inbox: %w", err)
		}
		if !take(m) {
			return nil
		}
	}
	return nil
}

// mailbox is where people find the links that they were mailed.
type mailbox struct {
	page func() string // where /inbox.json is

	mu      sync.Mutex
	links   map[mailKey]string // the token of the newest mail
	arrived chan struct{}      // closed when mails with links arrived
	newest  string             // the Message-ID of the newest mail that was read
}

func newMailbox(page func() string) *mailbox {
	return &mailbox{page: page, links: map[mailKey]string{}, arrived: make(chan struct{})}
}

// follow reads what arrives until ctx ends.
func (b *mailbox) follow(ctx context.Context) {
	for sleep(ctx, 300*time.Millisecond) == nil {
		once, cancel := context.WithTimeout(ctx, 5*time.Second)
		_ = b.read(once) // the mail server may be dead: it is read again
		cancel()
	}
}

var errNoMessageID = errors.New("a mail has no Message-ID")

// read takes the links of the mails that arrived since it was called last.
func (b *mailbox) read(ctx context.Context) error {
	links, newest := map[mailKey]string{}, ""
	var broken error
	err := eachMail(ctx, b.page(), func(m mail) bool {
		ids := m.Headers["Message-Id"]
		if len(ids) != 1 {
			broken = errNoMessageID
			return false
		}
		if newest == "" {
			newest = ids[0]
		}
		if ids[0] == b.newest {
			return false
		}
		key := mailKey{m.Subject, m.To}
		if link := mailedLink.FindStringSubmatch(m.Text); link != nil && links[key] == "" {
			links[key] = link[1]
		}
		return true
	})
	if err = errors.Join(err, broken); err != nil || newest == "" {
		return err
	}
	b.newest = newest
	if len(links) == 0 {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for key, token := range links {
		b.links[key] = token
	}
	close(b.arrived)
	b.arrived = make(chan struct{})
	return nil
}

// link waits for a mail and returns the token of its link; false when none came.
func (b *mailbox) link(ctx context.Context, key mailKey) (token string, ok bool) {
	for {
		b.mu.Lock()
		token, ok = b.links[key]
		arrived := b.arrived
		b.mu.Unlock()
		if ok {
			return token, true
		}
		select {
		case <-ctx.Done():
			return "", false
		case <-arrived:
		}
	}
}

// mailBounds are how many mails of a subject an address gets.
type mailBounds struct{ least, most int }

// expectMails notes that more mails are due, or may come.
func (b *book) expectMails(subject, to string, due, possible int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := mailKey{subject, to}
	bounds := b.mails[key]
	if bounds == nil {
		bounds = &mailBounds{}
		b.mails[key] = bounds
	}
	bounds.least += due
	bounds.most += possible
}
