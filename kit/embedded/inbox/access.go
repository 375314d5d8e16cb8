package inbox

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strings"
	"sync"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/rpc"
)

// Access lets callers into an inbox, which shows every customer's mail: those who hold
// PERMISSION_NOTIFICATIONS_READ, and a browser that was opened by a link with a one-time key.
// The key stands after the link's #, so that no server and no log gets it; the page sends it by
// POST, once, for a cookie that no script reads. A GET uses no key up.
type Access struct {
	inbox *Inbox
	key   string

	mu      sync.Mutex
	used    bool
	session [sha256.Size]byte // of the cookie, once the key is used
}

// NewAccess returns an Access to an inbox, with a key of its own.
func NewAccess(inbox *Inbox) *Access { return &Access{inbox: inbox, key: rand.Text()} }

// Path is the link's path and fragment: it opens the inbox once, in one browser.
func (a *Access) Path() string { return "/inbox#" + a.key }

// maxKeyBytes bounds the body of the request with the key.
const maxKeyBytes = 1 << 10

// Handler serves the inbox to those who are let in, and notes who is refused. Whoever shows
// nothing gets a page that sends the key of its link.
func (a *Access) Handler(authenticator authz.Authenticator, refused rpc.Refused) http.Handler {
	mails := a.inbox.Handler()
	permitted := rpc.Require(authenticator, optionsv1.Permission_PERMISSION_NOTIFICATIONS_READ, refused, mails)
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		switch {
		case a.opened(r):
			mails.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, "/inbox.json") || !anonymous(authenticator, r):
			permitted.ServeHTTP(w, r)
		default:
			serveOpening(w, r)
		}
	})
	mux.Handle("GET /inbox/style.css", guarded(http.HandlerFunc(serveFile)))
	mux.Handle("GET /inbox/open.js", guarded(http.HandlerFunc(serveFile)))
	mux.Handle("POST /inbox/open", guarded(http.HandlerFunc(a.open)))
	return mux
}

// anonymous reports whether a request shows nothing that names its caller.
func anonymous(authenticator authz.Authenticator, r *http.Request) bool {
	caller, err := authenticator.Authenticate(r.Context(), r.Header)
	return err == nil && caller.Kind == authz.Anonymous
}

// open exchanges the key for the cookie.
func (a *Access) open(w http.ResponseWriter, r *http.Request) {
	var sent struct {
		Key string `json:"key"`
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxKeyBytes)).Decode(&sent)
	cookie, opened := "", false
	if err == nil {
		cookie, opened = a.use(sent.Key)
	}
	if !opened {
		http.Error(w, "the link was used before, or is not whole: it opens the inbox once, in one browser", http.StatusUnauthorized)
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName(r), Value: cookie, Path: "/", Secure: r.TLS != nil, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
	w.WriteHeader(http.StatusNoContent)
}

func (a *Access) use(key string) (cookie string, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.used || subtle.ConstantTimeCompare([]byte(key), []byte(a.key)) != 1 {
		return "", false
	}
	cookie = rand.Text()
	a.used, a.session = true, sha256.Sum256([]byte(cookie))
	return cookie, true
}

// opened reports whether the request has the cookie.
func (a *Access) opened(r *http.Request) bool {
	cookie, err := r.Cookie(cookieName(r))
	if err != nil {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	shown := sha256.Sum256([]byte(cookie.Value))
	return a.used && subtle.ConstantTimeCompare(shown[:], a.session[:]) == 1
}

// cookieName begins with __Host- where browsers take that: over TLS.
func cookieName(r *http.Request) string {
	if r.TLS != nil {
		return "__Host-sm_inbox"
	}
	return "sm_inbox"
}

// serveOpening serves the page that sends the key.
func serveOpening(w http.ResponseWriter, r *http.Request) {
	page, err := inboxFiles.ReadFile("pages/open.html")
	if err != nil || r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "sign in to read the inbox", http.StatusUnauthorized)
		return
	}
	setGuard(w.Header(), "script-src 'self'; connect-src 'self'; ")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = w.Write(page) // the reader may have gone
}
