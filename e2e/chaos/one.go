package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/shopmesh/shopmesh/e2e/internal/process"
	"github.com/shopmesh/shopmesh/kit/testkit/address"
	"github.com/shopmesh/shopmesh/services"
)

// oneProcess is `shopmesh up`, with its PostgreSQL and its broker inside, and a mail
// server of its own.
type oneProcess struct {
	net      *network
	shop     *component
	mail     *mailServer
	cards    *cardServer
	postgres postmaster
	data     string
	api      *link
	direct   *relay // to the shop, past every fault
	listen   *address.Held
	at       atomic.Pointer[process.Ready]
	loseLog  atomic.Bool // remove the broker's directory before the next start
}

func startOneProcess(w *workshop) (*oneProcess, error) {
	s := &oneProcess{net: newNetwork(), data: filepath.Join(w.dir, "data")}
	s.postgres = postmaster{filepath.Join(s.data, "postgres")}
	program, err := w.program("cmd/shopmesh")
	if err != nil {
		return nil, err
	}
	if s.mail, err = startMailServer(s.net, filepath.Join(w.dir, "inbox"), w.log); err != nil {
		return nil, err
	}
	if s.listen, err = address.Hold(); err != nil {
		return nil, err
	}
	dial := func(ctx context.Context) (net.Conn, error) { return dialTCP(ctx, s.listen.String()) }
	if s.api, err = s.net.link("shop", dial); err != nil {
		return nil, err
	}
	if s.direct, err = newRelay(dial); err != nil {
		return nil, err
	}
	if s.cards, err = startCardServer(s.net, w.seed, s.api.address()); err != nil {
		return nil, err
	}
	logFile, err := w.logFile("shop")
	if err != nil {
		return nil, err
	}
	s.shop = newComponent("shop", w.log, func(began func(*process.Process)) error {
		if s.loseLog.Swap(false) {
			if err := os.RemoveAll(filepath.Join(s.data, "broker")); err != nil {
				return err
			}
		}
		_, ready, err := process.StartShop(process.Command{
			Path: program, Args: []string{"--listen", s.listen.String(), "--data", s.data},
			Env: append(s.cards.env(), "SHOPMESH_SMTP_URL=smtp://"+s.mail.link.address()), Log: logFile, Started: began,
			Limited: true, // the round sets the limits, once
		})
		if err != nil {
			return err
		}
		s.at.Store(&ready)
		return nil
	})
	return s, nil
}

func (s *oneProcess) owner() (string, error) { return s.at.Load().Token, nil }

func (s *oneProcess) endpoints(token string) map[string][]*endpoint {
	all := map[string][]*endpoint{}
	for _, c := range services.Contexts() {
		all[c] = []*endpoint{newEndpoint(s.api.address(), token)}
	}
	return all
}

func (s *oneProcess) observers(token string) []*endpoint {
	return []*endpoint{newEndpoint(s.direct.address(), token)}
}

func (s *oneProcess) replicas(token string) []*replica {
	return []*replica{newReplica("shop", services.Contexts(), s.direct.address(), s.at.Load().Internal, token)}
}

func (s *oneProcess) outage() func() (restarted string, end func()) { return nil }

func delay(rng *rand.Rand) time.Duration { return time.Duration(rng.IntN(1500)) * time.Millisecond }

func (s *oneProcess) kills() []kill {
	return append([]kill{
		{"shop", 8, func(rng *rand.Rand) bool { return s.shop.kill(delay(rng)) }},
		{"shop with postgres", 3, func(rng *rand.Rand) bool {
			pids := s.postgres.pids()
			killed := s.shop.kill(delay(rng))
			if killed && len(pids) > 0 {
				s.postgres.signal(pids[0], 9)
			}
			return killed
		}},
		{"shop, and the broker's directory lost", 1, func(rng *rand.Rand) bool {
			s.loseLog.Store(true)
			return s.shop.kill(delay(rng))
		}},
		{"smtp", 4, func(rng *rand.Rand) bool { return s.mail.kill(3 * delay(rng)) }},
	}, postgresKills(s.postgres, 3)...)
}

func (s *oneProcess) pauses() []pause {
	return append([]pause{
		{"shop", 3, 14, func(*rand.Rand) func() { return s.shop.pause() }},
		{"smtp", 2, 12, func(*rand.Rand) func() { return s.mail.pause() }},
	}, postgresPauses(s.postgres)...)
}

func (s *oneProcess) network() *network     { return s.net }
func (s *oneProcess) provider() *cardServer { return s.cards }

func (s *oneProcess) ready(ctx context.Context) error {
	for {
		err := errors.New("the shop or the mail server does not run")
		if at := s.at.Load(); at != nil && s.mail.at.Load() != nil {
			err = process.CheckReady(ctx, at.Internal)
		}
		if err == nil {
			return nil
		}
		if sleep(ctx, 100*time.Millisecond) != nil {
			return fmt.Errorf("the shop is not ready: %w", err)
		}
	}
}

func (s *oneProcess) internal() []string { return []string{s.at.Load().Internal} }
func (s *oneProcess) inbox() string      { return s.mail.at.Load().Page }
func (s *oneProcess) died() []string     { return append(s.shop.ends(), s.mail.ends()...) }

func (s *oneProcess) close() {
	s.shop.close()
	s.mail.close()
	s.cards.close()
	s.net.close()
	s.direct.close()
	s.listen.Release()
}
