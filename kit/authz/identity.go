package authz

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
)

// Kind is which sort of caller an identity is.
type Kind int

// The kinds of callers. The zero Kind is Anonymous, which may do the least.
const (
	// Anonymous is a caller who showed no credentials.
	Anonymous Kind = iota
	// Customer is someone who buys; the id is the customer's.
	Customer
	// Staff is someone who works for the shop, or an API key, with stated permissions.
	Staff
	// Owner is the shop's owner, who may do everything that people may.
	Owner
	// Service is another service of the shop; the id is its context's name.
	Service
	// Guest is someone without an account who showed the token of an order or of a cart.
	Guest
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
	case Guest:
		return "guest"
	default:
		return "anonymous"
	}
}

const (
	// MethodOTP is the authentication method (amr, RFC 8176) of a one-time code.
	MethodOTP = "otp"
	// MethodOperator is the method of tokens that the operator's socket hands out.
	MethodOperator = "operator"
)

// GuestOrder is what the token of a guest's order holds. Whether the MAC is the order's
// is judged by the use case that loads the order.
type GuestOrder struct {
	OrderID uuid.UUID
	MAC     []byte
}

// Identity is who calls. The zero Identity is an anonymous caller. Printing or logging one
// shows its Key alone.
type Identity struct {
	Kind Kind
	// ID names the caller within its kind: the customer's id, the account's id, the
	// service's name; of a guest the order's id or the cart token's hash in hex. Empty for an
	// anonymous caller.
	ID string
	// AccountID is the account of a customer, of staff or of the owner.
	AccountID string
	// SessionID is the session that the account signed in with; empty for an API key.
	SessionID string
	// Permissions are what staff, an API key or a service may do; the owner needs none.
	Permissions []optionsv1.Permission
	// AuthTime is when the account last proved who it is.
	AuthTime time.Time
	// StepUpAge is for how long that counts where a step-up is needed, as identity decided; 0
	// for the constant StepUpAge.
	StepUpAge time.Duration
	// Methods are how it did (amr, RFC 8176), such as "pwd" and MethodOTP.
	Methods []string
	// HasOTP reports that the account has one-time codes, and so must prove itself by one.
	HasOTP bool
	// MustEnroll reports that the account works for the shop, needs one-time codes for that,
	// and has none yet: until then it may do nothing but keep its own account.
	MustEnroll bool
	// APIKey is the id of the key that the caller showed; empty when it showed none.
	APIKey string
	// GuestOrder is what the token of a guest's order holds; nil without one.
	GuestOrder *GuestOrder
	// Cart is the SHA-256 of a guest's cart token; nil without one.
	Cart *[32]byte
	// OnBehalfOf is for whom a service calls; nil when it calls for itself.
	OnBehalfOf *Identity
	// Epoch is the account's epoch in the caller's token: once the account has a later one, the
	// token is revoked.
	Epoch int64
	// Expire is when the caller's token expires; zero for a token without an expiry.
	Expire time.Time

	token string
}

// GuestOfOrder returns the guest whose token holds this order.
func GuestOfOrder(order GuestOrder) Identity {
	return Identity{Kind: Guest, ID: order.OrderID.String(), GuestOrder: &order}
}

// GuestOfCart returns the guest whose cart token has this SHA-256.
func GuestOfCart(hash [32]byte) Identity {
	return Identity{Kind: Guest, ID: hex.EncodeToString(hash[:]), Cart: &hash}
}

// WithToken returns the identity with the token that shows it, for handing on.
func (i Identity) WithToken(token string) Identity {
	i.token = token
	return i
}

// Token returns the token that the caller showed: what a service hands on to the service
// that it calls for them. It is a secret: never log or store it.
func (i Identity) Token() string { return i.token }

// Key names the caller among all kinds, such as "customer/0190…" or "owner": for
// idempotency records, limits and logs. It holds no personal data and no secret.
func (i Identity) Key() string {
	if i.ID == "" {
		return i.Kind.String()
	}
	return i.Kind.String() + "/" + i.ID
}

// String returns the Key.
func (i Identity) String() string { return i.Key() }

// Format prints the Key, whatever the verb: an Identity holds secrets.
func (i Identity) Format(state fmt.State, _ rune) { _, _ = fmt.Fprint(state, i.Key()) }

// LogValue logs the Key.
func (i Identity) LogValue() slog.Value { return slog.StringValue(i.Key()) }

// MarshalText returns the Key, so that no encoder writes an Identity's secrets.
func (i Identity) MarshalText() ([]byte, error) { return []byte(i.Key()), nil }

// May reports whether the caller holds a permission: the owner holds all, staff, API keys
// and services those that are stated. Who must enroll one-time codes first holds none.
func (i Identity) May(permission optionsv1.Permission) bool {
	if i.MustEnroll {
		return false
	}
	switch i.Kind {
	case Owner:
		return i.APIKey == "" || i.states(permission)
	case Staff, Service:
		return i.states(permission)
	default:
		return false
	}
}

func (i Identity) states(permission optionsv1.Permission) bool {
	return permission != optionsv1.Permission_PERMISSION_UNSPECIFIED && slices.Contains(i.Permissions, permission)
}

// Owns reports whether the caller is the customer of this id. Nobody owns what has no
// customer, which is an empty id or the nil UUID.
func (i Identity) Owns(customerID string) bool {
	return i.Kind == Customer && customerID != "" && customerID != uuid.Nil.String() && i.ID == customerID
}

// SignedIn reports whether the caller signed in to an account; an API key did not.
func (i Identity) SignedIn() bool {
	return (i.Kind == Customer || i.Kind == Staff || i.Kind == Owner) && i.APIKey == ""
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
