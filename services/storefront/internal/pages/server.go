// Package pages answers the requests for the pages of the shop, a file for each.
package pages

import (
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/peer"
	kitrpc "github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/storefront/internal/assets"
	"github.com/shopmesh/shopmesh/services/storefront/internal/messages"
	"github.com/shopmesh/shopmesh/services/storefront/internal/peers"
)

// Settings are what pages need of what an owner set.
type Settings struct {
	ShopName, Announcement, Accent string
	// Currency is the one of prices that name none.
	Currency string
	Legal    Legal
}

// Legal are the addresses of the legal notices; empty for what is not set.
type Legal struct{ Imprint, Terms, Privacy, Withdrawal string }

// Deps are what pages are made of.
type Deps struct {
	Catalog  *peers.Catalog
	Settings *settings.Live[Settings]
	Assets   *assets.Assets
	Texts    *messages.Catalog
	// PublicURL is where the shop is reached; empty where that is not known.
	PublicURL string
	Now       func() time.Time
	Log       *slog.Logger
}

// Server answers all requests for pages. It implements rpc.Pages.
type Server struct {
	Deps

	sitemap sitemap
	// zips are used again: each holds much memory.
	zips sync.Pool
}

// New returns a Server.
func New(deps Deps) *Server {
	deps.PublicURL = strings.TrimSuffix(deps.PublicURL, "/")
	s := &Server{Deps: deps}
	s.sitemap.now = deps.Now
	return s
}

// page answers a request, or returns why it can't.
type page func(*visit) error

// route is where a page is: the segments of its path, of which "*" is any one.
type route struct {
	path string
	page page
}

// pages are those that there are. What stands for "*" is in visit.args.
func (s *Server) pages() []route {
	return []route{
		{"/", s.home},
		{"/c/*/*", s.category},
		{"/c/*", s.category},
		{"/search", s.search},
		{"/p/*/*", s.product},
		{"/p/*", s.product},
	}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.Assets.ServeHTTP(w, r) {
		return
	}
	v := s.visitOf(w, r)
	defer func() {
		if value := recover(); value != nil {
			s.Log.ErrorContext(r.Context(), "a page panicked", "path", r.URL.Path, "panic", value, "stack", string(debug.Stack()))
			v.problem(fault.New(fault.Internal, fault.ReasonInternal, "the page panicked"))
		}
	}()
	if err := s.serve(v); err != nil {
		v.problem(err)
	}
}

func (s *Server) serve(v *visit) error {
	switch r := v.request; {
	case r.URL.Path == "/robots.txt":
		return s.robots(v)
	case r.URL.Path == "/sitemap.xml":
		return s.serveSitemap(v)
	case !slices.Contains([]string{http.MethodGet, http.MethodHead}, r.Method):
		return errMethod
	case v.redundant:
		return v.redirect(v.path, http.StatusMovedPermanently)
	}
	for _, at := range s.pages() {
		if args, ok := match(at.path, v.path); ok {
			v.args = args
			return at.page(v)
		}
	}
	return errNotFound
}

// match compares an escaped path with a route, segment by segment, and returns what stands
// for its "*".
func match(route, path string) ([]string, bool) {
	want, got := strings.Split(route, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil, false
	}
	var args []string
	for i, segment := range want {
		switch {
		case segment == "*" && got[i] != "":
			args = append(args, got[i])
		case segment != got[i]:
			return nil, false
		}
	}
	return args, true
}

// Refuse implements rpc.Pages.
func (s *Server) Refuse(w http.ResponseWriter, r *http.Request, refused *fault.Error) {
	s.visitOf(w, r).problem(refused)
}

// asVisitor has calls made for who requested the page.
func asVisitor(r *http.Request) *http.Request {
	visitor := peer.Visitor{Address: kitrpc.ClientPrefix(r.Context()).Addr()}
	return r.WithContext(peer.AsVisitor(r.Context(), visitor))
}
