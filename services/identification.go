package services

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/kit/token"
)

// identityContext is the context that issues tokens, and accountTopic holds its accounts'
// epochs.
const (
	identityContext = "identity"
	accountTopic    = "shopmesh.identity.account.v1"
)

// Trust is what a process trusts when it finds out who calls.
type Trust struct {
	// PublicURL is the issuer of access tokens.
	PublicURL string
	// Keys are those of services.
	Keys ServiceKeys
	// Self are the contexts that the process holds.
	Self []string
	// Kafka is the broker that has the events of accounts, by which tokens are revoked.
	Kafka kafka.Config
}

// Apply makes a process find out who calls it, and show who it is where it calls others.
func (t Trust) Apply(process *app.Process) {
	process.Signers, process.Identify = t.Keys.Signers, t.identify
}

func (t Trust) identify(peers *peer.Peers, log *slog.Logger) app.Identification {
	revoked := token.NewRevocations(time.Now)
	broker := t.Kafka
	broker.Log, broker.ClientID = log, "shopmesh-"+strings.Join(t.Self, "-")
	if broker.Link == nil {
		broker.Link = kafka.NewLink(log)
	}
	verifier := token.NewVerifier(token.Config{
		Issuer: t.PublicURL, Audience: app.TokenAudience, Self: t.Self,
		Keys:     fetchKeys(identityv1connect.NewTokenServiceClient(peers.As(nil).Client(identityContext))),
		Services: t.Keys.Public, ServicePermissions: Permissions(), Epochs: revoked,
		ExchangeAPIKey: exchangeAPIKey(identityv1connect.NewTokenServiceClient(peers.As(t.Keys.Signers[t.Self[0]]).Client(identityContext))),
	})
	return app.Identification{
		Authenticator: verifier,
		Kafka:         broker, Topics: func() []kafka.Topic { return []kafka.Topic{{Name: accountTopic, Compacted: true}} },
		Runners: []app.Runner{{Name: "revocations", Run: followRevocations(broker, revoked, log).Run}},
	}
}

// exchangeAPIKey returns the access token that identity gives for an API key. The call is
// made for nobody, as fetchKeys' is.
func exchangeAPIKey(identity identityv1connect.TokenServiceClient) func(context.Context, string) (string, error) {
	return func(ctx context.Context, key string) (string, error) {
		res, err := identity.ExchangeApiKey(authz.WithCaller(ctx, authz.Identity{}), &identityv1.ExchangeApiKeyRequest{ApiKey: key})
		if refused, ok := peer.Fault(err); ok {
			return "", refused
		}
		return res.GetAccessToken(), err
	}
}

// fetchKeys reads identity's public keys. The call shows nobody: it is made while it is
// found out who calls.
func fetchKeys(identity identityv1connect.TokenServiceClient) func(context.Context) (token.KeySet, error) {
	return func(ctx context.Context) (token.KeySet, error) {
		res, err := identity.ListSigningKeys(authz.WithCaller(ctx, authz.Identity{}), &identityv1.ListSigningKeysRequest{})
		if err != nil {
			return token.KeySet{}, fmt.Errorf("read the keys of identity: %w", err)
		}
		texts := make([]string, len(res.GetSigningKeys()))
		for i, key := range res.GetSigningKeys() {
			texts[i] = key.GetJwk()
		}
		return token.ParseKeySet([]byte(`{"keys":[` + strings.Join(texts, ",") + `]}`))
	}
}

// followRevocations keeps the epochs of accounts, from those on that were published before
// any token of now was issued.
func followRevocations(broker kafka.Config, revoked *token.Revocations, log *slog.Logger) kafka.Follower {
	return kafka.Follower{
		Kafka: broker, Topics: map[string]string{accountTopic: ""}, Since: token.RevocationMemory,
		Begin: func() {}, Proven: func(time.Time) {},
		Handle: func(ctx context.Context, records []*kgo.Record) {
			for _, record := range records {
				var changed identityv1.AccountChanged
				event, err := consumer.Parse(record)
				if err == nil {
					err = consumer.Decode(event, &changed)
				}
				if err != nil {
					log.WarnContext(ctx, "an event of an account can't be read: what it revokes may be taken until it expires", "error", err.Error())
					continue
				}
				revoked.Raise(changed.GetAccountId(), changed.GetEpoch())
			}
		},
	}
}

// trustFromEnv is the Trust of a context that runs alone.
func trustFromEnv(name string, env app.Environment) (Trust, error) {
	var missing error
	if env.PublicURL == "" {
		missing = errors.New(app.PublicURLVariable + " is not set: give the URL at which the shop is reached, such as https://shop.example")
	}
	keys, err := serviceKeysFromEnv(name, env)
	if err := errors.Join(missing, err); err != nil {
		return Trust{}, err
	}
	return Trust{PublicURL: env.PublicURL, Keys: keys, Self: []string{name}, Kafka: env.Context.Kafka}, nil
}
