package domain

import "strings"

// Settings are what an owner may set.
type Settings struct {
	ShopName string
	// Sender is the address that mails come from; ReplyTo the one that answers go to.
	Sender, ReplyTo string
	Policy          Policy
}

// Domain is the sender address' domain: the right side of Message-IDs.
func (s Settings) Domain() string {
	return s.Sender[strings.LastIndexByte(s.Sender, '@')+1:]
}
