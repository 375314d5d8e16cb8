package domain

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/etag"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
)

// Kind is for whom an account is. An e-mail address has at most one account of each.
type Kind int16

// The kinds, numbered as in shopmesh.identity.v1.AccountKind.
const (
	Customer Kind = 1
	Staff    Kind = 2

	// LastKind is the highest of them.
	LastKind = Staff
)

// String returns the kind's name in the contract: "CUSTOMER".
func (k Kind) String() string { return nameOf(int(k), "CUSTOMER", "STAFF") }

// Account is somebody who signs in. Its methods leave it as it is and return the account
// that they make of it.
type Account struct{ state AccountSnapshot }

// AccountSnapshot is an account as it is stored.
type AccountSnapshot struct {
	ID        uuid.UUID
	Kind      Kind
	Email     Email
	FirstName string
	// LastName is empty for people who have one name only.
	LastName string
	// LanguageCode is the language in which they are written to (BCP 47); empty for English.
	LanguageCode string
	// CustomerID is the customer whom an account of the kind Customer signs in.
	CustomerID uuid.UUID
	// Owner may do everything; else Permissions are what a member of staff may do.
	Owner       bool
	Permissions []Permission
	// PasswordHash is in the PHC string format.
	PasswordHash string
	Totp         Totp
	Disabled     bool
	// Epoch rises with each change that takes something from the account: access tokens
	// of an earlier one are not good any more.
	Epoch int64
	// Version counts the changes, from 1.
	Version    int64
	CreateTime time.Time
	UpdateTime time.Time
	// VerifyTime is when the address was shown to be its owner's, and VerifyVersion the
	// version then.
	VerifyTime    time.Time
	VerifyVersion int64
}

// RestoreAccount returns the account that a snapshot was taken of.
func RestoreAccount(stored AccountSnapshot) Account { return Account{stored} }

// Snapshot returns the account as it is stored.
func (a Account) Snapshot() AccountSnapshot { return a.state }

// Etag names this version of the account.
func (s AccountSnapshot) Etag() string { return etag.Of(s.ID, s.Version) }

// MustEnroll reports whether the account needs a second factor before it may do anything for
// the shop, where those who work for it are required to have one.
func (s AccountSnapshot) MustEnroll(required bool) bool {
	return required && s.Kind == Staff && !s.Totp.Confirmed
}

// Actor returns what the account may do to others.
func (s AccountSnapshot) Actor() Actor {
	return Actor{AccountID: s.ID, Owner: s.Owner, Permissions: s.Permissions}
}

// Person is who has an account.
type Person struct {
	FirstName, LastName string
	// LanguageCode is the language in which they are written to (BCP 47); empty for English.
	LanguageCode string
}

// NewAccount returns the account that a link makes: of a verified address, with the roles
// of the invitation if it is one. Errors: INVALID_FIELD.
func NewAccount(link Link, person Person, customer uuid.UUID, passwordHash string, now time.Time) (Account, error) {
	if err := checkPerson(person); err != nil {
		return Account{}, err
	}
	return Account{AccountSnapshot{
		ID: link.state.AccountID, Kind: link.state.Kind, Email: link.state.Email, FirstName: person.FirstName, LastName: person.LastName,
		LanguageCode: person.LanguageCode, CustomerID: customer, Owner: link.state.Owner, Permissions: sorted(link.state.Permissions), PasswordHash: passwordHash,
		Epoch: 1, Version: 1, CreateTime: now, UpdateTime: now, VerifyTime: now, VerifyVersion: 1,
	}}, nil
}

// NewCustomer is whom an account of the kind Customer buys as.
type NewCustomer struct {
	AccountID uuid.UUID
	Email     Email
	Person    Person
}

func checkPerson(person Person) error {
	var wrong []fault.Violation
	if err := grammar.Name(person.FirstName); err != nil {
		wrong = append(wrong, fault.Breaks("first_name", err))
	}
	if err := grammar.LastName(person.LastName); err != nil {
		wrong = append(wrong, fault.Breaks("last_name", err))
	}
	if refused := fault.Fields(wrong...); refused != nil {
		return refused
	}
	return nil
}

// SetPassword gives the account another password; access tokens from before end.
func (a Account) SetPassword(hash string, now time.Time) Account {
	a.state.PasswordHash = hash
	return a.revoke(now)
}

// Rehash replaces the hash of the password that the account has, which changes nothing
// that anybody sees.
func (a Account) Rehash(hash string) Account {
	a.state.PasswordHash = hash
	return a
}

// ChangeEmail gives the account another address to sign in with, which its owner showed to
// be theirs; access tokens end.
func (a Account) ChangeEmail(email Email, now time.Time) Account {
	a.state.Email = email
	a = a.revoke(now)
	a.state.VerifyTime, a.state.VerifyVersion = now, a.state.Version
	return a
}

// TakeCode checks a code of the second factor, which is taken once. An account without
// one needs no code.
func (a Account) TakeCode(code string, now time.Time) (next Account, used, ok bool) {
	if !a.state.Totp.Confirmed {
		return a, false, true
	}
	totp, ok := a.state.Totp.Take(code, now)
	if !ok {
		return a, false, false
	}
	a.state.Totp = totp
	return a, true, true
}

// ConfirmTotp makes a secret the account's second factor, in the place of one that it may
// have; false when the code is not of that secret.
func (a Account) ConfirmTotp(secret []byte, code string, now time.Time) (Account, bool) {
	totp, ok := Totp{Secret: secret}.Take(code, now)
	if !ok {
		return a, false
	}
	totp.Confirmed = true
	a.state.Totp = totp
	return a.revoke(now), true
}

// RemoveTotp takes the second factor from the account, so that its owner sets up another one.
func (a Account) RemoveTotp(now time.Time) Account {
	a.state.Totp = Totp{}
	return a.revoke(now)
}

// SetRoles gives a member of staff other roles. owners is how many owners may sign in.
// Errors: ROLE_ESCALATION, LAST_OWNER.
func (a Account) SetRoles(by Actor, owner bool, permissions []Permission, owners int, now time.Time) (Account, error) {
	if err := a.MayTouch(by); err != nil {
		return a, err
	}
	if err := MayGrant(by, owner, permissions); err != nil {
		return a, err
	}
	if a.state.Kind != Staff {
		return a, fault.Fields(fault.Violation{Field: "id", Description: "is the account of a customer, which has no roles"})
	}
	if a.state.Owner && !owner && !a.state.Disabled && owners <= 1 {
		return a, errLastOwner()
	}
	next := sorted(permissions)
	if a.state.Owner == owner && slices.Equal(a.state.Permissions, next) {
		return a, nil
	}
	a.state.Owner, a.state.Permissions = owner, next
	return a.revoke(now), nil
}

// SetDisabled lets an account sign in or not. Who enables it gives it what it may do, and has to
// hold that. Errors: ROLE_ESCALATION, LAST_OWNER.
func (a Account) SetDisabled(by Actor, disabled bool, owners int, now time.Time) (Account, error) {
	if err := a.MayTouch(by); err != nil {
		return a, err
	}
	if !disabled {
		if err := MayGrant(by, a.state.Owner, a.state.Permissions); err != nil {
			return a, err
		}
	}
	if a.state.Owner && disabled && !a.state.Disabled && owners <= 1 {
		return a, errLastOwner()
	}
	if a.state.Disabled == disabled {
		return a, nil
	}
	a.state.Disabled = disabled
	return a.revoke(now), nil
}

// Revoke ends the access tokens that there are.
func (a Account) Revoke(now time.Time) Account { return a.revoke(now) }

// MayTouch refuses a change of one's own account, and that of an account which holds a
// permission to change something by anybody but an owner: ROLE_ESCALATION.
func (a Account) MayTouch(by Actor) error {
	switch {
	case by.AccountID == a.state.ID:
		return fault.New(fault.PermissionDenied, ReasonRoleEscalation, "nobody changes their own account: have somebody else do it")
	case !by.Owner && (a.state.Owner || HoldsWrite(a.state.Permissions)):
		return fault.New(fault.PermissionDenied, ReasonRoleEscalation,
			"account %s may change something in the shop: only an owner changes it", a.state.ID)
	}
	return nil
}

// MayGrant refuses to give what one lacks: ROLE_ESCALATION.
func MayGrant(by Actor, owner bool, permissions []Permission) error {
	if owner && !by.Owner {
		return fault.New(fault.PermissionDenied, ReasonRoleEscalation, "only an owner makes another one")
	}
	if p, lacks := by.lacks(permissions); lacks {
		return fault.New(fault.PermissionDenied, ReasonRoleEscalation, "nobody grants what they lack: permission %s", p)
	}
	return nil
}

func errLastOwner() error {
	return fault.New(fault.FailedPrecondition, ReasonLastOwner, "this is the last owner who may sign in: make another one first")
}

func (a Account) revoke(now time.Time) Account {
	a.state.Epoch++
	return a.changed(now)
}

func (a Account) changed(now time.Time) Account {
	a.state.Version++
	a.state.UpdateTime = now
	return a
}
