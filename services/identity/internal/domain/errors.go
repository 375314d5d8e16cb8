package domain

import (
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// The reasons of accounts and sessions (shopmesh.errors.v1.Reason).
const (
	ReasonCredentialsInvalid fault.Reason = "CREDENTIALS_INVALID"
	ReasonTokenReused        fault.Reason = "TOKEN_REUSED"
	ReasonLinkInvalid        fault.Reason = "LINK_INVALID"
	ReasonPasswordWeak       fault.Reason = "PASSWORD_WEAK"
	ReasonRoleEscalation     fault.Reason = "ROLE_ESCALATION"
	ReasonLastOwner          fault.Reason = "LAST_OWNER"
	ReasonAccountNotFound    fault.Reason = "ACCOUNT_NOT_FOUND"
	ReasonSessionNotFound    fault.Reason = "SESSION_NOT_FOUND"
	ReasonAPIKeyNotFound     fault.Reason = "API_KEY_NOT_FOUND"
	ReasonEmailTaken         fault.Reason = "EMAIL_TAKEN"
)

// ErrCredentialsInvalid is the one answer to a sign-in that failed: it is the same for an
// address that nobody has, a wrong password, a wrong code and a disabled account.
func ErrCredentialsInvalid() *fault.Error {
	return fault.New(fault.Unauthenticated, ReasonCredentialsInvalid, "e-mail address, password or code is wrong")
}

// ErrTooManyFailures refuses a sign-in for what failed before; it is the same for an
// address that nobody has.
func ErrTooManyFailures(wait time.Duration) *fault.Error {
	return fault.New(fault.Exhausted, fault.ReasonRateLimited,
		"too many sign-ins failed: wait, or have a link mailed to reset the password").RetryAfter(wait)
}

// ErrHashing refuses what needs a password hashed while too many others wait for that.
func ErrHashing() *fault.Error {
	return fault.New(fault.Exhausted, fault.ReasonRateLimited, "too many sign-ins wait: try again after the delay").RetryAbout(2 * time.Second)
}

// ErrNoHashing refuses what needs a password hashed while that can't be done.
func ErrNoHashing() *fault.Error {
	return fault.New(fault.Unavailable, fault.ReasonUnavailable, "passwords can't be checked at the moment: try again after the delay").RetryAbout(2 * time.Second)
}

// ErrLinkInvalid is the one answer to a link that is used, expired, of another purpose,
// or none at all.
func ErrLinkInvalid() *fault.Error {
	return fault.New(fault.Invalid, ReasonLinkInvalid, "the link is used, expired or incomplete: request a new one")
}

// ErrTokenExpired is the fault of a session that is over.
func ErrTokenExpired() *fault.Error {
	return fault.New(fault.Unauthenticated, fault.ReasonTokenExpired, "the session is over: sign in again")
}

// ErrNoAccount is the fault of a call about the caller's own account by a token of the
// operator's socket.
func ErrNoAccount() *fault.Error {
	return fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied,
		"a token of the operator's socket stands for no account: sign in to call this")
}

// ErrTokenReused is the fault of a refresh token that had a successor already: two hold
// the session, and nobody knows which of them is its owner.
func ErrTokenReused() *fault.Error {
	return fault.New(fault.Unauthenticated, ReasonTokenReused,
		"this refresh token was used before, so the session was ended: sign in again")
}

// ErrAccountNotFound is the fault for an id that no account has.
func ErrAccountNotFound(id uuid.UUID) *fault.Error {
	return fault.New(fault.NotFound, ReasonAccountNotFound, "no account has the id %s", id).With("account_id", id.String())
}

// ErrSessionNotFound is the fault for an id that none of the caller's sessions has.
func ErrSessionNotFound(id uuid.UUID) *fault.Error {
	return fault.New(fault.NotFound, ReasonSessionNotFound, "none of your sessions has the id %s", id).With("session_id", id.String())
}

// SessionIsOver reports whether an error means that a session ended for good.
func SessionIsOver(err error) bool {
	reason := fault.ReasonOf(err)
	return reason == fault.ReasonTokenExpired || reason == ReasonTokenReused
}

// ErrAPIKeyNotFound is the fault for an id that no API key has.
func ErrAPIKeyNotFound(id uuid.UUID) *fault.Error {
	return fault.New(fault.NotFound, ReasonAPIKeyNotFound, "no API key has the id %s", id).With("api_key_id", id.String())
}

// ErrAPIKeyInUse is the fault of a request that made an API key which was used or revoked since,
// so that it gets no other secret.
func ErrAPIKeyInUse(requestID, keyID uuid.UUID) *fault.Error {
	return fault.New(fault.AlreadyExists, fault.ReasonRequestIDReused,
		"request_id %s made the API key %s, which was used or revoked since; make another key with a new id", requestID, keyID).
		With("request_id", requestID.String())
}

// ErrEmailTaken is the fault for inviting an address that a member of staff has.
func ErrEmailTaken() *fault.Error {
	return fault.New(fault.AlreadyExists, ReasonEmailTaken, "a member of staff has this e-mail address").
		Field("email", "is that of a member of staff")
}
