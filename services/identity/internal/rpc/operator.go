package rpc

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/operator"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
)

// Operator returns the handlers of the operator's socket, by their net/http patterns.
func Operator(keys *app.SigningKeys, accounts *app.Accounts) map[string]http.Handler {
	return map[string]http.Handler{
		"POST /token": answering(keys.Log, `{"as": "owner", "for": "1h"}`, func(ctx context.Context, req tokenRequest) (tokenAnswer, error) {
			return issueToken(ctx, keys, req)
		}),
		"POST /link/create": answering(keys.Log, linkBody, links(accounts.CreateOperatorLink)),
		"POST /link/renew":  answering(keys.Log, linkBody, links(accounts.RenewOperatorLink)),
	}
}

// answering reads a request's body, which looks like example, and writes the answer. What
// handle returns as a fault is the caller's to mend: its message is the answer.
func answering[Request, Answer any](log *slog.Logger, example string, handle func(context.Context, Request) (Answer, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var req Request
		body := json.NewDecoder(r.Body)
		body.DisallowUnknownFields()
		if err := body.Decode(&req); err != nil {
			operator.Refuse(w, http.StatusBadRequest, "the body is not as expected: send "+example)
			return
		}
		answer, err := handle(recorded(r), req)
		if refused, ok := fault.Of(err); ok {
			status := http.StatusBadRequest
			if refused.Kind() == fault.AlreadyExists {
				status = http.StatusConflict
			}
			operator.Refuse(w, status, refused.Message())
			return
		}
		if err != nil {
			log.ErrorContext(r.Context(), "an operator's request failed", "path", r.URL.Path, "error", err.Error())
			operator.Refuse(w, http.StatusInternalServerError, "it failed: the shop's log has the reason")
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode(answer)
	})
}

// recorded has what a request changes recorded in the activity log.
func recorded(r *http.Request) context.Context {
	return activity.WithCall(r.Context(), &activity.Call{
		RPC: "operator" + r.URL.Path, Caller: authz.Identity{ID: callerOf(r.Context()), Methods: []string{authz.MethodOperator}},
	})
}

// callerOf names who calls the socket.
func callerOf(ctx context.Context) string {
	caller, _ := operator.CallerFrom(ctx)
	return "operator-" + strconv.Itoa(caller.UID)
}

type tokenRequest struct {
	As  string `json:"as"`
	For string `json:"for"`
}

// tokenAnswer has the names of RFC 6749.
type tokenAnswer struct {
	AccessToken string    `json:"access_token"`
	TokenType   string    `json:"token_type"`
	ExpireTime  time.Time `json:"expire_time"`
}

func issueToken(ctx context.Context, keys *app.SigningKeys, req tokenRequest) (tokenAnswer, error) {
	life, err := time.ParseDuration(req.For)
	if err != nil {
		return tokenAnswer{}, fault.New(fault.Invalid, fault.ReasonInvalidField, "%q is no time: write 5m to 12h", fault.Cut(req.For, 100))
	}
	issued, err := keys.IssueOperatorToken(ctx, req.As, life, callerOf(ctx))
	return tokenAnswer{AccessToken: issued.AccessToken, TokenType: "Bearer", ExpireTime: issued.ExpireTime.UTC()}, err
}
