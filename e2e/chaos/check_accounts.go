package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
)

// checkAccounts compares the accounts and customers that there are with what their owners
// know, and tries what signs in and what must not.
func (c *checker) checkAccounts(ctx context.Context) error {
	deadline := time.Now().Add(quietBound)
	for {
		accounts, customers, err := c.readAccounts(ctx)
		if err != nil {
			return err
		}
		wrong := judgeAccounts(c.book.members, accounts, customers)
		if len(wrong) == 0 {
			break
		}
		// A customer's address follows the account's by an event.
		if time.Now().After(deadline) {
			for _, f := range wrong {
				c.book.find(f)
			}
			break
		}
		if err := sleep(ctx, 500*time.Millisecond); err != nil {
			return err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(hashedAtOnce)
	for _, m := range c.book.members {
		if m.verified && !m.lost {
			group.Go(func() error { return c.tryMember(ctx, m) })
		}
	}
	return group.Wait()
}

func (c *checker) readAccounts(ctx context.Context) (accounts []*identityv1.Account, customers []*customerv1.Customer, err error) {
	err = pages(ctx, c.driver, "identity", func(ctx context.Context, k *endpoint, token string) ([]*identityv1.Account, string, error) {
		res, err := k.staff.ListAccounts(ctx, &identityv1.ListAccountsRequest{PageSize: 1000, PageToken: token})
		return res.GetAccounts(), res.GetNextPageToken(), err
	}, func(some []*identityv1.Account) { accounts = append(accounts, some...) })
	if err != nil {
		return nil, nil, fmt.Errorf("list accounts: %w", err)
	}
	err = pages(ctx, c.driver, "customer", func(ctx context.Context, k *endpoint, token string) ([]*customerv1.Customer, string, error) {
		res, err := k.customer.ListCustomers(ctx, &customerv1.ListCustomersRequest{PageSize: 1000, PageToken: token})
		return res.GetCustomers(), res.GetNextPageToken(), err
	}, func(some []*customerv1.Customer) { customers = append(customers, some...) })
	if err != nil {
		return nil, nil, fmt.Errorf("list customers: %w", err)
	}
	return accounts, customers, nil
}

// judgeAccounts finds members without exactly one account and one customer, and accounts and
// customers of nobody.
func judgeAccounts(members []*member, accounts []*identityv1.Account, customers []*customerv1.Customer) []finding {
	accountsOf, customersOf := map[string][]*identityv1.Account{}, map[string][]*customerv1.Customer{}
	for _, a := range accounts {
		accountsOf[a.GetEmail()] = append(accountsOf[a.GetEmail()], a)
	}
	for _, p := range customers {
		customersOf[p.GetEmail()] = append(customersOf[p.GetEmail()], p)
	}
	var wrong []finding
	for _, m := range members {
		have, as := accountsOf[m.email], customersOf[m.email]
		bad := func(kind, format string, args ...any) {
			wrong = append(wrong, finding{kind: kind, subject: m.email, message: fmt.Sprintf(format, args...)})
		}
		delete(accountsOf, m.email)
		delete(customersOf, m.email)
		isCustomer := m.kind == identityv1.AccountKind_ACCOUNT_KIND_CUSTOMER
		switch {
		case m.lost: // it may have come to another address, too
			delete(accountsOf, m.movedEmail())
			delete(customersOf, m.movedEmail())
		case !m.verified && len(have)+len(as) > 0:
			bad("ACCOUNT_OF_NOBODY", "the mailed link was not followed, and there are %d accounts and %d customers", len(have), len(as))
		case !m.verified:
		case len(have) != 1:
			bad("ACCOUNTS_DIFFER", "the account was acknowledged, and there are %d", len(have))
		case have[0].GetId() != m.accountID || have[0].GetKind() != m.kind || have[0].GetCustomerId() != m.customerID || have[0].GetDisabled() != m.disabled:
			bad("ACCOUNT_DIFFERS", "there is %v, known are account %s, customer %q, disabled %v", have[0], m.accountID, m.customerID, m.disabled)
		case isCustomer && (len(as) != 1 || as[0].GetId() != m.customerID):
			bad("CUSTOMERS_DIFFER", "customer %s has the account, and of the address there are %v", m.customerID, as)
		}
	}
	for email := range accountsOf {
		wrong = append(wrong, finding{kind: "NOBODYS_ACCOUNT", subject: email, message: "nobody signed up for it"})
	}
	for email := range customersOf {
		wrong = append(wrong, finding{kind: "NOBODYS_CUSTOMER", subject: email, message: "nobody signed up for it"})
	}
	return wrong
}

// tryMember signs in as somebody, by what they know and by what they knew before, and compares
// their orders.
func (c *checker) tryMember(ctx context.Context, m *member) error {
	session, err := c.readSession(ctx, m, m.email, m.password)
	switch {
	case m.disabled:
		c.mustBeRefused(m, "SignIn to a disabled account", err, "CREDENTIALS_INVALID")
	case final(err):
		c.findOf(m, "SIGN_IN_REFUSED", "the last acknowledged password does not sign in: %v", err)
	case err != nil:
		return fmt.Errorf("sign in as %s: %w", m.email, err)
	}
	if m.formerPassword != "" {
		_, err := c.readSession(ctx, m, m.email, m.formerPassword)
		c.mustBeRefused(m, "SignIn with the password before", err, "CREDENTIALS_INVALID")
	}
	if m.formerEmail != "" {
		_, err := c.readSession(ctx, m, m.formerEmail, m.password)
		c.mustBeRefused(m, "SignIn with the address before", err, "CREDENTIALS_INVALID")
	}
	for _, s := range m.ended {
		_, err := read(ctx, c.public, "identity", func(ctx context.Context, k *endpoint) (*identityv1.RefreshSessionResponse, error) {
			return k.account.RefreshSession(ctx, &identityv1.RefreshSessionRequest{RefreshToken: s.refresh})
		})
		c.mustBeRefused(m, "RefreshSession of an ended session", err, reasonExpired)
	}
	if session == nil || m.kind != identityv1.AccountKind_ACCOUNT_KIND_CUSTOMER {
		return nil
	}
	return c.compareOrders(ctx, m, session)
}

func (c *checker) readSession(ctx context.Context, m *member, email, password string) (*session, error) {
	res, err := read(ctx, c.public, "identity", func(ctx context.Context, k *endpoint) (*identityv1.SignInResponse, error) {
		return k.account.SignIn(ctx, &identityv1.SignInRequest{Kind: m.kind, Email: email, Password: password})
	})
	if err != nil {
		return nil, err
	}
	return sessionOf(res.GetSession()), nil
}

// compareOrders compares the list of somebody's orders with those that they placed, and those
// from before that are theirs since they verified their address or claimed them.
func (c *checker) compareOrders(ctx context.Context, m *member, s *session) error {
	deadline := time.Now().Add(quietBound)
	for {
		res, err := read(ctx, c.public, "order", func(ctx context.Context, k *endpoint) (*orderv1.ListOrdersResponse, error) {
			return k.order.ListOrders(showing(ctx, s.text), &orderv1.ListOrdersRequest{PageSize: 1000})
		})
		if err != nil {
			return fmt.Errorf("list the orders of %s: %w", m.email, err)
		}
		var got []string
		for _, o := range res.GetOrders() {
			got = append(got, o.GetId())
			if o.GetCustomerId() != m.customerID {
				c.findOf(m, "OTHERS_ORDER", "order %s of customer %q is in the list of %s", o.GetId(), o.GetCustomerId(), m.customerID)
			}
		}
		difference := differentOrders(m.orders, got)
		if difference == "" {
			return nil
		}
		if time.Now().After(deadline) {
			c.findOf(m, "ORDERS_DIFFER", "%s", difference)
			return nil
		}
		if err := sleep(ctx, 500*time.Millisecond); err != nil {
			return err
		}
	}
}

// differentOrders names the difference between a list of orders and those that are to be in
// it, each once; empty when there is none.
func differentOrders(known []*order, got []string) string {
	var want []string
	for _, o := range known {
		want = append(want, o.id)
	}
	slices.Sort(want)
	slices.Sort(got)
	if slices.Equal(got, want) {
		return ""
	}
	return fmt.Sprintf("the account has the orders %v, its owner knows %v", got, want)
}

const (
	// revokedBound is how soon access tokens are refused once their session ended: 5 s, and
	// as long as a service may need that just found its broker again.
	revokedBound = 30 * time.Second
	// revokedTried is how many of them are tried, the youngest first.
	revokedTried = 20
)

// checkRevoked shows access tokens that ended before their time to every replica of every
// context but storefront, which has pages and no RPCs: it takes no access token.
func (d *driver) checkRevoked(ctx context.Context) {
	type revoked struct {
		accessToken
		of *member
	}
	var all []revoked
	for _, m := range d.book.members {
		for _, t := range m.revoked {
			all = append(all, revoked{t, m})
		}
	}
	slices.SortFunc(all, func(a, b revoked) int { return cmp.Compare(b.expire.UnixNano(), a.expire.UnixNano()) })
	var group errgroup.Group
	group.SetLimit(8)
	deadline := time.Now().Add(revokedBound)
	for _, t := range all[:min(revokedTried, len(all))] {
		for _, r := range d.replicas() {
			for _, context := range r.contexts {
				if context == "storefront" {
					continue
				}
				group.Go(func() error { d.tryRevoked(ctx, t.of, t.accessToken, r, context, deadline); return nil })
			}
		}
	}
	_ = group.Wait()
}

func (d *driver) tryRevoked(ctx context.Context, m *member, t accessToken, r *replica, context string, deadline time.Time) {
	for {
		err := d.probe(showing(ctx, t.text), r.api, context)
		switch {
		case time.Now().After(t.expire):
			return // it is over by itself
		case reasonOf(err) == reasonExpired:
			d.tally.rightlyRefused("calls with the access token of an ended session")
			return
		case time.Now().After(deadline):
			d.findOf(m, "REVOKED_TOKEN_TAKEN", "%s answered %s with %v to an access token whose session ended; it expires at %v", r.name, context, err, t.expire)
			return
		}
		if sleep(ctx, 200*time.Millisecond) != nil {
			return
		}
	}
}

// probe calls something that a context answers to whoever shows a good token, if only with
// PERMISSION_DENIED.
func (d *driver) probe(ctx context.Context, k *endpoint, name string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	switch name {
	case "catalog":
		_, err = k.product.GetProduct(ctx, &catalogv1.GetProductRequest{Code: d.products[0].code})
	case "config":
		_, err = k.config.GetSettings(ctx, &configv1.GetSettingsRequest{Context: "order"})
	case "customer":
		_, err = k.customer.ListCustomers(ctx, &customerv1.ListCustomersRequest{PageSize: 1})
	case "identity":
		_, err = k.account.GetSelf(ctx, &identityv1.GetSelfRequest{})
	case "inventory":
		_, err = k.stock.GetStock(ctx, &inventoryv1.GetStockRequest{ProductCode: d.products[0].code})
	case "notification":
		_, err = k.mail.ListNotifications(ctx, &notificationv1.ListNotificationsRequest{PageSize: 1})
	case "order":
		_, err = k.order.ListOrders(ctx, &orderv1.ListOrdersRequest{PageSize: 1})
	case "payment":
		_, err = k.payment.ListPayments(ctx, &paymentv1.ListPaymentsRequest{PageSize: 1})
	default:
		return fmt.Errorf("no call to %s is known", name)
	}
	return err
}
