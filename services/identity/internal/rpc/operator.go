package rpc

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/operator"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
)

// Operator returns the handlers of the operator's socket, by their net/http patterns.
func Operator(keys *app.SigningKeys) map[string]http.Handler {
	return map[string]http.Handler{
		"POST /token": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { issueToken(w, r, keys) }),
	}
}

// tokenRequest is {"as": "staff:ORDERS_READ", "for": "1h"}.
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

func issueToken(w http.ResponseWriter, r *http.Request, keys *app.SigningKeys) {
	var req tokenRequest
	body := json.NewDecoder(r.Body)
	body.DisallowUnknownFields()
	if err := body.Decode(&req); err != nil {
		operator.Refuse(w, http.StatusBadRequest, `the body is not as expected: send {"as": "owner", "for": "1h"}`)
		return
	}
	life, err := time.ParseDuration(req.For)
	if err != nil {
		operator.Refuse(w, http.StatusBadRequest, strconv.Quote(fault.Cut(req.For, 100))+" is no time: write 5m to 12h")
		return
	}
	caller, _ := operator.CallerFrom(r.Context())
	issued, err := keys.IssueOperatorToken(r.Context(), req.As, life, "operator-"+strconv.Itoa(caller.UID))
	if refused, ok := fault.Of(err); ok {
		operator.Refuse(w, http.StatusBadRequest, refused.Message())
		return
	}
	if err != nil {
		keys.Log.ErrorContext(r.Context(), "an operator got no token", "error", err.Error())
		operator.Refuse(w, http.StatusInternalServerError, "the token could not be issued: see the log")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(tokenAnswer{AccessToken: issued.AccessToken, TokenType: "Bearer", ExpireTime: issued.ExpireTime.UTC()})
}
