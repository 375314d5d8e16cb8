package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	activityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/activity/v1"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/token"
)

// The lives that an operator's token may have; LongestOperatorLife is that of verifiers.
const (
	ShortestOperatorLife = 5 * time.Minute
	LongestOperatorLife  = token.OperatorLife
)

// OperatorToken is what an operator gets.
type OperatorToken struct {
	AccessToken string
	ExpireTime  time.Time
}

// IssueOperatorToken issues an access token to whoever owns the machine's files. As is
// "owner", "staff:PERMISSION,…", "customer:ID" or "service:NAME"; by names the operator, in
// the token (sub) and in the log. Errors: an Invalid fault, which names what is allowed.
func (s *SigningKeys) IssueOperatorToken(ctx context.Context, as string, life time.Duration, by string) (OperatorToken, error) {
	claims, err := s.operatorClaims(as, by)
	if err != nil {
		return OperatorToken{}, err
	}
	if life < ShortestOperatorLife || life > LongestOperatorLife || life%time.Second != 0 {
		return OperatorToken{}, invalid("a token lives from 5m to 12h, in whole seconds, and %v is not", life)
	}
	now := s.Now()
	claims.AuthTime, claims.Methods = now, []string{authz.MethodOperator}
	text, err := s.Access(claims, life)
	if err != nil {
		return OperatorToken{}, err
	}
	expires := now.Truncate(time.Second).Add(life)
	if err := s.record(ctx, as, expires); err != nil {
		return OperatorToken{}, err
	}
	s.Log.InfoContext(ctx, "the operator's socket handed out a token", "by", by, "as", as, "expires", expires)
	return OperatorToken{AccessToken: text, ExpireTime: expires}, nil
}

// record writes into the activity log that an operator gets a token. Without its entry
// nobody gets one.
func (s *SigningKeys) record(ctx context.Context, as string, expires time.Time) error {
	return s.Pool.InTx(ctx, func(ctx context.Context, _ *pg.Tx) error {
		activity.Changed(ctx, "operatorTokens", nil, &activityv1.OperatorToken{As: as, ExpireTime: timestamppb.New(expires)})
		return nil
	})
}

func (s *SigningKeys) operatorClaims(as, by string) (token.AccessClaims, error) {
	role, of, named := strings.Cut(as, ":")
	claims := token.AccessClaims{Account: by}
	switch {
	case role == "owner" && !named:
		claims.Kind = authz.Owner
	case role == "staff" && named:
		claims.Kind = authz.Staff
		permissions, err := permissionsNamed(of)
		if err != nil {
			return claims, err
		}
		claims.Permissions = permissions
	case role == "customer" && named:
		id, err := uuid.Parse(of)
		if err != nil || id == uuid.Nil || id.String() != of {
			return claims, invalid("%q is no customer's id: give the UUID, in small letters", fault.Cut(of, 100))
		}
		claims.Kind, claims.Customer = authz.Customer, of
	case role == "service" && named:
		if !slices.Contains(s.Contexts, of) {
			return claims, invalid("there is no service %q; there are %s", fault.Cut(of, 100), strings.Join(s.Contexts, ", "))
		}
		claims.Kind, claims.Account = authz.Service, of
	default:
		return claims, invalid("%q is no role: write owner, staff:PERMISSION,…, customer:ID or service:NAME", fault.Cut(as, 100))
	}
	return claims, nil
}

const permissionPrefix = "PERMISSION_"

// permissionsNamed reads names such as "ORDERS_READ,STOCK_READ".
func permissionsNamed(list string) ([]optionsv1.Permission, error) {
	var permissions []optionsv1.Permission
	for name := range strings.SplitSeq(list, ",") {
		number, ok := optionsv1.Permission_value[permissionPrefix+name]
		if !ok || number == 0 {
			return nil, invalid("there is no permission %q; there are %s", fault.Cut(name, 100), strings.Join(permissionNames(), ", "))
		}
		if permission := optionsv1.Permission(number); !slices.Contains(permissions, permission) {
			permissions = append(permissions, permission)
		}
	}
	return permissions, nil
}

func permissionNames() []string {
	var names []string
	for number, name := range optionsv1.Permission_name {
		if number != 0 {
			names = append(names, strings.TrimPrefix(name, permissionPrefix))
		}
	}
	slices.Sort(names)
	return names
}

func invalid(format string, args ...any) error {
	return fault.New(fault.Invalid, fault.ReasonInvalidField, format, args...)
}
