// Package access gets the tokens that the commands show to a shop: from the operator's
// socket, or from a file.
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

	"connectrpc.com/connect/v2"

	"github.com/shopmesh/shopmesh/kit/operator"
)

// Token is an access token.
type Token struct {
	AccessToken string    `json:"access_token"`
	TokenType   string    `json:"token_type"`
	ExpireTime  time.Time `json:"expire_time"`
}

// RefusedError is a request that asks for what there is not; it names what there is.
type RefusedError struct{ Message string }

// Error implements error.
func (e *RefusedError) Error() string { return e.Message }

// maxBytes bounds an answer, and a file with a token.
const maxBytes = 64 << 10

// Issue requests a token from the operator's socket, as "owner", "staff:PERMISSION,…",
// "customer:ID" or "service:NAME". Errors: *RefusedError.
func Issue(ctx context.Context, socket, as string, life time.Duration) (Token, error) {
	body, err := json.Marshal(map[string]string{"as": as, "for": life.String()})
	if err != nil {
		return Token{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://operator/token", bytes.NewReader(body))
	if err != nil {
		return Token{}, err
	}
	res, err := operator.Client(socket).Do(req)
	if err != nil {
		return Token{}, fmt.Errorf("no shop that you may operate answers at %s: %w", socket, errors.Unwrap(err))
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxBytes))
	if err != nil {
		return Token{}, fmt.Errorf("read the answer of %s: %w", socket, err)
	}
	if res.StatusCode != http.StatusOK {
		return Token{}, refused(socket, res.StatusCode, answer)
	}
	var issued Token
	if err := json.Unmarshal(answer, &issued); err != nil || issued.AccessToken == "" {
		return Token{}, fmt.Errorf("the answer of %s holds no token", socket)
	}
	return issued, nil
}

func refused(socket string, status int, answer []byte) error {
	var refusal operator.Refusal
	if err := json.Unmarshal(answer, &refusal); err != nil || refusal.Error == "" {
		return fmt.Errorf("%s answered %d", socket, status)
	}
	if status == http.StatusBadRequest {
		return &RefusedError{refusal.Error}
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

// Show makes a client's calls show a token; an empty one is not shown.
func Show(token string) connect.ClientInterceptor {
	return func(next connect.ClientFunc) connect.ClientFunc {
		return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
			if token == "" {
				return next(ctx, spec)
			}
			info, ok := connect.CallInfoForClientContext(ctx)
			if !ok {
				ctx, info = connect.NewClientContext(ctx)
			}
			info.RequestHeader().Set("Authorization", "Bearer "+token)
			return next(ctx, spec)
		}
	}
}
