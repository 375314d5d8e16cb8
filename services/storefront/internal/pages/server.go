// Package pages answers the requests for the pages of the shop, a file for each.
package pages

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/peer"
	kitrpc "github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/storefront/internal/assets"
	"github.com/shopmesh/shopmesh/services/storefront/internal/messages"
	"github.com/shopmesh/shopmesh/services/storefront/internal/peers"
	"github.com/shopmesh/shopmesh/services/storefront/internal/session"
)

// Settings are what pages need of what an owner set for the shop as a whole.
type Settings struct {
	ShopName string
	// Currency is the one of prices that name none.
	Currency string
	Legal    Legal
}

// OwnSettings are what an owner set for the pages.
type OwnSettings struct {
	Accent string
	// Announcements are by language, and Languages those that pages are offered in: addresses
	// that name none are in the first.
	Announcements map[string]string
	Languages     []string
	// LegalTexts are by language.
	LegalTexts map[string]LegalTexts
	// Regions are the countries that the shop ships to; empty for all.
	Regions  []string
	Carriers []Carrier
	Location *time.Location
}

// Carrier is where the parcels of a carrier are followed: {code} in TrackingURL stands for the
// tracking code.
type Carrier struct{ Name, TrackingURL string }

// announcement is what stands above the pages in a language, and the language that it is in
// itself; empty for none.
func (o OwnSettings) announcement(language string) (text, in string) {
	for _, in := range append([]string{language}, o.Languages...) {
		if text := o.Announcements[in]; text != "" {
			return text, in
		}
	}
	return "", ""
}

// Legal are the addresses of the legal notices; empty for what is not set.
type Legal struct{ Imprint, Terms, Privacy, Withdrawal string }

// Deps are what pages are made of.
type Deps struct {
	Catalog   *peers.Catalog
	Carts     *peers.Carts
	Orders    *peers.Orders
	Accounts  *peers.Accounts
	Customers *peers.Customers
	Sessions  *session.Sessions
	Settings  *settings.Live[Settings]
	Own       *settings.Live[OwnSettings]
	// HandlingTime is how soon orders are sent, as order's settings state it.
	HandlingTime *settings.Live[time.Duration]
	Assets       *assets.Assets
	Office       *assets.Office
	Texts        *messages.Catalog
	// PublicURL is where the shop is reached; empty where that is not known.
	PublicURL string
	Now       func() time.Time
	Log       *slog.Logger
}

// Server answers all requests for pages. It implements rpc.Pages.
type Server struct {
	Deps

	routes  []route
	sitemap sitemap
	// renewals makes one renewal of all that want the same account's tokens renewed.
	renewals singleflight.Group
	// bodies are buffers that pages are written into, and zips what compresses them. They are used
	// again: each holds much memory.
	bodies, zips sync.Pool
}

// New returns a Server.
func New(deps Deps) *Server {
	deps.PublicURL = strings.TrimSuffix(deps.PublicURL, "/")
	s := &Server{Deps: deps}
	s.sitemap.now = deps.Now
	for _, at := range s.pages() {
		at.segments = strings.Split(at.path, "/")
		s.routes = append(s.routes, at)
	}
	return s
}

// page answers a request, or returns why it can't.
type page func(*visit) error

// route is where a page is: the segments of its path, of which "*" is any one.
type route struct {
	path string
	page page
	// form is the page of the form that it takes by POST, where it takes nothing else; "*" stands
	// for the same as in path. Empty for what is a page itself.
	form string
	// segments are those of path.
	segments []string
}

// pages are those that there are. What stands for "*" is in visit.args.
func (s *Server) pages() []route {
	return []route{
		{path: "/", page: s.home},
		{path: "/c/*/*", page: s.category},
		{path: "/c/*", page: s.category},
		{path: "/search", page: s.search},
		{path: "/p/*/*", page: s.product},
		{path: "/p/*", page: s.product},
		{path: cartPath, page: s.cart},
		{path: addPath, page: s.addToCart, form: cartPath},
		{path: "/cart/set", page: s.setInCart, form: cartPath},
		{path: checkoutPath, page: s.checkout},
		{path: "/checkout/place", page: s.place, form: checkoutPath},
		{path: findPath, page: s.findOrder},
		{path: "/orders/link", page: s.sendLink, form: findPath},
		{path: paidPath, page: s.paid},
		{path: "/orders/*", page: s.order},
		{path: "/orders/*/events", page: s.orderEvents},
		{path: "/orders/*/cancel", page: s.cancelOrder, form: "/orders/*"},
		{path: "/orders/*/again", page: s.orderAgain, form: "/orders/*"},
		{path: linkPrefix + "*", page: s.orderLink},
		{path: legalPath + "*", page: s.legalText},
		{path: "/office", page: toOffice("")},
		{path: invitationPath, page: toOffice("accept-invitation")},
		{path: "/orders/*/claim", page: s.signedIn(s.claimOrder), form: "/orders/*"},
		{path: ownOrdersPath, page: s.signedIn(s.ownOrders)},
		{path: addressesPath, page: s.signedIn(s.addresses)},
		{path: addressesPath + "/*", page: s.signedIn(s.address)},
		{path: addressesPath + "/*" + sendSuffix, page: s.signedIn(s.saveAddress), form: addressesPath + "/*"},
		{path: addressesPath + "/*" + preferSuffix, page: s.signedIn(s.preferAddress), form: addressesPath},
		{path: addressesPath + "/*/delete", page: s.signedIn(s.deleteAddress), form: addressesPath},
		{path: "/checkout/sign-in", page: s.signInToOrder, form: checkoutPath},
		{path: accountPath, page: s.signedIn(s.account)},
		{path: profilePath, page: s.signedIn(s.profile)},
		{path: profilePath + sendSuffix, page: s.signedIn(s.saveProfile), form: profilePath},
		{path: emailPath, page: s.signedIn(s.changeEmail)},
		{path: emailPath + sendSuffix, page: s.signedIn(s.sendEmailLink), form: emailPath},
		{path: passwordPath, page: s.signedIn(s.changePassword)},
		{path: passwordPath + sendSuffix, page: s.signedIn(s.savePassword), form: passwordPath},
		{path: sessionsPath, page: s.signedIn(s.ownSessions)},
		{path: sessionsPath + "/*/end", page: s.signedIn(s.endSession), form: sessionsPath},
		{path: factorPath, page: s.signedIn(s.secondFactor)},
		{path: factorPath + sendSuffix, page: s.signedIn(s.beginFactor), form: factorPath},
		{path: confirmFactorPath, page: s.signedIn(s.confirmFactor), form: factorPath},
		{path: keptCodesPath, page: s.signedIn(s.keptCodes), form: factorPath},
		{path: removeFactorPath, page: s.signedIn(s.removeFactor), form: factorPath},
		{path: exportPath, page: s.signedIn(s.export), form: accountPath},
		{path: erasePath, page: s.signedIn(s.erasePage)},
		{path: erasePath + sendSuffix, page: s.signedIn(s.erase), form: erasePath},
		{path: signInPath, page: s.signInPage},
		{path: signInPath + sendSuffix, page: s.signIn, form: signInPath},
		{path: accountPath + "/sign-out", page: s.signOut, form: accountPath},
		{path: signUpPath, page: s.signUpPage},
		{path: signUpPath + sendSuffix, page: s.signUp, form: signUpPath},
		{path: verifyPath, page: s.verifyPage},
		{path: verifyPath + sendSuffix, page: s.verify, form: verifyPath},
		{path: forgotPath, page: s.forgotPage},
		{path: forgotPath + sendSuffix, page: s.forgot, form: forgotPath},
		{path: resetPath, page: s.resetPage},
		{path: resetPath + sendSuffix, page: s.reset, form: resetPath},
		{path: confirmPath, page: s.confirmPage},
		{path: confirmPath + sendSuffix, page: s.confirm, form: confirmPath},
	}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.Assets.ServeHTTP(w, r) || s.Office.Files.ServeHTTP(w, r) {
		return
	}
	v := s.visitOf(w, r)
	defer func() {
		if value := recover(); value != nil {
			s.Log.ErrorContext(r.Context(), "a page panicked", "path", logged(r.URL.Path), "panic", value, "stack", string(debug.Stack()))
			v.problem(fault.New(fault.Internal, fault.ReasonInternal, "the page panicked"))
		}
	}()
	if err := s.serve(v); err != nil {
		v.problem(err)
	}
}

func (s *Server) serve(v *visit) error {
	if inOffice(v.request) {
		return s.office(v)
	}
	if at, args, ok := s.find(v.path); ok {
		v.args = args
		return s.servePage(v, at)
	}
	switch r := v.request; {
	case !reads(r):
		return errMethod
	case r.URL.Path == "/robots.txt":
		return s.robots(v)
	case r.URL.Path == "/sitemap.xml":
		return s.serveSitemap(v)
	}
	return errNotFound
}

func (s *Server) servePage(v *visit, at route) error {
	switch {
	case at.form != "" && v.request.Method != http.MethodPost:
		return errFormOnly
	case at.form != "":
		if err := v.readForm(); err != nil {
			return err
		}
	case !reads(v.request):
		return errMethod
	case v.led:
		return v.redirect(v.path, http.StatusSeeOther) // the owner may set another language tomorrow
	case v.redundant:
		return v.redirect(v.path, http.StatusMovedPermanently)
	}
	return s.servePerson(v, at.page)
}

func reads(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// find returns the route of an escaped path, and what stands there for its "*".
func (s *Server) find(path string) (at route, args []string, found bool) {
	got := strings.Split(path, "/")
	for _, at := range s.routes {
		if args, ok := at.match(got); ok {
			return at, args, true
		}
	}
	return route{}, nil, false
}

// match compares a path with a route, segment by segment, and returns what stands for its "*".
func (r route) match(got []string) (args []string, ok bool) {
	if len(r.segments) != len(got) {
		return nil, false
	}
	for i, segment := range r.segments {
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

// agentKey is the key of the browser's name for itself in the context of a request.
type agentKey struct{}

// asVisitor has calls made for who requested the page.
func asVisitor(r *http.Request) *http.Request {
	return r.WithContext(visitorOf(context.WithValue(r.Context(), agentKey{}, r.UserAgent()), ""))
}

// visitorOf has calls show a token of the visitor's.
func visitorOf(ctx context.Context, token string) context.Context {
	agent, _ := ctx.Value(agentKey{}).(string)
	return peer.AsVisitor(ctx, peer.Visitor{Token: token, Address: kitrpc.ClientPrefix(ctx).Addr(), Agent: agent})
}
