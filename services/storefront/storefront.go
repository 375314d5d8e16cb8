// Package storefront is the shop that people see: pages in HTML, made of the other contexts'
// answers, which work without JavaScript. It calls them as its visitors, by their tokens and
// for their addresses, so that no page lets anybody do what an RPC would not.
package storefront

import (
	"embed"
	"io/fs"
	"log/slog"
	"strings"
	"time"

	"go.uber.org/fx"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	shopv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/shop/v1"
	storefrontv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/storefront/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/storefront/internal/assets"
	"github.com/shopmesh/shopmesh/services/storefront/internal/messages"
	"github.com/shopmesh/shopmesh/services/storefront/internal/operations"
	"github.com/shopmesh/shopmesh/services/storefront/internal/pages"
	"github.com/shopmesh/shopmesh/services/storefront/internal/peers"
	"github.com/shopmesh/shopmesh/services/storefront/internal/session"
	"github.com/shopmesh/shopmesh/web"
)

// Name is the context's name.
const Name = "storefront"

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the goose migrations of the storefront's database.
func Migrations() fs.FS { return kitapp.Migrations(migrations) }

// Config is what the storefront needs from its process.
type Config struct {
	Context kitapp.ContextConfig
	// PublicURL is where the shop is reached, for the links that must be whole.
	PublicURL string
	// Office is what the office was built to; nil for what this program holds.
	Office fs.FS
}

// office returns what the office was built to.
func (c Config) office() fs.FS {
	if c.Office != nil {
		return c.Office
	}
	return web.Office()
}

// Module is the storefront, to be put into a process.
func Module(cfg Config) fx.Option {
	return fx.Module(Name,
		kitapp.Context(Name, cfg.Context, Migrations()),
		fx.Provide(
			newSettings,
			newHandlingTime,
			func() (*assets.Assets, error) { return assets.Load(web.Files()) },
			func() (*assets.Office, error) { return assets.LoadOffice(cfg.office()) },
			func() (*messages.Catalog, error) { return messages.Load(web.Files()) },
			func(source *settings.Source) (*settings.Live[pages.OwnSettings], error) {
				return settings.NewLive(source, settings.Defaults[*storefrontv1.Settings](), readOwn)
			},
			func(others *peer.Peers, clock kitapp.Clock) *peers.Catalog { return peers.NewCatalog(others, clock) },
			peers.NewCarts,
			peers.NewOrders,
			peers.NewAccounts,
			peers.NewCustomers,
			func(pool *pg.Pool, clock kitapp.Clock) *session.Sessions {
				return session.New(pool, clock, strings.HasPrefix(cfg.PublicURL, "https://"))
			},
			func(deps pageDeps) *pages.Server { return pages.New(deps.with(cfg.PublicURL)) },
			operations.New,
			fx.Private,
		),
		kitapp.Join(newService),
	)
}

// pageDeps are what pages are made of, as the process provides it.
type pageDeps struct {
	fx.In

	Catalog   *peers.Catalog
	Carts     *peers.Carts
	Orders    *peers.Orders
	Accounts  *peers.Accounts
	Customers *peers.Customers
	Sessions  *session.Sessions
	Settings  *settings.Live[pages.Settings]
	Own       *settings.Live[pages.OwnSettings]
	Handling  *settings.Live[time.Duration]
	Assets    *assets.Assets
	Office    *assets.Office
	Texts     *messages.Catalog
	Clock     kitapp.Clock
	Log       *slog.Logger
}

func (d pageDeps) with(publicURL string) pages.Deps {
	return pages.Deps{
		Catalog: d.Catalog, Carts: d.Carts, Orders: d.Orders, Accounts: d.Accounts, Customers: d.Customers, Sessions: d.Sessions, Settings: d.Settings, Own: d.Own, HandlingTime: d.Handling, Assets: d.Assets, Office: d.Office, Texts: d.Texts,
		PublicURL: publicURL, Now: d.Clock, Log: d.Log,
	}
}

// readOwn reads what an owner set for the pages.
func readOwn(set *storefrontv1.Settings) (pages.OwnSettings, error) {
	location, err := time.LoadLocation(set.GetTimeZone())
	if err != nil {
		return pages.OwnSettings{}, err
	}
	own := pages.OwnSettings{
		Accent:    strings.ToLower(strings.TrimPrefix(set.GetAccent().String(), "ACCENT_")),
		Languages: set.GetLanguages(), Regions: set.GetRegions(), Location: location, Announcements: make(map[string]string),
		LegalTexts: make(map[string]pages.LegalTexts),
	}
	for _, carrier := range set.GetCarriers() {
		own.Carriers = append(own.Carriers, pages.Carrier{Name: carrier.GetName(), TrackingURL: carrier.GetTrackingUrl()})
	}
	for _, announcement := range set.GetAnnouncements() {
		own.Announcements[announcement.GetLanguage()] = announcement.GetText()
	}
	for _, texts := range set.GetLegalTexts() {
		own.LegalTexts[texts.GetLanguage()] = pages.LegalTexts{
			"imprint": texts.GetImprint(), "terms": texts.GetTerms(), "privacy": texts.GetPrivacy(), "withdrawal": texts.GetWithdrawal(), "shipping": texts.GetShipping(),
		}
	}
	return own, nil
}

// newSettings has the settings of the shop as a whole read.
func newSettings(open kitapp.OpenSettings) (*settings.Live[pages.Settings], error) {
	source, err := open("shop")
	if err != nil {
		return nil, err
	}
	return settings.NewLive(source, settings.Defaults[*shopv1.Settings](), func(set *shopv1.Settings) (pages.Settings, error) {
		legal := set.GetLegalNotices()
		return pages.Settings{
			ShopName: set.GetName(), Currency: set.GetCurrency(),
			Legal: pages.Legal{
				Imprint: legal.GetImprintUrl(), Terms: legal.GetTermsUrl(), Privacy: legal.GetPrivacyUrl(), Withdrawal: legal.GetWithdrawalUrl(),
			},
		}, nil
	})
}

// newHandlingTime has read how soon orders are sent, which order's settings state.
func newHandlingTime(open kitapp.OpenSettings) (*settings.Live[time.Duration], error) {
	source, err := open("order")
	if err != nil {
		return nil, err
	}
	return settings.NewLive(source, settings.Defaults[*orderv1.Settings](), func(set *orderv1.Settings) (time.Duration, error) {
		return set.GetHandlingTime().AsDuration(), nil
	})
}

func newService(served *pages.Server, sessions *session.Sessions, operate *operations.Operations) kitapp.Service {
	return kitapp.Service{
		Name: Name, Pages: served, Operations: operate,
		Runners: []kitapp.Runner{{Name: "purge", Run: sessions.RunPurge}},
	}
}
