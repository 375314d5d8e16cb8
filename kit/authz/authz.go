// Package authz identifies callers and decides which RPCs they may call. kit/rpc uses it
// on every call: it authenticates the caller and compares it with the RPC's authorization
// option (shopmesh.options.v1.authorization). Whether a customer or a guest owns a resource
// is checked in the use case, against the loaded resource.
package authz

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
)

// StepUpAge is how long ago a caller may have proved who they are for an RPC that needs
// a step-up, unless their token states another age.
const StepUpAge = 10 * time.Minute

// Header is what an Authenticator reads: the request's headers.
type Header interface {
	// Get returns the first value of a header, and "" when it is not there.
	Get(key string) string
	// Values returns all values of a header.
	Values(key string) []string
}

// Authenticator finds out who calls. It returns an anonymous Identity when there
// are no credentials, and an Unauthenticated fault when they are not good.
type Authenticator interface {
	Authenticate(ctx context.Context, header Header) (Identity, error)
}

// Revoker is an Authenticator that knows when a caller would be refused who was let in
// before: it is called again and again while a call lasts.
type Revoker interface {
	// Revoked returns the fault with which a lasting call of this caller ends; nil while
	// their token is good.
	Revoked(caller Identity) error
}

// AuthenticatorFunc is a function that authenticates.
type AuthenticatorFunc func(ctx context.Context, header Header) (Identity, error)

// Authenticate calls f.
func (f AuthenticatorFunc) Authenticate(ctx context.Context, header Header) (Identity, error) {
	return f(ctx, header)
}

// Option returns the authorization option of an RPC; nil when it states none, or
// one that lets nobody in.
func Option(method protoreflect.MethodDescriptor) *optionsv1.Authorization {
	options, ok := method.Options().(*descriptorpb.MethodOptions)
	if !ok || options == nil || !proto.HasExtension(options, optionsv1.E_Authorization) {
		return nil
	}
	option, _ := proto.GetExtension(options, optionsv1.E_Authorization).(*optionsv1.Authorization)
	if option.GetPublic() || option.GetService() || len(option.GetServices()) > 0 || forPeople(option) {
		return option
	}
	return nil
}

// forPeople reports whether the option lets in any callers but services and everyone.
func forPeople(option *optionsv1.Authorization) bool {
	return option.GetResourceOwner() || option.GetSignedIn() || option.GetGuestOrder() || option.GetGuestCart() ||
		option.GetPermission() != optionsv1.Permission_PERMISSION_UNSPECIFIED
}

// Check lets the caller in or returns why not: Unauthenticated when showing
// credentials could help, else PermissionDenied. A nil option lets nobody in.
func Check(option *optionsv1.Authorization, caller Identity, now time.Time) error {
	switch {
	case option == nil:
		return fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied, "nobody may call this")
	case option.GetPublic():
		return nil
	case caller.Kind == Anonymous:
		return fault.New(fault.Unauthenticated, fault.ReasonUnauthenticated, "sign in to call this")
	case caller.MustEnroll && forPeople(option) && !option.GetSignedIn():
		return fault.New(fault.PermissionDenied, fault.ReasonStepUpRequired,
			"set up one-time codes first (EnrollTotp, ConfirmTotp), then refresh the session: this shop requires them of those who work for it").
			With("enroll", "true")
	case !fits(option, caller):
		return denied(option, caller)
	case caller.APIKey != "" && (option.GetNoApiKey() || option.GetStepUp()):
		return fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied, "an API key may not call this: sign in")
	case option.GetStepUp():
		return SteppedUp(caller, now)
	}
	return nil
}

func fits(option *optionsv1.Authorization, caller Identity) bool {
	switch caller.Kind {
	case Owner:
		if caller.APIKey == "" {
			return forPeople(option)
		}
	case Customer:
		if option.GetResourceOwner() {
			return true
		}
	case Service:
		if option.GetService() || slices.Contains(option.GetServices(), caller.ID) {
			return true
		}
	case Guest:
		return option.GetGuestOrder() && caller.GuestOrder != nil || option.GetGuestCart() && caller.Cart != nil
	default:
	}
	return caller.May(option.GetPermission()) || option.GetSignedIn() && caller.SignedIn()
}

func denied(option *optionsv1.Authorization, caller Identity) error {
	if permission := option.GetPermission(); permission != optionsv1.Permission_PERMISSION_UNSPECIFIED {
		return fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied,
			"calling this needs the permission %s", permission).With("permission", permission.String())
	}
	if named := option.GetServices(); caller.Kind == Service && len(named) > 0 {
		return fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied,
			"of the services only %s may call this, not %s", strings.Join(named, " and "), caller.ID)
	}
	return fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied, "callers of the kind %q may not call this", caller.Kind.String())
}

// SteppedUp returns nil when the caller proved of late who they are (Identity.StepUpAge), with a
// one-time code where the account has these, and else a fault STEP_UP_REQUIRED. It is for
// use cases that need it of some requests only; for whole RPCs there is the option step_up.
// Services and tokens of the operator's socket need no proof: the first act for somebody
// who was let in, the second are handed out to whoever owns the machine.
func SteppedUp(caller Identity, now time.Time) error {
	if caller.Kind == Service || slices.Contains(caller.Methods, MethodOperator) {
		return nil
	}
	if !caller.SignedIn() {
		return fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied, "a %s may not call this: sign in", caller.Kind)
	}
	longest := cmp.Or(caller.StepUpAge, StepUpAge)
	recent := !caller.AuthTime.IsZero() && now.Sub(caller.AuthTime) <= longest
	if recent && (!caller.HasOTP || slices.Contains(caller.Methods, MethodOTP)) {
		return nil
	}
	return fault.New(fault.PermissionDenied, fault.ReasonStepUpRequired,
		"prove again who you are, then repeat this with the new token: it takes a proof of the last %d minutes", int(longest.Minutes())).
		With("max_age_seconds", strconv.Itoa(int(longest.Seconds()))).With("otp", strconv.FormatBool(caller.HasOTP))
}

// CheckMethods returns an error that names every given RPC without an authorization
// option, or with one that contradicts itself.
func CheckMethods(methods []protoreflect.MethodDescriptor) error {
	var missing, contradictory []protoreflect.FullName
	for _, method := range methods {
		switch option := Option(method); {
		case option == nil:
			missing = append(missing, method.FullName())
		case option.GetPublic() && (option.GetStepUp() || option.GetNoApiKey()), option.GetService() && len(option.GetServices()) > 0:
			contradictory = append(contradictory, method.FullName())
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("RPCs without the option (shopmesh.options.v1.authorization): %v", missing)
	}
	if len(contradictory) > 0 {
		return fmt.Errorf("RPCs whose option (shopmesh.options.v1.authorization) is public and restricted at once, or for all services and for some: %v", contradictory)
	}
	return nil
}
