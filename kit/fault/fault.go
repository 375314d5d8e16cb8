// Package fault holds the one error type that a domain returns on purpose: a
// kind, which becomes the status code, a reason, which programs act on, and a
// message, which people act on. kit/rpc turns a fault into a status; any other
// error is internal, and its text never leaves the process.
package fault

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

// Kind is which sort of failure a fault is; it decides the status code.
type Kind int

// The kinds. The zero Kind is Internal, so that a fault that was built wrongly
// reveals nothing.
const (
	// Internal is a failure of ours; the message is never sent.
	Internal Kind = iota
	// Invalid is a request that is wrong whatever the state: INVALID_ARGUMENT.
	Invalid
	// NotFound is a resource that is not there, or not the caller's: NOT_FOUND.
	NotFound
	// AlreadyExists is a resource that is there already: ALREADY_EXISTS.
	AlreadyExists
	// FailedPrecondition is a request that the present state refuses: FAILED_PRECONDITION.
	FailedPrecondition
	// Aborted is a conflict with another writer, such as a stale etag: ABORTED.
	Aborted
	// PermissionDenied is a known caller who may not do this: PERMISSION_DENIED.
	PermissionDenied
	// Unauthenticated is a caller who is not known: UNAUTHENTICATED.
	Unauthenticated
	// Exhausted is a limit that the caller reached: RESOURCE_EXHAUSTED.
	Exhausted
	// Unavailable is a component that is away; trying again can help: UNAVAILABLE.
	Unavailable
	// Unimplemented is an operation that does not exist: UNIMPLEMENTED.
	Unimplemented
	// DeadlineExceeded is a call that ran out of its time: DEADLINE_EXCEEDED.
	DeadlineExceeded
	// Cancelled is a call whose caller went away: CANCELLED.
	Cancelled
)

// String returns the kind's status name, such as "NOT_FOUND".
func (k Kind) String() string {
	switch k {
	case Invalid:
		return "INVALID_ARGUMENT"
	case NotFound:
		return "NOT_FOUND"
	case AlreadyExists:
		return "ALREADY_EXISTS"
	case FailedPrecondition:
		return "FAILED_PRECONDITION"
	case Aborted:
		return "ABORTED"
	case PermissionDenied:
		return "PERMISSION_DENIED"
	case Unauthenticated:
		return "UNAUTHENTICATED"
	case Exhausted:
		return "RESOURCE_EXHAUSTED"
	case Unavailable:
		return "UNAVAILABLE"
	case Unimplemented:
		return "UNIMPLEMENTED"
	case DeadlineExceeded:
		return "DEADLINE_EXCEEDED"
	case Cancelled:
		return "CANCELLED"
	default:
		return "INTERNAL"
	}
}

// Reason is the machine-readable cause: the name of a value of
// shopmesh.errors.v1.Reason without its prefix REASON_. A domain declares its
// own as constants.
type Reason string

// The reasons that no single domain owns.
const (
	ReasonInvalidField       Reason = "INVALID_FIELD"
	ReasonMalformedRequest   Reason = "MALFORMED_REQUEST"
	ReasonRequestTooLarge    Reason = "REQUEST_TOO_LARGE"
	ReasonPageTokenInvalid   Reason = "PAGE_TOKEN_INVALID"
	ReasonFilterInvalid      Reason = "FILTER_INVALID"
	ReasonUnknownRPC         Reason = "UNKNOWN_RPC"
	ReasonInternal           Reason = "INTERNAL"
	ReasonUnavailable        Reason = "UNAVAILABLE"
	ReasonDeadlineExceeded   Reason = "DEADLINE_EXCEEDED"
	ReasonCancelled          Reason = "CANCELLED"
	ReasonDraining           Reason = "DRAINING"
	ReasonUnauthenticated    Reason = "UNAUTHENTICATED"
	ReasonTokenExpired       Reason = "TOKEN_EXPIRED"
	ReasonPermissionDenied   Reason = "PERMISSION_DENIED"
	ReasonStepUpRequired     Reason = "STEP_UP_REQUIRED"
	ReasonEtagMismatch       Reason = "ETAG_MISMATCH"
	ReasonRequestIDReused    Reason = "REQUEST_ID_REUSED"
	ReasonTooManyStreams     Reason = "TOO_MANY_STREAMS"
	ReasonTooManyCalls       Reason = "TOO_MANY_CALLS"
	ReasonRateLimited        Reason = "RATE_LIMITED"
	ReasonContextNotFound    Reason = "CONTEXT_NOT_FOUND"
	ReasonDeadLetterNotFound Reason = "DEAD_LETTER_NOT_FOUND"
)

// Violation is one field of a request that breaks a rule.
type Violation struct {
	// Field is the path in the contract's snake_case: "lines[1].quantity".
	Field string
	// Description is what is wrong, with the value or its bound.
	Description string
	// Rule is what is broken, for programs to say it in a person's language.
	Rule Rule
}

// Error is a failure that reaches the caller. Its methods that add something
// return a changed copy, so that a declared fault can be shared.
type Error struct {
	kind       Kind
	reason     Reason
	message    string
	metadata   map[string]string
	violations []Violation
	unlisted   int // violations that are left out; Uncounted when there are some
	retryAfter time.Duration
	details    []any
	cause      error
}

// New returns a fault. The formatted message reaches the caller: it names what is
// wrong, with which value, and what to do. It never holds an error's text; give
// that to Because. A text among args is cut to 200 bytes: it mostly is a value that the
// caller sent, which can be of any length.
func New(kind Kind, reason Reason, format string, args ...any) *Error {
	message := format
	if len(args) > 0 {
		message = fmt.Sprintf(format, cutArgs(args)...)
	}
	return &Error{kind: kind, reason: reason, message: message}
}

// WithMessage replaces the text for the caller, which stays as it is.
func (e *Error) WithMessage(message string) *Error {
	c := *e
	c.message = message
	return &c
}

// Fields returns an Invalid fault with all violations, and nil when there are
// none. The result is an *Error: return it as an error only when it is not nil.
func Fields(violations ...Violation) *Error {
	return FirstFields(len(violations), len(violations), violations...)
}

// Uncounted is the total of violations of which only the first ones were looked for.
const Uncounted = -1

// FirstFields is Fields with the first most violations out of a total, which may be
// greater than the number of those given, or Uncounted.
func FirstFields(most, total int, violations ...Violation) *Error {
	if len(violations) == 0 {
		return nil
	}
	first := violations[0]
	message := fmt.Sprintf("%s: %s", Cut(first.Field, maxEcho), first.Description)
	if first.Field == "" {
		message = first.Description
	}
	kept := slices.Clone(violations[:min(len(violations), most)])
	unlisted := total - len(kept)
	switch {
	case total == Uncounted:
		message, unlisted = message+" (and more)", Uncounted
	case total > 1:
		message += fmt.Sprintf(" (and %d more)", total-1)
	}
	return &Error{kind: Invalid, reason: ReasonInvalidField, message: message, violations: kept, unlisted: unlisted}
}

// Of returns the fault that err is or wraps.
func Of(err error) (*Error, bool) {
	var fault *Error
	if errors.As(err, &fault) && fault != nil {
		return fault, true
	}
	return nil, false
}

// ReasonOf returns the reason of the fault that err is or wraps, and "" when it
// is none.
func ReasonOf(err error) Reason {
	if fault, ok := Of(err); ok {
		return fault.reason
	}
	return ""
}

// With adds a value to the reason's metadata (google.rpc.ErrorInfo.metadata).
func (e *Error) With(key, value string) *Error {
	c := *e
	c.metadata = maps.Clone(e.metadata)
	if c.metadata == nil {
		c.metadata = make(map[string]string, 1)
	}
	c.metadata[key] = value
	return &c
}

// Field adds a violation of the request's field at path, which is in the
// contract's snake_case: "lines[1].quantity".
func (e *Error) Field(path, description string) *Error {
	return e.Violating(Violation{Field: path, Description: description})
}

// Violating adds violations.
func (e *Error) Violating(violations ...Violation) *Error {
	c := *e
	c.violations = append(slices.Clip(slices.Clone(e.violations)), violations...)
	return &c
}

// RetryAfter sets how long the caller is to wait before trying again.
func (e *Error) RetryAfter(d time.Duration) *Error {
	c := *e
	c.retryAfter = d
	return &c
}

// RetryAbout is RetryAfter with the delay half as long or up to half longer, by
// chance: callers that were refused together come again one by one.
func (e *Error) RetryAbout(d time.Duration) *Error { return e.RetryAfter(d/2 + rand.N(d)) }

// Detail adds a further detail. A proto.Message travels as it is; anything else
// must be turned into one by the service's rpc layer with MapDetails, and is
// dropped otherwise.
func (e *Error) Detail(detail any) *Error {
	c := *e
	c.details = append(slices.Clip(slices.Clone(e.details)), detail)
	return &c
}

// Forms is a detail in several forms, the fullest first: the first that fits into an
// error travels.
type Forms []any

// MapDetails replaces each detail by what convert returns for it; nil drops it.
func (e *Error) MapDetails(convert func(any) any) *Error {
	c := *e
	c.details = nil
	for _, detail := range e.details {
		if converted := convert(detail); converted != nil {
			c.details = append(c.details, converted)
		}
	}
	return &c
}

// Because names the cause, which is logged and never sent.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// Error returns kind, reason, message and cause: for logs, never for callers.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s %s: %s", e.kind, e.reason, e.message)
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is a fault of the same kind and reason.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other != nil && e.kind == other.kind && e.reason == other.reason
}

// Kind returns the sort of failure.
func (e *Error) Kind() Kind { return e.kind }

// Reason returns the machine-readable cause.
func (e *Error) Reason() Reason { return e.reason }

// Message returns the text for the caller.
func (e *Error) Message() string { return e.message }

// Metadata returns the reason's metadata; the map must not be changed.
func (e *Error) Metadata() map[string]string { return e.metadata }

// Violations returns the fields that break a rule; the slice must not be changed.
func (e *Error) Violations() []Violation { return e.violations }

// Unlisted returns how many violations are left out of Violations, or Uncounted when there
// are some and nobody counted them.
func (e *Error) Unlisted() int { return e.unlisted }

// RetryDelay returns how long to wait before trying again; 0 when it is not set.
func (e *Error) RetryDelay() time.Duration { return e.retryAfter }

// Details returns the further details; the slice must not be changed.
func (e *Error) Details() []any { return e.details }
