package main

import (
	"context"
	"time"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
)

// resetPassword sets another password by a mailed link: by that of a mail that was requested
// for it, or of the mail that an address with an account gets when it signs up again.
func (d *driver) resetPassword(m *member) {
	if m.requested[m.email] >= linksPerHour { // no mail need come
		d.changeEmail(m)
	}
	if m.requested[m.email] >= linksPerHour || m.lost {
		return
	}
	subject := mailReset
	if m.serial%3 == 0 {
		if subject = mailExists; !d.requestSignUp(m) {
			return
		}
	} else if !d.requestReset(m) {
		return
	}
	d.book.expectMails(subject, m.email, 1, 0)
	link, ok := d.mailbox.link(d.patience, mailKey{subject, m.email})
	if !ok {
		m.lost = true
		return
	}
	next := m.password + " again"
	use := func(ctx context.Context, k *endpoint) (none, error) {
		_, err := k.account.ResetPassword(ctx, &identityv1.ResetPasswordRequest{Token: link, Password: next})
		return none{}, err
	}
	if _, done := useLink(d, m, "ResetPassword", use, func() bool { return d.signsIn(m, m.email, next) }); !done {
		return
	}
	m.formerPassword, m.password = m.password, next
	d.book.expectMails(mailPasswordChanged, m.email, 1, 1)
	if s := m.session; s != nil {
		m.end(s)
		d.mustBeOver(m, s, "RefreshSession after ResetPassword")
	}
	if m.rng.IntN(2) == 0 {
		_, err := d.trySignIn(m, m.email, m.formerPassword)
		d.mustBeRefused(m, "SignIn with the password before", err, "CREDENTIALS_INVALID")
	}
}

func (d *driver) requestReset(m *member) bool {
	w := &write{kind: "RequestPasswordReset"}
	_, err := callUntilKnown(d.public, m.rng, "identity", w, d.counting(m, m.email, func(ctx context.Context, k *endpoint) error {
		_, err := k.account.RequestPasswordReset(ctx, &identityv1.RequestPasswordResetRequest{Kind: m.kind, Email: m.email})
		return err
	}, mailReset))
	d.unanswered(m, w)
	return err == nil
}

// changeEmail makes another address the one that signs in. What guests ordered under it
// before is the account's then.
func (d *driver) changeEmail(m *member) {
	next := m.movedEmail()
	if m.email == next {
		return // once is enough
	}
	var before []*order
	if m.rng.IntN(3) == 0 {
		before = d.orderAsGuest(m, next)
	}
	w := &write{kind: "RequestEmailChange", hashes: true}
	_, err := asMember(d, m, "identity", w, d.counting(m, next, func(ctx context.Context, k *endpoint) error {
		_, err := k.account.RequestEmailChange(ctx, &identityv1.RequestEmailChangeRequest{Password: m.password, Email: next})
		return err
	}, mailConfirm))
	d.unanswered(m, w)
	if err != nil {
		return
	}
	d.book.expectMails(mailConfirm, next, 1, 0)
	link, ok := d.mailbox.link(d.patience, mailKey{mailConfirm, next})
	if !ok {
		m.lost = true
		return
	}
	d.book.claim(before...)
	use := func(ctx context.Context, k *endpoint) (none, error) {
		_, err := k.account.ConfirmEmailChange(ctx, &identityv1.ConfirmEmailChangeRequest{Token: link})
		return none{}, err
	}
	if _, done := useLink(d, m, "ConfirmEmailChange", use, func() bool { return d.signsIn(m, next, m.password) }); !done {
		return
	}
	d.book.expectMails(mailEmailChanged, m.email, 1, 1)
	m.formerEmail, m.email, m.orders = m.email, next, append(m.orders, before...)
	if m.session != nil { // it lasts, and its access token does not
		m.revoked = append(m.revoked, m.session.accessToken)
		m.session.expire = time.Time{}
	}
	if m.rng.IntN(2) == 0 {
		_, err := d.trySignIn(m, m.formerEmail, m.password)
		d.mustBeRefused(m, "SignIn with the address before", err, "CREDENTIALS_INVALID")
	}
}
