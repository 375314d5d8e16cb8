package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/shopmesh/shopmesh/kit/certs"
	"github.com/shopmesh/shopmesh/kit/condition"
)

// Link is the state of the broker that all clients of one configuration share. A client
// reports of a failed request only that it timed out; so Link records whether the broker
// can be reached, and logs an outage when it begins, each minute, and when it ends. It
// also knows the configuration's topics, so that lost ones can be created again.
type Link struct {
	condition *condition.Condition

	mu     sync.Mutex
	config Config
	topics map[string]Topic
}

// NewLink returns a Link to be put into a Config.
func NewLink(log *slog.Logger) *Link {
	return &Link{condition: condition.New(log, "the broker is away; events wait in the outbox and leave when it is back")}
}

// Condition is why the broker has been out of reach for longer than the time given; nil
// when it is not.
func (l *Link) Condition(longer time.Duration) error {
	if l == nil {
		return nil
	}
	return l.condition.Err(longer)
}

func (l *Link) away(meta kgo.BrokerMetadata, err error) {
	l.condition.Note(context.Background(), fmt.Errorf("%s: %w", net.JoinHostPort(meta.Host, fmt.Sprint(meta.Port)), err))
}

// OnBrokerConnect implements kgo.HookBrokerConnect.
func (l *Link) OnBrokerConnect(meta kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	if err != nil {
		l.away(meta, err)
	}
}

// OnBrokerE2E implements kgo.HookBrokerE2E: only an answer proves that the broker is there.
func (l *Link) OnBrokerE2E(meta kgo.BrokerMetadata, _ int16, e2e kgo.BrokerE2E) {
	switch {
	case e2e.ReadErr == nil && e2e.WriteErr == nil && e2e.BytesRead > 0:
		l.condition.Over(context.Background())
	case errors.Is(e2e.ReadErr, os.ErrDeadlineExceeded):
		// It is connected and does not answer: it hangs, or the network between.
		l.away(meta, errors.New("it does not answer in time"))
	}
}

var (
	_ kgo.HookBrokerConnect = (*Link)(nil)
	_ kgo.HookBrokerE2E     = (*Link)(nil)
)

// dialTLS connects with certificates that are read for each connection.
func (c Config) dialTLS(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	config, err := c.TLS.Config(host)
	if err != nil {
		return nil, err
	}
	dialer := &tls.Dialer{NetDialer: &net.Dialer{Timeout: dialTimeout}, Config: config}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, certs.Explain(err)
	}
	return conn, nil
}

// dialTimeout bounds connecting and the handshake.
const dialTimeout = 10 * time.Second
