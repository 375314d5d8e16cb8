package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shopmesh/shopmesh/kit/condition"
)

// PostgresConfig says where the embedded PostgreSQL lives and how large it may grow.
type PostgresConfig struct {
	// Dir is the folder that it owns, usually [DataDir.Postgres]. One process at a time may use it: the caller holds
	// the lock. When we are root, every folder above must let the database's user pass.
	Dir string
	// CacheDir keeps the fetched programs. Empty: the folder in [CacheVariable], else the user's cache directory.
	CacheDir string
	// Databases are created when they are not there, each with a role of the same name that owns it. Names are
	// lower-case letters, digits and underscores.
	Databases []string
	// SharedBuffersMB is the size of PostgreSQL's own cache in MiB. 0: a 32nd of the machine's memory, between 128 and 256.
	SharedBuffersMB int
	// MaxConnections bounds the connections of all databases together. 0: 100.
	MaxConnections int
	// Settings override PostgreSQL's parameters by name; tests that may lose data on a power cut turn fsync off here.
	Settings map[string]string
	// Logger gets the server's own messages. Nil: slog.Default.
	Logger *slog.Logger
}

// Postgres is a PostgreSQL server that runs as our child. It is reachable through a Unix socket only, each role by its
// own generated password. When the server dies it is started again; when we die, however, it shuts itself down.
type Postgres struct {
	cluster  cluster
	settings []string
	logger   *slog.Logger

	mu      sync.Mutex // guards secrets
	secrets credentials

	condition *condition.Condition
	quiet     quiet
	restarts  atomic.Int64
	stopping  context.Context    // ends when Close begins
	stop      context.CancelFunc // begins Close
	impatient chan struct{}      // closed when Close's own context ended
	hurry     sync.Once
	done      chan struct{}
}

// StartPostgres starts the server and returns when it takes connections and the databases are there. The first start
// on a machine fetches PostgreSQL, the first in a folder initialises it. A server that a killed predecessor left in the
// folder is waited for, never adopted. ctx bounds the start alone.
func StartPostgres(ctx context.Context, config PostgresConfig) (*Postgres, error) {
	logger := config.Logger
	if logger == nil {
		logger = slog.Default()
	}
	cluster, err := locateCluster(ctx, config, logger)
	if err != nil {
		return nil, err
	}
	logger.Info("starting PostgreSQL", "version", postgresVersion)
	secrets, err := cluster.prepare(ctx)
	if err != nil {
		return nil, err
	}
	p := &Postgres{
		cluster:   cluster,
		settings:  serverSettings(config, cluster.socketDir),
		logger:    logger,
		secrets:   secrets,
		condition: condition.New(logger, "PostgreSQL does not run; it is started until it does"),
		impatient: make(chan struct{}),
		done:      make(chan struct{}),
	}
	p.stopping, p.stop = context.WithCancel(context.Background())
	first, err := p.launch(ctx)
	if err != nil {
		p.stop()
		return nil, errors.Join(err, cluster.removeSocketDir())
	}
	go p.supervise(first)
	if err := p.EnsureDatabases(ctx, config.Databases...); err != nil {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeGrace)
		defer cancel()
		return nil, errors.Join(err, p.Close(closing))
	}
	return p, nil
}

// URL returns the connection string of a database that EnsureDatabases made, for the role that owns it. It holds the
// role's password: it is not for logs. It is empty when there is no such database.
func (p *Postgres) URL(database string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	password, ok := p.secrets.Databases[database]
	if !ok {
		return ""
	}
	return p.cluster.url(database, password, database)
}

// AdminURL returns the connection string of the superuser to any database ("postgres" is always there): for backups
// and for tests that clone databases, never for a service.
func (p *Postgres) AdminURL(database string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cluster.url(superuser, p.secrets.Superuser, database)
}

// Restarts returns how often the server died and was started again.
func (p *Postgres) Restarts() int64 { return p.restarts.Load() }

// Done is closed when the server has ended for good, which only Close brings about.
func (p *Postgres) Done() <-chan struct{} { return p.done }

// Close shuts the server down and waits for it: connections are cut, what was committed is on disk. When ctx ends
// first the server is stopped hard, which loses nothing either but makes the next start recover.
func (p *Postgres) Close(ctx context.Context) error {
	p.stop()
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
	}
	p.hurry.Do(func() { close(p.impatient) })
	<-p.done
	return fmt.Errorf("stop PostgreSQL: it was stopped hard: %w", context.Cause(ctx))
}

const (
	superuser  = "postgres"
	socketPort = "5432"
	closeGrace = 10 * time.Second
)

func (c cluster) url(role, password, database string) string {
	query := url.Values{"host": {c.socketDir}, "port": {socketPort}}
	address := url.URL{Scheme: "postgres", User: url.UserPassword(role, password), Path: "/" + database, RawQuery: query.Encode()}
	return address.String()
}

// supervise owns the server process from its first start to the end.
func (p *Postgres) supervise(current *server) {
	defer close(p.done)
	for {
		select {
		case <-p.stopping.Done():
			current.stop(p.impatient)
			if err := p.cluster.removeSocketDir(); err != nil {
				p.logger.Warn("a folder for sockets is left", "error", err)
			}
			return
		case <-current.exited:
		}
		current.release()
		p.condition.Note(p.stopping, whyDown(current.failure(), current.log.end()))
		p.restarts.Add(1)
		next, err := p.relaunch()
		if err != nil { // Close came first
			return
		}
		p.condition.Over(p.stopping)
		current = next
	}
}

// relaunch tries until the server is up or Close begins: what keeps it down, a full disk say, may be mended meanwhile.
func (p *Postgres) relaunch() (*server, error) {
	const longestPause = 5 * time.Second
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, longestPause) {
		next, err := p.launch(p.stopping)
		if err == nil {
			return next, nil
		}
		if p.stopping.Err() != nil {
			return nil, errors.Join(err, p.cluster.removeSocketDir())
		}
		p.condition.Note(p.stopping, err)
		if err := sleep(p.stopping, pause); err != nil {
			return nil, errors.Join(err, p.cluster.removeSocketDir())
		}
	}
}

// Condition says why PostgreSQL does not run; nil when it does, or was only started again.
func (p *Postgres) Condition(context.Context) error { return p.condition.Err(downAfter) }

// whyDown is why the server ended, with what to do where its last words say that.
func whyDown(ended error, said string) error {
	if saysFull(said) {
		return fmt.Errorf("the disk is full: make room, and it starts by itself (%w)", ended)
	}
	return ended
}

// sleep waits for a duration or for the context's end, whose cause it then returns.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// serverEnvironment is all that PostgreSQL's programs see of our environment: nothing, so that no credential leaks.
func serverEnvironment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
}
