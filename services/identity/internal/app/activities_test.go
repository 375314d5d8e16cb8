package app_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// entry is a change of a price by a member of staff, so long ago.
func entry(ago time.Duration) domain.Activity {
	return domain.Activity{
		ID: uuid.New(), Time: time.Now().UTC().Truncate(time.Microsecond).Add(-ago), Count: 1, Outcome: domain.Done,
		Actor:         domain.ActivityActor{Kind: domain.ActorStaff, ID: "01890a5d-ac96-774b-bcce-b302099a8057", Credential: 1, CredentialID: "session"},
		AddressPrefix: "192.0.2.1", RPC: "shopmesh.catalog.v1.ProductService/UpdateProduct", Resource: "products/1", TraceID: "abc",
		Changes: []domain.ActivityChange{{Path: "price", Old: "4", New: "5"}, {Path: "secret", Redacted: true}},
	}
}

// keep stores entries as the consumer does.
func (h *harness) keep(entries ...domain.Activity) {
	h.t.Helper()
	err := h.pool.InTx(h.t.Context(), func(ctx context.Context, tx *pg.Tx) error { return app.Activities{Pool: h.pool}.Keep(ctx, tx, entries) })
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *harness) activities(filter string) []domain.Activity {
	h.t.Helper()
	entries, err := app.Activities{Pool: h.pool}.List(h.t.Context(), page.Request{Filter: filter})
	if err != nil {
		h.t.Fatal(err)
	}
	return entries.Items
}

func same(a, b domain.Activity) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

// An entry is listed as it was recorded, newest first, by what is filtered; one that comes
// again changes nothing.
func TestEntriesAreListed(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	older, newer, refused := entry(2*time.Hour), entry(time.Hour), entry(3*time.Hour)
	newer.OnBehalfOf = domain.ActivityActor{Kind: domain.ActorCustomer, ID: "c", Credential: 1, CredentialID: "s"}
	newer.Resource, newer.Actor.ID = "products/2", "another"
	refused.Outcome, refused.Reason, refused.Count, refused.Changes, refused.Resource = domain.Refused, "PERMISSION_DENIED", 7, nil, ""
	h.keep(older, refused)
	again := older
	again.Resource, again.AddressPrefix = "products/forged", "192.0.2.9"
	h.keep(newer, again)
	for filter, want := range map[string][]domain.Activity{
		"":                             {newer, older, refused},
		`resource = "products/1"`:      {older},
		`actor_id = "another"`:         {newer},
		"outcome = REFUSED":            {refused},
		`reason = "PERMISSION_DENIED"`: {refused},
		`trace_id = "none"`:            nil,
		"actor_kind = STAFF":           {newer, older, refused},
		`create_time > "` + older.Time.Format(time.RFC3339Nano) + `"`: {newer},
	} {
		if got := h.activities(filter); !slices.EqualFunc(got, want, same) {
			t.Errorf("%s:\n%v\nnot\n%v", filter, got, want)
		}
	}
	_, err := app.Activities{Pool: h.pool}.List(t.Context(), page.Request{Filter: `address_prefix = "192.0.2.1"`})
	if err == nil {
		t.Error("a filter by a field that there is not")
	}
}

// Nobody changes an entry or deletes it: the database refuses that, of any statement, until
// it was kept for 400 days; addresses go after 90.
func TestTheActivityLogIsKept(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	const day = 24 * time.Hour
	over, old, young := entry(401*day), entry(91*day), entry(0)
	h.keep(over, old, young)
	for _, statement := range []string{
		`update activities set actor_id = 'nobody'`, `delete from activities where resource = 'products/1'`, `truncate activities`,
		`truncate activity_values`, `truncate activity_addresses`,
		`update activity_values set changes = '[]'`, `update activity_addresses set prefix = '192.0.2.9'`,
	} {
		if _, err := h.pool.Exec(t.Context(), statement); err == nil {
			t.Errorf("%s was done", statement)
		}
	}
	if err := h.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	old.AddressPrefix = ""
	if got := h.activities(""); !slices.EqualFunc(got, []domain.Activity{young, old}, same) {
		t.Errorf("left are\n%v", got)
	}
	var values, addresses int
	if err := h.pool.QueryRow(t.Context(), `select (select count(*) from activity_values), (select count(*) from activity_addresses)`).Scan(&values, &addresses); err != nil {
		t.Fatal(err)
	}
	if values != 2 || addresses != 1 {
		t.Errorf("left are the values of %d entries and the addresses of %d", values, addresses)
	}
}

// An erasure leaves ids alone of what a customer did, of what was done to the customer, and
// of signing in to the account; of entries that arrive after it, too. What is of others
// stays.
func TestAnErasureLeavesIDsAlone(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.signUp("ada@example.com")
	customer := h.customerOf("ada@example.com")
	var account uuid.UUID
	if err := h.pool.QueryRow(t.Context(), `select id from accounts where customer_id = $1`, customer).Scan(&account); err != nil {
		t.Fatal(err)
	}
	by, about, signIn, others := entry(time.Hour), entry(2*time.Hour), entry(3*time.Hour), entry(4*time.Hour)
	by.Actor.Kind, by.Actor.ID = domain.ActorCustomer, customer.String()
	about.Resource = "customers/" + customer.String()
	signIn.Actor, signIn.Resource = domain.ActivityActor{Kind: domain.ActorAnonymous}, "accounts/"+account.String()
	late := []domain.Activity{by, about, signIn}
	for i := range late {
		late[i].ID, late[i].Time = uuid.New(), late[i].Time.Add(-10*time.Hour)
	}
	h.keep(by, about, signIn, others)
	h.erase(domain.Erasure{Customers: []uuid.UUID{customer}})
	h.keep(late...)
	h.keep(by) // comes again
	want := []domain.Activity{by.IDsAlone(), about.IDsAlone(), signIn.IDsAlone(), others}
	for _, entry := range late {
		want = append(want, entry.IDsAlone())
	}
	if got := h.activities(""); !slices.EqualFunc(got, want, same) {
		t.Errorf("left are\n%v\nnot\n%v", got, want)
	}
}
