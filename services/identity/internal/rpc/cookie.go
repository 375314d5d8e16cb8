package rpc

import (
	"context"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect/v2"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	kitrpc "github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
	"github.com/shopmesh/shopmesh/services/identity/internal/protoconv"
)

// Cookie is where a browser keeps a refresh token. RefreshSession and SignOut alone read
// it, and kit/rpc refuses what another site's page sends, so that no RPC can be called in
// the name of a visitor who did not want that.
type Cookie struct {
	// Secure is false for a shop that is reached by plain HTTP, as on the machine itself: a
	// browser would not keep the cookie, nor one whose name begins with __Host-.
	Secure bool
}

// CookieFor returns the cookie of a shop with this address.
func CookieFor(publicURL string) Cookie {
	return Cookie{Secure: strings.HasPrefix(publicURL, "https://")}
}

func (c Cookie) name() string {
	if c.Secure {
		return "__Host-sm_rt"
	}
	return "sm_rt"
}

// read returns the refresh token of the cookie; empty without one.
func (c Cookie) read(ctx context.Context) string {
	info, ok := connect.CallInfoForServerContext(ctx)
	if !ok {
		return ""
	}
	for _, line := range info.RequestHeader().Values("Cookie") {
		cookies, err := http.ParseCookie(line)
		if err != nil {
			continue
		}
		for _, cookie := range cookies {
			if cookie.Name == c.name() {
				return cookie.Value
			}
		}
	}
	return ""
}

// write has the browser keep a refresh token, until it is over; an empty one is deleted.
func (c Cookie) write(ctx context.Context, refreshToken string, expire time.Time) {
	info, ok := connect.CallInfoForServerContext(ctx)
	if !ok {
		return
	}
	cookie := &http.Cookie{
		Name: c.name(), Value: refreshToken, Path: "/", Expires: expire, Secure: c.Secure, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
	if refreshToken == "" {
		cookie.Expires, cookie.MaxAge = time.Time{}, -1
	}
	info.ResponseHeader().Set("Set-Cookie", cookie.String())
}

// session translates a session; with use, its refresh token is in the cookie alone.
func (c Cookie) session(ctx context.Context, s app.Session, use bool) *identityv1.Session {
	session := &identityv1.Session{AccessToken: s.AccessToken, ExpireTime: protoconv.Time(s.ExpireTime), RefreshToken: s.RefreshToken}
	if use {
		c.write(ctx, s.RefreshToken, s.RefreshExpireTime)
		session.RefreshToken = ""
	}
	return session
}

// client returns who calls.
func client(ctx context.Context) app.Client {
	caller := app.Client{AddressPrefix: "in process"}
	if prefix := kitrpc.ClientPrefix(ctx); prefix.IsValid() {
		caller.AddressPrefix = prefix.String()
	}
	if info, ok := connect.CallInfoForServerContext(ctx); ok {
		caller.Agent = info.RequestHeader().Get("User-Agent")
	}
	return caller
}

// refreshToken returns the token of the request, or else that of the cookie, and whether
// it came in the cookie.
func (s *AccountServer) refreshToken(ctx context.Context, given string) (token string, kept bool) {
	if given != "" {
		return given, false
	}
	token = s.cookie.read(ctx)
	return token, token != ""
}
