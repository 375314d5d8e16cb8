// Package storefront is the shop that people see: pages in HTML, made of the other contexts'
// answers, which work without JavaScript. It calls them as its visitors, by their tokens and
// for their addresses, so that no page lets anybody do what an RPC would not.
package storefront

import (
	"embed"
	"io/fs"
	"log/slog"

	"go.uber.org/fx"
	"google.golang.org/protobuf/proto"

	shopv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/shop/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/storefront/internal/assets"
	"github.com/shopmesh/shopmesh/services/storefront/internal/messages"
	"github.com/shopmesh/shopmesh/services/storefront/internal/operations"
	"github.com/shopmesh/shopmesh/services/storefront/internal/pages"
	"github.com/shopmesh/shopmesh/services/storefront/internal/peers"
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
}

// defaultShop is what the storefront needs of the settings of the shop as a whole, where an
// owner set nothing.
func defaultShop() *shopv1.Settings {
	return &shopv1.Settings{Name: proto.String("Shopmesh"), Currency: proto.String("EUR")}
}

// Module is the storefront, to be put into a process.
func Module(cfg Config) fx.Option {
	return fx.Module(Name,
		kitapp.Context(Name, cfg.Context, Migrations()),
		fx.Provide(
			newSettings,
			func() (*assets.Assets, error) { return assets.Load(web.Files()) },
			func() (*messages.Catalog, error) { return messages.Load(web.Files()) },
			func(others *peer.Peers, clock kitapp.Clock) *peers.Catalog { return peers.NewCatalog(others, clock) },
			func(
				catalog *peers.Catalog, set *settings.Live[pages.Settings], loaded *assets.Assets, texts *messages.Catalog,
				clock kitapp.Clock, log *slog.Logger,
			) *pages.Server {
				return pages.New(pages.Deps{
					Catalog: catalog, Settings: set, Assets: loaded, Texts: texts, PublicURL: cfg.PublicURL, Now: clock, Log: log,
				})
			},
			operations.New,
			fx.Private,
		),
		kitapp.Join(newService),
	)
}

// newSettings has the settings of the shop as a whole read.
func newSettings(open kitapp.OpenSettings) (*settings.Live[pages.Settings], error) {
	source, err := open("shop")
	if err != nil {
		return nil, err
	}
	return settings.NewLive(source, defaultShop(), func(set *shopv1.Settings) (pages.Settings, error) {
		legal := set.GetLegalNotices()
		return pages.Settings{
			ShopName: set.GetName(), Accent: "blue", Currency: set.GetCurrency(),
			Legal: pages.Legal{
				Imprint: legal.GetImprintUrl(), Terms: legal.GetTermsUrl(), Privacy: legal.GetPrivacyUrl(), Withdrawal: legal.GetWithdrawalUrl(),
			},
		}, nil
	})
}

func newService(served *pages.Server, operate *operations.Operations) kitapp.Service {
	return kitapp.Service{Name: Name, Pages: served, Operations: operate}
}
