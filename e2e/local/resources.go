package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/e2e/kafka"
	"github.com/shopmesh/shopmesh/kit/embedded/datadir"
	"github.com/shopmesh/shopmesh/kit/embedded/inbox"
	"github.com/shopmesh/shopmesh/kit/embedded/postgres"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/identity"
)

// resources is what the services run on.
type resources struct {
	postgres  *postgres.Server
	broker    string // host:port
	smtp      string // a URL
	inboxURL  string
	passwords map[string]string // by role without its prefix
	key       string            // of identity
	keys      string            // the folder of services' keys
	socket    string            // identity's, for operators
	closing   []func()
}

// open starts PostgreSQL, Kafka and the inbox, and runs the SQL that an operator would.
func open(ctx context.Context, o options) (_ *resources, err error) {
	g := &resources{passwords: make(map[string]string)}
	defer func() {
		if err != nil {
			g.close()
		}
	}()
	if err := g.openPostgres(ctx, o); err != nil {
		return nil, err
	}
	if err := g.openKafka(ctx, o); err != nil {
		return nil, err
	}
	return g, g.openInbox(ctx, o)
}

// close ends them, newest first.
func (g *resources) close() {
	for i := len(g.closing) - 1; i >= 0; i-- {
		g.closing[i]()
	}
	g.closing = nil
}

func (g *resources) openPostgres(ctx context.Context, o options) error {
	fmt.Println("starting PostgreSQL")
	data, err := datadir.Open(filepath.Join(o.data, "shop"))
	if err != nil {
		return err
	}
	g.closing = append(g.closing, func() { _ = data.Close() })
	if g.key, err = identityKey(data); err != nil {
		return err
	}
	g.keys, g.socket = filepath.Join(o.data, "keys"), filepath.Join(o.data, "operator.sock")
	if err := services.WriteServiceKeys(g.keys, services.Contexts()...); err != nil {
		return err
	}
	g.postgres, err = postgres.Start(ctx, postgres.Config{
		Dir: data.Postgres(), MaxConnections: 150, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	g.closing = append(g.closing, func() {
		stopping, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		_ = g.postgres.Close(stopping)
	})
	return g.createDatabases(ctx, filepath.Join(o.files, "databases.sql"))
}

// createDatabases runs the SQL statement by statement, as psql does, with passwords for
// its variables. Roles and databases that an earlier run made stay, and the roles get the
// new passwords.
func (g *resources) createDatabases(ctx context.Context, file string) error {
	sql, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, g.postgres.AdminURL("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var statements []string
	text := string(sql)
	for _, role := range append([]string{"sandbox"}, services.Contexts()...) {
		g.passwords[role] = rand.Text()
		text = strings.ReplaceAll(text, ":'"+role+"_password'", "'"+g.passwords[role]+"'")
	}
	for statement := range strings.SplitSeq(text, ";\n") {
		if statement = strings.TrimSpace(statement); statement != "" {
			statements = append(statements, statement)
		}
	}
	for role, password := range g.passwords {
		statements = append(statements, fmt.Sprintf("alter role shopmesh_%s password '%s'", role, password))
	}
	for _, statement := range statements {
		_, err := conn.Exec(ctx, statement)
		if err != nil && !strings.Contains(err.Error(), "already exists") {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

// databaseURL is the URL of a service's database, for its role.
func (g *resources) databaseURL(name string) string {
	address, err := url.Parse(g.postgres.AdminURL("postgres"))
	if err != nil {
		panic(err) // the embedded database makes it
	}
	address.User, address.Path = url.UserPassword("shopmesh_"+name, g.passwords[name]), "/shopmesh_"+name
	return address.String()
}

func (g *resources) openKafka(ctx context.Context, o options) error {
	fmt.Println("starting Apache Kafka")
	// Its topics are new with each run: the services publish again what is overdue.
	dir := filepath.Join(o.data, "kafka")
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	node, err := kafka.Format(o.kafka, dir, "")
	if err != nil {
		return err
	}
	g.closing = append(g.closing, node.Release)
	node.OwnGroup = true
	p, err := node.Start(nil)
	if err != nil {
		return err
	}
	g.closing = append(g.closing, func() { p.Stop() })
	g.broker = node.Address()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := node.Check(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.Ended():
			return fmt.Errorf("kafka ended:\n%s", p.Log())
		case <-ctx.Done():
			return fmt.Errorf("kafka does not answer: %w", err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (g *resources) openInbox(ctx context.Context, o options) error {
	inbox, err := inbox.Open(filepath.Join(o.data, "inbox"), "127.0.0.1:0", slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	g.closing = append(g.closing, func() { _ = inbox.Close(context.Background()) })
	go func() { _ = inbox.Serve() }()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	pages := &http.Server{Handler: inbox.Handler(), ReadHeaderTimeout: 10 * time.Second}
	g.closing = append(g.closing, func() { _ = pages.Close() })
	go func() {
		if err := pages.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, "local: the inbox's pages:", err)
		}
	}()
	g.smtp, g.inboxURL = "smtp://"+inbox.Addr(), "http://"+listener.Addr().String()
	return nil
}

// environment is a service's, with our own addresses for those of the files.
func (g *resources) environment(service string, files map[string]string) []string {
	ours := map[string]string{
		"SHOPMESH_DATABASE_URL":         g.databaseURL(service),
		"SHOPMESH_SANDBOX_DATABASE_URL": g.databaseURL("sandbox"),
		"SHOPMESH_KAFKA_BROKERS":        g.broker,
		"SHOPMESH_SMTP_URL":             g.smtp,
		"SHOPMESH_IDENTITY_KEY":         g.key,
		"SHOPMESH_SERVICE_KEY_FILE":     filepath.Join(g.keys, services.PrivateKeyFile(service)),
		"SHOPMESH_SERVICE_KEYS":         filepath.Join(g.keys, services.PublicKeysFile),
		"SHOPMESH_OPERATOR_SOCKET":      g.socket,
	}
	var env []string
	for name, value := range files {
		if our, ok := ours[name]; ok {
			value = our
		}
		env = append(env, name+"="+value)
	}
	return env
}

// identityKey is what identity encrypts its secrets with, the same for the same data.
func identityKey(data *datadir.Dir) (string, error) {
	path := data.KeyFile(identity.Name)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key := identity.NewKey().Reveal()
		return key, datadir.WriteFile(path, []byte(key), 0o600)
	}
	return string(text), err
}
