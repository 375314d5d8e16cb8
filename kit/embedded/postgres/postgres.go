// Package postgres runs a PostgreSQL server as a child process: it fetches the programs,
// initialises the data, starts the server, starts it again when it dies, and backs it up.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shopmesh/shopmesh/kit/condition"
	"github.com/shopmesh/shopmesh/kit/embedded/internal/loglimit"
)

// Config is where the server keeps its data and how large it may grow.
type Config struct {
	// Dir is the folder that it owns, usually [datadir.Dir.Postgres]. The caller holds the
	// lock that lets one process at a time use it.
	Dir string
	// CacheDir keeps the fetched programs. Empty: the folder in [CacheVariable], else the user's cache directory.
	CacheDir string
	// Databases are created when they are missing, each with a role of the same name that
	// owns it. Names are lower-case letters, digits and underscores.
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

// Server is a PostgreSQL server that runs as our child process. It is reachable through a
// Unix socket only, by each role with its own generated password. When it dies it is
// started again; when this process dies, in whatever way, it shuts down.
type Server struct {
	cluster  cluster
	settings []string
	logger   *slog.Logger

	mu      sync.Mutex // guards secrets
	secrets credentials

	condition *condition.Condition
	limit     loglimit.Limiter
	restarts  atomic.Int64
	stopping  context.Context    // ends when Close begins
	stop      context.CancelFunc // begins Close
	impatient chan struct{}      // closed when Close's own context ended
	hurry     sync.Once
	done      chan struct{}
}

// Start starts the server and returns when it takes connections and the databases exist.
// The first start on a machine fetches PostgreSQL's programs; the first in a folder
// initialises it. When the server of an earlier process still runs on the folder, Start
// waits for its end and never adopts it. ctx bounds the start alone.
func Start(ctx context.Context, config Config) (*Server, error) {
	logger := config.Logger
	if logger == nil {
		logger = slog.Default()
	}
	cluster, err := locateCluster(ctx, config, logger)
	if err != nil {
		return nil, err
	}
	logger.Info("starting PostgreSQL", "version", Version)
	secrets, err := cluster.prepare(ctx)
	if err != nil {
		return nil, err
	}
	p := &Server{
		cluster:   cluster,
		settings:  serverSettings(config),
		logger:    logger,
		secrets:   secrets,
		condition: condition.New(logger, "PostgreSQL does not run; it is started again until it does"),
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

// URL returns the connection string of a database that EnsureDatabases made, for the role
// that owns it, and "" when there is no such database. It holds a password: never log it.
func (p *Server) URL(database string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	password, ok := p.secrets.Databases[database]
	if !ok {
		return ""
	}
	return p.cluster.url(database, password, database)
}

// AdminURL returns the superuser's connection string to any database ("postgres" always
// exists): for backups and for tests that clone databases, never for a service.
func (p *Server) AdminURL(database string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cluster.url(superuser, p.secrets.Superuser, database)
}

// Restarts returns how often the server died and was started again.
func (p *Server) Restarts() int64 { return p.restarts.Load() }

// Done is closed when Close has ended the server.
func (p *Server) Done() <-chan struct{} { return p.done }

// Close shuts the server down and waits for its end; connections are cut. When ctx ends
// first, the server is stopped without a shutdown: that loses nothing that was committed,
// but the next start recovers.
func (p *Server) Close(ctx context.Context) error {
	p.stop()
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
	}
	p.hurry.Do(func() { close(p.impatient) })
	<-p.done
	return fmt.Errorf("stop PostgreSQL: it was killed: %w", context.Cause(ctx))
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
func (p *Server) supervise(current *process) {
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

// relaunch tries until the server runs or Close begins: what keeps it down, such as a full
// disk, may be mended meanwhile.
func (p *Server) relaunch() (*process, error) {
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

// downAfter is how long a restart may take before that is reported.
const downAfter = 2 * time.Second

// Condition returns why PostgreSQL does not run, and nil when it does or was just restarted.
func (p *Server) Condition(context.Context) error { return p.condition.Err(downAfter) }

// whyDown returns why the server ended, with what to do where its output shows that.
func whyDown(ended error, output string) error {
	if reportsFull(output) {
		return fmt.Errorf("the disk is full: make room, and it starts by itself (%w)", ended)
	}
	return ended
}

// reportsFull reports whether a program's output mentions a full disk.
func reportsFull(output string) bool {
	return strings.Contains(output, "No space left on device")
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

// serverEnvironment is the whole environment of PostgreSQL's programs: nothing of ours, so
// that no credential leaks.
func serverEnvironment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
}
