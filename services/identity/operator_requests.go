package identity

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/shopmesh/shopmesh/kit/operator"
)

// OperatorTokenLife is that of an operator's token whose life is not named.
const OperatorTokenLife = time.Hour

// Token is an access token that the operator's socket handed out.
type Token struct {
	AccessToken string    `json:"access_token"`
	TokenType   string    `json:"token_type"`
	ExpireTime  time.Time `json:"expire_time"`
}

// IssueToken requests a token from the operator's socket of a running identity, as "owner",
// "staff:PERMISSION,…", "customer:ID" or "service:NAME". Errors: *operator.RefusedError.
func IssueToken(ctx context.Context, socket, as string, life time.Duration) (Token, error) {
	var issued Token
	err := operator.Call(ctx, socket, "/token", map[string]string{"as": as, "for": life.String()}, &issued)
	if err == nil && issued.AccessToken == "" {
		err = fmt.Errorf("the answer of %s holds no token", socket)
	}
	return issued, err
}

// Link opens an account, or makes one.
type Link struct {
	Link       string    `json:"link"`
	Purpose    string    `json:"purpose"`
	ExpireTime time.Time `json:"expire_time"`
}

// Token returns what stands after the # of the link.
func (l Link) Token() string {
	_, token, _ := strings.Cut(l.Link, "#")
	return token
}

// CreateLink requests a link that makes an account, as "owner", "staff:PERMISSION,…" or
// "customer". Errors: *operator.RefusedError, with Exists when there is such an account.
func CreateLink(ctx context.Context, socket, as, email string) (Link, error) {
	return requestLink(ctx, socket, "/link/create", map[string]any{"as": as, "email": email})
}

// RenewLink requests another link for somebody who lost theirs; with resetTotp it also removes
// the second factor of their account. Errors: *operator.RefusedError.
func RenewLink(ctx context.Context, socket, as, email string, resetTotp bool) (Link, error) {
	return requestLink(ctx, socket, "/link/renew", map[string]any{"as": as, "email": email, "reset_totp": resetTotp})
}

func requestLink(ctx context.Context, socket, path string, body map[string]any) (Link, error) {
	var link Link
	err := operator.Call(ctx, socket, path, body, &link)
	if err == nil && link.Token() == "" {
		err = fmt.Errorf("the answer of %s holds no link", socket)
	}
	return link, err
}
