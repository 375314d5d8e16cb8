package customer_test

import (
	"context"
	"slices"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1/customerv1connect"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// signedUp is a customer with an account.
type signedUp struct {
	harness

	account uuid.UUID
	id      string
}

// signUp has identity make the customer of a new account.
func (o harness) signUp(t *testing.T, email string) signedUp {
	t.Helper()
	identity := o.as(t, authz.Identity{Kind: authz.Service, ID: "identity"})
	account := uuid.New()
	linked, err := identity.LinkAccount(t.Context(), &customerv1.LinkAccountRequest{AccountId: account.String(), Email: email, FirstName: "Ada"})
	if err != nil {
		t.Fatal(err)
	}
	return signedUp{o, account, linked.GetCustomerId()}
}

// as is a client of somebody else.
func (o harness) as(t *testing.T, caller authz.Identity) customerv1connect.CustomerServiceClient {
	t.Helper()
	return customerv1connect.NewCustomerServiceClient(testkit.Client(t, o.url, testkit.As(t, caller)))
}

// verified is the event that an address was shown to be the account's.
func (s signedUp) verified(version int64, email string) outbox.Event {
	return outbox.Event{Topic: "shopmesh.identity.verification.v1", Key: s.account, Version: version, Message: &identityv1.AccountVerified{
		AccountId: s.account.String(), Kind: identityv1.AccountKind_ACCOUNT_KIND_CUSTOMER, CustomerId: s.id, Email: email, Version: version,
	}}
}

// applied waits for a version of the account.
func (s signedUp) applied(t *testing.T, version int64) {
	t.Helper()
	testkit.Eventually(t, "the event is applied", func() bool {
		var at int64
		err := s.pool.QueryRow(t.Context(), `select version from customer_accounts where account_id = $1`, s.account).Scan(&at)
		return err == nil && at == version
	})
}

func (s signedUp) email(t *testing.T) string {
	t.Helper()
	return s.get(t, s.id).GetEmail()
}

// A customer's address follows the one that signs in, but for one that another customer has.
// An event that comes again changes nothing. An erasure names the account.
func TestTheContactAddressFollowsTheOneThatSignsIn(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	taken := ada()
	taken.Email = "taken@example.com"
	o.create(t, taken)
	s := o.signUp(t, "ada@example.com")
	events := testkit.NewEvents(t, o.broker)
	events.Publish(s.verified(1, "ada@example.com"), s.verified(2, "new@example.com"), s.verified(2, "new@example.com"), s.verified(3, "taken@example.com"))
	s.applied(t, 3)
	events.Publish(s.verified(4, "third@example.com"), s.verified(3, "taken@example.com"))
	s.applied(t, 4)
	if _, err := o.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Id: s.id}); err != nil {
		t.Fatal(err)
	}
	customer := uuid.MustParse(s.id)
	registered, updated, erased := &customerv1.CustomerRegistered{}, &customerv1.CustomerUpdated{}, &customerv1.CustomerErased{}
	o.events.Next(topic, customer, registered)
	got := []string{registered.GetCustomer().GetEmail()}
	for range 2 {
		o.events.Next(topic, customer, updated)
		got = append(got, updated.GetCustomer().GetEmail())
	}
	if want := []string{"ada@example.com", "new@example.com", "third@example.com"}; !slices.Equal(got, want) {
		t.Errorf("the addresses were %v, want %v", got, want)
	}
	o.events.Next(topic, customer, erased)
	if erased.GetAccountId() != s.account.String() {
		t.Errorf("the erasure is %v", erased)
	}
	var kept string
	if err := o.pool.QueryRow(t.Context(), `select email from customer_accounts where account_id = $1`, s.account).Scan(&kept); err != nil || kept != "" {
		t.Errorf("after the erasure %q is kept, %v", kept, err)
	}
}

// Nobody has a customer's mails sent to an address that was not shown to be theirs, and
// nobody learns who is a customer: where there is an account, the address changes with the
// one that signs in.
func TestTheContactAddressOfAnAccountIsChangedByIdentityAlone(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	taken := ada()
	taken.Email = "taken@example.com"
	other := o.create(t, taken)
	s := o.signUp(t, "ada@example.com")
	themselves := o.as(t, testkit.Customer(s.id))
	for name, client := range map[string]customerv1connect.CustomerServiceClient{"the customer": themselves, "staff": o} {
		for _, email := range []string{"taken@example.com", "free@example.com", "Ada@example.com"} {
			_, err := client.UpdateCustomer(t.Context(), &customerv1.UpdateCustomerRequest{Customer: &customerv1.Customer{Id: s.id, Email: email}})
			testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "customer.email")
		}
		// A client that sends the whole customer back changes what it means to.
		whole, err := client.UpdateCustomer(t.Context(), &customerv1.UpdateCustomerRequest{Customer: &customerv1.Customer{Id: s.id, Email: " ada@example.com", Phone: name}})
		if err != nil || whole.GetCustomer().GetPhone() != name {
			t.Errorf("%s: %v, %v", name, whole, err)
		}
	}

	// The address that signs in is another customer's until staff corrects that one.
	testkit.NewEvents(t, o.broker).Publish(s.verified(2, "taken@example.com"))
	s.applied(t, 2)
	move := &customerv1.UpdateCustomerRequest{Customer: &customerv1.Customer{Id: s.id, Email: "taken@example.com"}}
	_, err := themselves.UpdateCustomer(t.Context(), move)
	testkit.Refused(t, err, connect.CodeAlreadyExists, "EMAIL_TAKEN", "customer.email")
	if _, err := o.update(t, &customerv1.Customer{Id: other.GetId(), Email: "other@example.com"}); err != nil {
		t.Fatal(err)
	}
	if _, err := themselves.UpdateCustomer(t.Context(), move); err != nil || s.email(t) != "taken@example.com" {
		t.Errorf("the address is %s, %v", s.email(t), err)
	}
}

// Somebody else becomes a customer with the address while the event about it is applied:
// the second attempt finds them, and the event is no dead letter.
func TestFollowingAnAddressThatIsTakenMeanwhile(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	s := o.signUp(t, "ada@example.com")
	conn, err := o.pool.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `set local idle_in_transaction_session_timeout = 0`); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `insert into customers (id, first_name, last_name, email, email_key, phone, erased, version, create_time, update_time)
		values (gen_random_uuid(), 'Grace', '', 'new@example.com', 'new@example.com', '', false, 1, now(), now())`); err != nil {
		t.Fatal(err)
	}
	testkit.NewEvents(t, o.broker).Publish(s.verified(2, "new@example.com"))
	testkit.Eventually(t, "the event waits for the other customer", func() bool { return testkit.WaitingForLocks(t, o.pool) > 0 })
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.applied(t, 2)
	var dead int
	if err := o.pool.QueryRow(t.Context(), `select count(*) from dead_letters`).Scan(&dead); err != nil || dead != 0 {
		t.Errorf("%d dead letters, %v", dead, err)
	}
	if got := s.email(t); got != "ada@example.com" {
		t.Errorf("the address is %s", got)
	}
}
