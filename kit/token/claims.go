package token

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jws"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
)

// The types (typ) of our JWTs. One is never taken for the other (RFC 8725, 3.11).
const (
	accessType  = "at+jwt"
	serviceType = "service+jwt"
)

// The lives that tokens may have at most. A token that states a longer one is refused.
const (
	// AccessLife is that of an access token.
	AccessLife = 5 * time.Minute
	// APIKeyLife is that of an access token which stands for an API key.
	APIKeyLife = time.Minute
	// OperatorLife is that of an access token which the operator's socket hands out.
	OperatorLife = 12 * time.Hour
	// ServiceLife is that of a service token.
	ServiceLife = time.Minute
)

// clockLeeway is how far the clocks of an issuer and a verifier may be apart. It counts for
// the beginning of a token's life only.
const clockLeeway = 5 * time.Second

// AccessClaims are what an access token states of an account.
type AccessClaims struct {
	// Account is the account's id (sub).
	Account string
	// Session is the session's id (sid); empty for an API key and from the operator's socket.
	Session string
	// Epoch is the account's epoch; a token with an earlier one than the account's is revoked.
	Epoch int64
	// Kind is Customer, Staff or Owner. From the operator's socket alone it may be Service;
	// then Account is the context's name.
	Kind authz.Kind
	// Customer is the customer's id, for Customer alone.
	Customer string
	// Permissions are those of staff and of API keys.
	Permissions []optionsv1.Permission
	// AuthTime is when the account last proved who it is.
	AuthTime time.Time
	// StepUpAge is for how long after AuthTime the account may do what needs a step-up
	// (step_up_seconds), in whole seconds; 0 for authz.StepUpAge.
	StepUpAge time.Duration
	// Methods are how it did (amr): "pwd", authz.MethodOTP, authz.MethodOperator.
	Methods []string
	// HasOTP reports that the account has one-time codes (totp).
	HasOTP bool
	// MustEnroll reports that it needs them before it may do anything for the shop (enroll).
	MustEnroll bool
	// APIKey is the id of the API key that the token stands for.
	APIKey string
}

// life is how long a token with these claims may be good.
func (c AccessClaims) life() time.Duration {
	switch {
	case slices.Contains(c.Methods, authz.MethodOperator):
		return OperatorLife
	case c.APIKey != "":
		return APIKeyLife
	default:
		return AccessLife
	}
}

// check returns what is wrong with the claims, whoever signed them.
func (c AccessClaims) check() error {
	operator := slices.Contains(c.Methods, authz.MethodOperator)
	switch {
	case c.Account == "":
		return errors.New("no account is named")
	case operator && c.APIKey != "":
		return errors.New("an API key is no operator")
	case c.MustEnroll && (operator || c.HasOTP || c.APIKey != "" || c.Kind != authz.Staff && c.Kind != authz.Owner):
		return errors.New("only those who work for the shop and have no codes must enroll some")
	case c.Kind == authz.Customer:
		if id, err := uuid.Parse(c.Customer); err != nil || id == uuid.Nil || id.String() != c.Customer || c.APIKey != "" || len(c.Permissions) > 0 {
			return errors.New("a customer has a customer's id, and neither permissions nor API keys")
		}
	case c.Customer != "":
		return errors.New("only a customer has a customer's id")
	case c.Kind == authz.Staff:
	case c.Kind == authz.Owner && c.APIKey == "":
	case c.Kind == authz.Service && operator:
	default:
		return fmt.Errorf("there are no access tokens for a %s", c.Kind)
	}
	return nil
}

// claims are those of all our JWTs, as they are encoded.
type claims struct {
	Issuer    string `json:"iss"`
	Audience  string `json:"aud"`
	IssuedAt  *int64 `json:"iat"`
	NotBefore *int64 `json:"nbf"`
	Expires   *int64 `json:"exp"`

	Account     string   `json:"sub,omitempty"`
	Session     string   `json:"sid,omitempty"`
	Epoch       int64    `json:"epoch,omitempty"`
	Kind        string   `json:"kind,omitempty"`
	Customer    string   `json:"customer_id,omitempty"`
	Permissions []string `json:"permissions,omitempty"`
	AuthTime    int64    `json:"auth_time,omitempty"`
	StepUp      int64    `json:"step_up_seconds,omitempty"`
	Methods     []string `json:"amr,omitempty"`
	HasOTP      bool     `json:"totp,omitempty"`
	MustEnroll  bool     `json:"enroll,omitempty"`
	APIKey      string   `json:"api_key,omitempty"`
}

var errTimes = errors.New("its times are missing or contradict each other")

// checkLife compares the token's times with the clock and with the life that it may have.
func (c claims) checkLife(now time.Time, longest time.Duration) (expired bool, err error) {
	if c.IssuedAt == nil || c.NotBefore == nil || c.Expires == nil {
		return false, errTimes
	}
	issued, begins, ends := time.Unix(*c.IssuedAt, 0), time.Unix(*c.NotBefore, 0), time.Unix(*c.Expires, 0)
	switch soon := now.Add(clockLeeway); {
	case !ends.After(issued), ends.Sub(issued) > longest, issued.After(soon), begins.After(soon):
		return false, errTimes
	}
	return !now.Before(ends), nil
}

const permissionPrefix = "PERMISSION_"

func (c AccessClaims) encode() claims {
	encoded := claims{
		Account: c.Account, Session: c.Session, Epoch: c.Epoch, Kind: c.Kind.String(), Customer: c.Customer,
		Methods: c.Methods, HasOTP: c.HasOTP, MustEnroll: c.MustEnroll, APIKey: c.APIKey,
	}
	if !c.AuthTime.IsZero() {
		encoded.AuthTime = c.AuthTime.Unix()
	}
	if c.StepUpAge != authz.StepUpAge {
		encoded.StepUp = int64(c.StepUpAge / time.Second)
	}
	for _, permission := range c.Permissions {
		encoded.Permissions = append(encoded.Permissions, strings.TrimPrefix(permission.String(), permissionPrefix))
	}
	return encoded
}

func (c claims) access() (AccessClaims, error) {
	decoded := AccessClaims{
		Account: c.Account, Session: c.Session, Epoch: c.Epoch, Kind: kindNamed(c.Kind), Customer: c.Customer,
		Methods: c.Methods, HasOTP: c.HasOTP, MustEnroll: c.MustEnroll, APIKey: c.APIKey,
		StepUpAge: time.Duration(c.StepUp) * time.Second,
	}
	if c.AuthTime != 0 {
		decoded.AuthTime = time.Unix(c.AuthTime, 0)
	}
	for _, name := range c.Permissions {
		// A newer identity may know a permission that no RPC here requires.
		if number, ok := optionsv1.Permission_value[permissionPrefix+name]; ok && number != 0 {
			decoded.Permissions = append(decoded.Permissions, optionsv1.Permission(number))
		}
	}
	return decoded, decoded.check()
}

func kindNamed(name string) authz.Kind {
	for _, kind := range []authz.Kind{authz.Customer, authz.Staff, authz.Owner, authz.Service} {
		if kind.String() == name {
			return kind
		}
	}
	return authz.Anonymous
}

func sign(key *Key, kind string, content claims) (string, error) {
	payload, err := json.Marshal(content)
	if err != nil {
		return "", fmt.Errorf("encode claims: %w", err)
	}
	headers := jws.NewHeaders()
	for name, value := range map[string]string{jws.TypeKey: kind, jws.KeyIDKey: key.id} {
		if err := headers.Set(name, value); err != nil {
			return "", fmt.Errorf("set a token's header: %w", err)
		}
	}
	signed, err := jws.Sign(payload, jws.WithKey(jwa.ES256(), key.private, jws.WithProtectedHeaders(headers)))
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return string(signed), nil
}
