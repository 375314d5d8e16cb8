package domain

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Activity is an entry of the activity log.
type Activity struct {
	ID            uuid.UUID
	Time          time.Time
	Actor         ActivityActor
	OnBehalfOf    ActivityActor // the zero one: the actor acted for itself
	AddressPrefix string
	RPC           string
	Resource      string
	Outcome       Outcome
	Reason        string
	Count         int32
	Changes       []ActivityChange
	Omitted       int32
	TraceID       string
}

// ActivityActor is who did something.
type ActivityActor struct {
	Kind ActorKind
	ID   string
	// Credential is what the actor showed, numbered as in shopmesh.activity.v1.Credential:
	// identity keeps it as it is.
	Credential   int16
	CredentialID string
}

// ActivityChange is a field that changed.
type ActivityChange struct {
	Path     string
	Redacted bool
	Old, New string
}

// ActorKind is which sort of caller did something.
type ActorKind int16

// The kinds of actors, numbered as in shopmesh.activity.v1.ActorKind.
const (
	ActorAnonymous ActorKind = iota + 1
	ActorCustomer
	ActorStaff
	ActorOwner
	ActorService
	ActorGuest
	ActorOperator

	// LastActorKind is the highest of them.
	LastActorKind = ActorOperator
)

// String returns the kind's name in the contract: "ANONYMOUS".
func (k ActorKind) String() string {
	return nameOf(int(k), "ANONYMOUS", "CUSTOMER", "STAFF", "OWNER", "SERVICE", "GUEST", "OPERATOR")
}

// Outcome is how a call ended.
type Outcome int16

// The outcomes, numbered as in shopmesh.activity.v1.Outcome.
const (
	Done Outcome = iota + 1
	Refused

	// LastOutcome is the highest of them.
	LastOutcome = Refused
)

// String returns the outcome's name in the contract: "DONE".
func (o Outcome) String() string { return nameOf(int(o), "DONE", "REFUSED") }

// nameOf returns the name of a number that counts from 1.
func nameOf(number int, names ...string) string {
	if number < 1 || number > len(names) {
		return "UNSPECIFIED"
	}
	return names[number-1]
}

// Customer returns the customer whom the entry is about, else by; uuid.Nil for none.
func (a Activity) Customer() uuid.UUID {
	text, about := strings.CutPrefix(a.Resource, "customers/")
	if !about && a.Actor.Kind == ActorCustomer {
		text = a.Actor.ID
	}
	id, _ := uuid.Parse(text)
	return id
}

// Account returns the account that the entry is about; uuid.Nil for none.
func (a Activity) Account() uuid.UUID {
	text, about := strings.CutPrefix(a.Resource, "accounts/")
	if !about {
		return uuid.Nil
	}
	id, _ := uuid.Parse(text)
	return id
}

// IDsAlone returns the entry without what an erasure deletes: where the call came from, and
// the values of the fields.
func (a Activity) IDsAlone() Activity {
	a.AddressPrefix = ""
	a.Changes = slices.Clone(a.Changes)
	for i := range a.Changes {
		a.Changes[i].Old, a.Changes[i].New = "", ""
	}
	return a
}

// HasValues reports whether a value of a field is known.
func (a Activity) HasValues() bool {
	return slices.ContainsFunc(a.Changes, func(c ActivityChange) bool { return c.Old != "" || c.New != "" })
}
