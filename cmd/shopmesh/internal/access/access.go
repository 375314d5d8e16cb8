// Package access gets the tokens that the commands show to a shop, and links to accounts: from
// the operator's socket, tokens also from a file.
package access

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/shopmesh/shopmesh/kit/operator"
)

// Token is an access token.
type Token struct {
	AccessToken string    `json:"access_token"`
	TokenType   string    `json:"token_type"`
	ExpireTime  time.Time `json:"expire_time"`
}

// RefusedError is a request for what there is not, or is already; it names what there is.
type RefusedError struct {
	Message string
	// Exists reports that what was to be made is there already.
	Exists bool
}

// Error implements error.
func (e *RefusedError) Error() string { return e.Message }

// maxBytes bounds an answer, and a file with a token.
const maxBytes = 64 << 10

// Issue requests a token from the operator's socket, as "owner", "staff:PERMISSION,…",
// "customer:ID" or "service:NAME". Errors: *RefusedError.
func Issue(ctx context.Context, socket, as string, life time.Duration) (Token, error) {
	var issued Token
	err := request(ctx, socket, "/token", map[string]string{"as": as, "for": life.String()}, &issued)
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
// "customer". Errors: *RefusedError, with Exists when there is such an account.
func CreateLink(ctx context.Context, socket, as, email string) (Link, error) {
	return requestLink(ctx, socket, "/link/create", map[string]any{"as": as, "email": email})
}

// RenewLink requests another link for somebody who lost theirs; with resetTotp it also removes
// the second factor of their account. Errors: *RefusedError.
func RenewLink(ctx context.Context, socket, as, email string, resetTotp bool) (Link, error) {
	return requestLink(ctx, socket, "/link/renew", map[string]any{"as": as, "email": email, "reset_totp": resetTotp})
}

func requestLink(ctx context.Context, socket, path string, body map[string]any) (Link, error) {
	var link Link
	err := request(ctx, socket, path, body, &link)
	if err == nil && link.Token() == "" {
		err = fmt.Errorf("the answer of %s holds no link", socket)
	}
	return link, err
}

func request(ctx context.Context, socket, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://operator"+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	res, err := operator.Client(socket).Do(req)
	if err != nil {
		return fmt.Errorf("no shop that you may operate answers at %s: %w", socket, errors.Unwrap(err))
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxBytes))
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", socket, err)
	}
	if res.StatusCode != http.StatusOK {
		return refused(socket, res.StatusCode, answer)
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("read the answer of %s: %w", socket, err)
	}
	return nil
}

func refused(socket string, status int, answer []byte) error {
	var refusal operator.Refusal
	if err := json.Unmarshal(answer, &refusal); err != nil || refusal.Error == "" {
		return fmt.Errorf("%s answered %d", socket, status)
	}
	if status == http.StatusBadRequest || status == http.StatusConflict {
		return &RefusedError{Message: refusal.Error, Exists: status == http.StatusConflict}
	}
	return fmt.Errorf("%s: %s", socket, refusal.Error)
}

// FromFile reads a token from a file, "-" from in. An empty name is no token.
func FromFile(name string, in io.Reader) (string, error) {
	switch name {
	case "":
		return "", nil
	case "-":
	default:
		file, err := os.Open(name)
		if err != nil {
			return "", err
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, maxBytes))
	if err != nil {
		return "", fmt.Errorf("read the token in %s: %w", name, err)
	}
	token := strings.TrimSpace(string(text))
	if token == "" || strings.ContainsAny(token, " \t\r\n") {
		return "", fmt.Errorf("%s holds no token: it must hold one, and nothing else", name)
	}
	return token, nil
}
