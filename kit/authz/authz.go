// Package authz identifies callers and decides which RPCs they may call. kit/rpc uses it
// on every call: it authenticates the caller and compares it with the RPC's authorization
// option (shopmesh.options.v1.authorization). Whether a customer owns a resource is
// checked in the use case, against the loaded resource.
package authz

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
)

// Kind is which sort of caller an identity is.
type Kind int

// The kinds of callers. The zero Kind is Anonymous, which may do the least.
const (
	// Anonymous is a caller who showed no credentials.
	Anonymous Kind = iota
	// Customer is someone who buys; the id is the customer's.
	Customer
	// Staff is someone who works for the shop, with stated permissions.
	Staff
	// Owner is the shop's owner, who may do everything.
	Owner
	// Service is another service of the shop; the id is its context's name.
	Service
)

// String returns the kind in small letters, as logs show it.
func (k Kind) String() string {
	switch k {
	case Customer:
		return "customer"
	case Staff:
		return "staff"
	case Owner:
		return "owner"
	case Service:
		return "service"
	default:
		return "anonymous"
	}
}

// Identity is who calls. The zero Identity is an anonymous caller.
type Identity struct {
	Kind Kind
	// ID names the caller within its kind: the customer's id, the account's id,
	// the service's name. Empty for an anonymous caller.
	ID string
	// Permissions are what a member of staff may do; the owner needs none.
	Permissions []optionsv1.Permission
}

// Key names the caller among all kinds, such as "customer/0190…" or "owner": for
// idempotency records, limits and logs. It holds no personal data.
func (i Identity) Key() string {
	if i.ID == "" {
		return i.Kind.String()
	}
	return i.Kind.String() + "/" + i.ID
}

// May reports whether the caller holds a permission.
func (i Identity) May(permission optionsv1.Permission) bool {
	switch i.Kind {
	case Owner:
		return true
	case Staff:
		return permission != optionsv1.Permission_PERMISSION_UNSPECIFIED &&
			slices.Contains(i.Permissions, permission)
	default:
		return false
	}
}

// Owns reports whether the caller is the customer of this id.
func (i Identity) Owns(customerID string) bool {
	return i.Kind == Customer && customerID != "" && i.ID == customerID
}

// Trusted reports whether the caller is staff, the owner or a service of the
// shop, for limits that hold for the public only.
func (i Identity) Trusted() bool {
	return i.Kind == Owner || i.Kind == Staff || i.Kind == Service
}

type callerKey struct{}

// WithCaller returns a context whose caller is identity.
func WithCaller(ctx context.Context, identity Identity) context.Context {
	return context.WithValue(ctx, callerKey{}, identity)
}

// Caller returns who calls; an anonymous caller when nothing names one.
func Caller(ctx context.Context) Identity {
	identity, _ := ctx.Value(callerKey{}).(Identity)
	return identity
}

// Header is what an Authenticator reads: the request's headers.
type Header interface {
	// Get returns the first value of a header, and "" when it is not there.
	Get(key string) string
}

// Authenticator finds out who calls. It returns an anonymous Identity when there
// are no credentials, and an Unauthenticated fault when they are not good.
type Authenticator interface {
	Authenticate(ctx context.Context, header Header) (Identity, error)
}

// AuthenticatorFunc is a function that authenticates.
type AuthenticatorFunc func(ctx context.Context, header Header) (Identity, error)

// Authenticate calls f.
func (f AuthenticatorFunc) Authenticate(ctx context.Context, header Header) (Identity, error) {
	return f(ctx, header)
}

// EveryoneIsOwner takes every caller for the owner. It is right only where
// nobody but the owner can connect: on loopback, or behind something that checks.
func EveryoneIsOwner() Authenticator {
	return AuthenticatorFunc(func(context.Context, Header) (Identity, error) {
		return Identity{Kind: Owner}, nil
	})
}

// Option returns the authorization option of an RPC; nil when it states none, or
// one that lets nobody in.
func Option(method protoreflect.MethodDescriptor) *optionsv1.Authorization {
	options, ok := method.Options().(*descriptorpb.MethodOptions)
	if !ok || options == nil || !proto.HasExtension(options, optionsv1.E_Authorization) {
		return nil
	}
	option, _ := proto.GetExtension(options, optionsv1.E_Authorization).(*optionsv1.Authorization)
	if option.GetPublic() || option.GetResourceOwner() || option.GetService() ||
		option.GetPermission() != optionsv1.Permission_PERMISSION_UNSPECIFIED {
		return option
	}
	return nil
}

// Check lets the caller in or returns why not: Unauthenticated when showing
// credentials could help, else PermissionDenied. A nil option lets nobody in.
func Check(option *optionsv1.Authorization, caller Identity) error {
	switch {
	case option == nil:
		return fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied, "nobody may call this")
	case option.GetPublic(), caller.Kind == Owner:
		return nil
	case caller.May(option.GetPermission()):
		return nil
	case option.GetResourceOwner() && caller.Kind == Customer:
		return nil
	case option.GetService() && caller.Kind == Service:
		return nil
	case caller.Kind == Anonymous:
		return fault.New(fault.Unauthenticated, fault.ReasonUnauthenticated, "sign in to call this")
	}
	denied := fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied, "a %s may not call this", caller.Kind)
	if permission := option.GetPermission(); permission != optionsv1.Permission_PERMISSION_UNSPECIFIED {
		denied = fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied,
			"calling this needs the permission %s", permission).With("permission", permission.String())
	}
	return denied
}

// CheckMethods returns an error that names every given RPC without an
// authorization option.
func CheckMethods(methods []protoreflect.MethodDescriptor) error {
	var missing []protoreflect.FullName
	for _, method := range methods {
		if Option(method) == nil {
			missing = append(missing, method.FullName())
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("RPCs without the option (shopmesh.options.v1.authorization): %v", missing)
	}
	return nil
}
