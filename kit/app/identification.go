package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/kafka"
)

// Identification is how a process finds out who calls.
type Identification struct {
	// Authenticator finds out who calls.
	Authenticator authz.Authenticator
	// Runners keep up to date what the Authenticator compares with. They read Topics on
	// Kafka, which are created first.
	Runners []Runner
	Kafka   kafka.Config
	Topics  func() []kafka.Topic
}

// identified is what the runners of an Identification are called in logs, in place of a
// context.
const identified = "authentication"

// errNoAuthenticator refuses to serve where everybody would be let in.
var errNoAuthenticator = errors.New("nothing finds out who calls: give the process Identify or an Authenticator")

// identify makes the process's Identification, if it has one, and shows in readiness when
// one of its runners fails.
func (h *host) identify(in *hostParams) error {
	if in.Process.Identify == nil {
		if in.Process.Authenticator == nil {
			return errNoAuthenticator
		}
		return nil
	}
	h.identification = in.Process.Identify(in.Peers, in.Log.Logger)
	in.Process.Authenticator = h.identification.Authenticator
	h.readiness.process = append(h.readiness.process, func(context.Context) error {
		for _, m := range h.supervisor.of(identified) {
			if err := m.get(); err != nil {
				return fmt.Errorf("%s: %w; until it works, what was revoked may be taken until it expires", m.name, err)
			}
		}
		return nil
	})
	return nil
}

// startIdentification starts the runners of the Identification, once their topics are there.
func (h *host) startIdentification(ctx context.Context) {
	if h.identification.Topics != nil && !h.ensureTopics(ctx, identified, h.identification.Kafka, h.identification.Topics) {
		return
	}
	for _, runner := range h.identification.Runners {
		h.supervisor.start(identified, runner)
	}
}
