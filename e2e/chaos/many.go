package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/shopmesh/shopmesh/e2e/internal/process"
	"github.com/shopmesh/shopmesh/e2e/kafka"
	"github.com/shopmesh/shopmesh/kit/embedded/datadir"
	"github.com/shopmesh/shopmesh/kit/embedded/postgres"
	"github.com/shopmesh/shopmesh/kit/testkit/address"
	"github.com/shopmesh/shopmesh/services"
)

// many is each service in a process of its own, those with leaders twice, on Apache
// Kafka, a PostgreSQL and a mail server.
type many struct {
	net      *network
	services []*service
	mail     *mailServer
	cards    *cardServer
	node     *kafka.Node
	broker   *component
	data     *datadir.Dir
	database *postgres.Server
	postgres postmaster
	program  string // shopmesh
	socket   string // identity's, for operators
}

// service is one replica.
type service struct {
	*component
	context                 string
	listen, internalAddress *address.Held
	api                     *link // the way to it
	database                *link // its own way to PostgreSQL: a cut frees its locks alone
}

// replicas is how many processes a context has. Where there are two, the second
// takes over what the first one led.
func replicas(context string) int {
	switch context {
	case "order", "inventory", "payment", "notification":
		return 2
	default:
		return 1
	}
}

func startMany(ctx context.Context, w *workshop) (shape, error) {
	s := &many{net: newNetwork()}
	if err := s.startParts(ctx, w); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *many) startParts(ctx context.Context, w *workshop) error {
	var err error
	if s.mail, err = startMailServer(s.net, filepath.Join(w.dir, "inbox"), w.log); err != nil {
		return err
	}
	if err := s.startDatabase(ctx, w); err != nil {
		return err
	}
	brokerLink, err := s.startBroker(w)
	if err != nil {
		return err
	}
	return s.startServices(w, brokerLink)
}

func (s *many) startDatabase(ctx context.Context, w *workshop) error {
	names := []string{"shopmesh_sandbox"}
	for _, c := range services.Contexts() {
		names = append(names, "shopmesh_"+c)
	}
	var err error
	if s.data, err = datadir.Open(filepath.Join(w.dir, "data")); err != nil {
		return err
	}
	logFile, err := w.logFile("postgres")
	if err != nil {
		return err
	}
	s.postgres = postmaster{s.data.Postgres()}
	s.database, err = postgres.Start(ctx, postgres.Config{
		Dir: s.data.Postgres(), Databases: names, MaxConnections: 250, Logger: slog.New(slog.NewJSONHandler(logFile, nil)),
	})
	return err
}

// startBroker starts Kafka behind a link: it advertises that address to its clients.
func (s *many) startBroker(w *workshop) (*link, error) {
	l, err := s.net.link("kafka", func(ctx context.Context) (net.Conn, error) {
		if s.node == nil {
			return nil, errors.New("the broker does not run")
		}
		return dialTCP(ctx, s.node.Address())
	})
	if err != nil {
		return nil, err
	}
	if s.node, err = kafka.Format(w.kafka, filepath.Join(w.dir, "kafka"), l.address()); err != nil {
		return nil, err
	}
	logFile, err := w.logFile("kafka")
	if err != nil {
		return nil, err
	}
	s.broker = newComponent("kafka", w.log, func(began func(*process.Process)) error {
		p, err := s.node.Start(logFile)
		if err == nil {
			began(p)
		}
		return err
	})
	return l, nil
}

func (s *many) startServices(w *workshop, broker *link) error {
	peers := map[string]string{}
	for _, c := range services.Contexts() {
		for i := range replicas(c) {
			v := &service{context: c}
			var err error
			if v.listen, err = address.Hold(); err != nil {
				return err
			}
			if v.internalAddress, err = address.Hold(); err != nil {
				return err
			}
			name := c
			if replicas(c) > 1 {
				name = fmt.Sprintf("%s %d", c, i+1)
			}
			if v.api, err = s.net.link(name, func(ctx context.Context) (net.Conn, error) { return dialTCP(ctx, v.listen.String()) }); err != nil {
				return err
			}
			// Peers know one address; when it is a dead replica's they answer so, as they
			// would without a mesh.
			if peers[c] == "" {
				peers[c] = "http://" + v.api.address()
			}
			if v.database, err = s.net.link("postgres of "+name, s.dialDatabase); err != nil {
				return err
			}
			v.component = &component{name: name}
			s.services = append(s.services, v)
		}
	}
	var err error
	if s.cards, err = startCardServer(s.net, w.seed, strings.TrimPrefix(peers["payment"], "http://")); err != nil {
		return err
	}
	keys := filepath.Join(w.dir, "keys")
	if err := services.WriteServiceKeys(keys, services.Contexts()...); err != nil {
		return err
	}
	if s.program, err = w.program("cmd/shopmesh"); err != nil {
		return err
	}
	s.socket = filepath.Join(w.dir, "operator.sock")
	for _, v := range s.services {
		program, err := w.program("services/" + v.context + "/cmd/" + v.context)
		if err != nil {
			return err
		}
		logFile, err := w.logFile(strings.ReplaceAll(v.name, " ", "-"))
		if err != nil {
			return err
		}
		env := process.Service{
			Name: v.context, Keys: keys, OperatorSocket: s.socket,
			Listen: v.listen.String(), Internal: v.internalAddress.String(), Peers: peers, Broker: broker.address(),
			Database: s.through(v.database, "shopmesh_"+v.context), Sandbox: s.through(v.database, "shopmesh_sandbox"),
			SMTP: "smtp://" + s.mail.link.address(),
		}.Env()
		if v.context == "payment" {
			env = append(env, s.cards.env()...)
		}
		v.component = newComponent(v.name, w.log, func(began func(*process.Process)) error {
			_, err := process.Start(process.Command{Path: program, Env: env, Log: logFile, Started: began})
			return err
		})
	}
	return nil
}

// dialDatabase reaches PostgreSQL, which listens at a Unix socket alone.
func (s *many) dialDatabase(ctx context.Context) (net.Conn, error) {
	at, err := url.Parse(s.database.AdminURL("postgres"))
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	return d.DialContext(ctx, "unix", filepath.Join(at.Query().Get("host"), ".s.PGSQL."+at.Query().Get("port")))
}

// through is a database's URL by way of a link.
func (s *many) through(l *link, database string) string {
	at, err := url.Parse(s.database.URL(database))
	if err != nil {
		return ""
	}
	at.Host, at.RawQuery = l.address(), "sslmode=disable"
	return at.String()
}

func (s *many) owner() (string, error) { return process.Token(s.program, s.socket, "owner") }

func (s *many) endpoints(token string) map[string][]*endpoint {
	all := map[string][]*endpoint{}
	for _, v := range s.services {
		all[v.context] = append(all[v.context], newEndpoint(v.api.address(), token))
	}
	return all
}

func (s *many) observers(token string) []*endpoint {
	var all []*endpoint
	for _, v := range s.services {
		if v.context == "order" {
			all = append(all, newEndpoint(v.listen.String(), token))
		}
	}
	return all
}

func (s *many) replicas(token string) []*replica {
	var all []*replica
	for _, v := range s.services {
		all = append(all, newReplica(v.name, []string{v.context}, v.listen.String(), "http://"+v.internalAddress.String(), token))
	}
	return all
}

func (s *many) outage() func() (restarted string, end func()) {
	first := func(context string) *service {
		return s.services[slices.IndexFunc(s.services, func(v *service) bool { return v.context == context })]
	}
	return func() (string, func()) {
		end, order := first("config").hold(), first("order")
		order.kill(0)
		return order.name, end
	}
}

func (s *many) kills() []kill {
	all := append([]kill{
		{"kafka", 4, func(rng *rand.Rand) bool { return s.broker.kill(delay(rng)) }},
		{"smtp", 3, func(rng *rand.Rand) bool { return s.mail.kill(3 * delay(rng)) }},
	}, postgresKills(s.postgres, 2)...)
	for _, v := range s.services {
		weight := 3
		if replicas(v.context) == 1 {
			weight = 1
		}
		all = append(all, kill{v.name, weight, func(rng *rand.Rand) bool { return v.kill(2 * delay(rng)) }})
	}
	return all
}

func (s *many) pauses() []pause {
	all := append([]pause{
		{"kafka", 4, 15, func(*rand.Rand) func() { return s.broker.pause() }},
		{"smtp", 2, 12, func(*rand.Rand) func() { return s.mail.pause() }},
	}, postgresPauses(s.postgres)...)
	for _, v := range s.services {
		// After 10 s of silence a process loses its place in its groups and its leases. It
		// loses its locks only with its connection, so one pause cuts that as well: when the
		// process goes on, it takes itself for a leader, and another one leads.
		all = append(all,
			pause{v.name, 1, 20, func(*rand.Rand) func() { return v.pause() }},
			pause{v.name + " (its locks freed)", 2, 20, func(*rand.Rand) func() {
				resume := v.pause()
				v.database.cut()
				return resume
			}})
	}
	return all
}

func (s *many) network() *network     { return s.net }
func (s *many) provider() *cardServer { return s.cards }

func (s *many) ready(ctx context.Context) error {
	for {
		err := s.check(ctx)
		if err == nil {
			return nil
		}
		if sleep(ctx, 300*time.Millisecond) != nil {
			return fmt.Errorf("the services are not ready: %w", err)
		}
	}
}

func (s *many) check(ctx context.Context) error {
	if s.mail.at.Load() == nil {
		return errors.New("the mail server does not run")
	}
	once, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := s.node.Check(once); err != nil {
		return fmt.Errorf("kafka: %w", err)
	}
	for _, v := range s.services {
		if err := process.CheckReady(once, "http://"+v.internalAddress.String()); err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
	}
	return nil
}

// internal are the internal ports of each context's first replica.
func (s *many) internal() []string {
	var all []string
	last := ""
	for _, v := range s.services {
		if v.context != last {
			all = append(all, "http://"+v.internalAddress.String())
		}
		last = v.context
	}
	return all
}

func (s *many) inbox() string { return s.mail.at.Load().Page }

func (s *many) died() []string {
	all := append(s.mail.ends(), s.broker.ends()...)
	for _, v := range s.services {
		all = append(all, v.ends()...)
	}
	return all
}

// close kills the services: what they hold was compared already.
func (s *many) close() {
	for _, v := range s.services {
		if v.component != nil {
			v.component.end()
		}
		v.listen.Release()
		v.internalAddress.Release()
	}
	if s.broker != nil {
		s.broker.end()
		s.node.Release()
	}
	if s.mail != nil {
		s.mail.close()
	}
	if s.cards != nil {
		s.cards.close()
	}
	if s.database != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		_ = s.database.Close(ctx)
	}
	if s.data != nil {
		_ = s.data.Close()
	}
	s.net.close()
}
