package main

import (
	"context"
	"time"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// inviteEvery is how often somebody is invited to work for the shop.
const inviteEvery = 6 * time.Second

// invitations has the owner invite people, who begin to work, until selling ends. Most are
// disabled soon.
func (d *driver) invitations(selling context.Context) {
	d.each(selling, inviteEvery, 1, d.clerk)
}

func (d *driver) clerk(serial uint64) {
	m := d.newMember(identityv1.AccountKind_ACCOUNT_KIND_STAFF, "clerk", clerkStream, serial)
	if !d.invite(m) || !d.acceptInvite(m) || !d.work(m) {
		return
	}
	if serial%4 > 0 && d.pause(m.rng, 2*time.Second) {
		d.disable(m)
	}
}

func (d *driver) invite(m *member) bool {
	w := &write{kind: "InviteStaff"}
	_, err := callUntilKnown(d.caller, m.rng, "identity", w, d.counting(m, m.email, func(ctx context.Context, k *endpoint) error {
		_, err := k.staff.InviteStaff(ctx, &identityv1.InviteStaffRequest{
			Email: m.email, Permissions: []optionsv1.Permission{optionsv1.Permission_PERMISSION_ORDERS_READ},
		})
		return err
	}, mailInvitation))
	d.unanswered(m, w)
	if err != nil {
		return false
	}
	d.book.expectMails(mailInvitation, m.email, 1, 0)
	return true
}

func (d *driver) acceptInvite(m *member) bool {
	link, ok := d.mailbox.link(d.patience, mailKey{mailInvitation, m.email})
	if !ok {
		return false // the check finds the mail missing
	}
	use := func(ctx context.Context, k *endpoint) (*identityv1.AcceptInviteResponse, error) {
		return k.staff.AcceptInvite(ctx, &identityv1.AcceptInviteRequest{Token: link, Password: m.password, FirstName: "Joan", LastName: "Clarke"})
	}
	res, done := useLink(d, m, "AcceptInvite", use, func() bool { return d.signsIn(m, m.email, m.password) })
	if !done {
		return false
	}
	m.verified = true
	if res != nil {
		m.session = sessionOf(res.GetSession())
	}
	return d.knowSelf(m)
}

// work does what the invitation allows.
func (d *driver) work(m *member) bool {
	w := &write{kind: "ListOrders"}
	_, err := asMember(d, m, "order", w, func(ctx context.Context, k *endpoint) (*orderv1.ListOrdersResponse, error) {
		return k.order.ListOrders(ctx, &orderv1.ListOrdersRequest{PageSize: 1})
	})
	d.unanswered(m, w)
	return err == nil
}

func (d *driver) disable(m *member) {
	w := &write{kind: "DisableAccount"}
	_, err := callUntilKnown(d.caller, m.rng, "identity", w, func(ctx context.Context, k *endpoint) (*identityv1.DisableAccountResponse, error) {
		return k.staff.DisableAccount(ctx, &identityv1.DisableAccountRequest{Id: m.accountID})
	})
	if d.unanswered(m, w); err != nil {
		m.lost = true
		return
	}
	m.disabled = true
	if s := m.session; s != nil {
		m.end(s)
		d.mustBeOver(m, s, "RefreshSession of a disabled account")
	}
	_, err = d.trySignIn(m, m.email, m.password)
	d.mustBeRefused(m, "SignIn to a disabled account", err, "CREDENTIALS_INVALID")
}
