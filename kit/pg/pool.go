// Package pg holds a context's database: its pools, its pipelined transactions
// and its migrations.
//
// # Connection budget
//
// One context in one process uses at most MaxConns + HotConns connections of its
// pools, one more for its outbox relay's lock, and one while it migrates at
// start: 12 with the defaults. Pools are lazy; an idle context holds fewer.
package pg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shopmesh/shopmesh/kit/condition"
	"github.com/shopmesh/shopmesh/kit/crashpoint"
)

// Config is where a context's database is and how much of it one process may use.
type Config struct {
	// URL is a PostgreSQL connection string or URL, user and password included.
	URL string
	// MaxConns bounds the plain pool. 0 means 6.
	MaxConns int32
	// HotConns bounds the pool of hot paths. 0 means 4.
	HotConns int32
	// Tracer sees every statement, for example otelpgx.NewTracer(). Nil traces nothing.
	Tracer pgx.QueryTracer
}

// Pool is a context's database. Used directly it runs each statement on its own;
// several statements that belong together go through InTx.
type Pool struct {
	*pgxpool.Pool
	hot  *Pool
	join Join
}

// Join is called when a transaction begins, with its context. It returns the context that
// the transaction's function gets, and what is to be done in the transaction when the
// function is done; nil for nothing.
type Join func(ctx context.Context) (context.Context, func(ctx context.Context, tx *Tx) error)

// Join has a function take part in each transaction of InTx: what it writes is committed
// with it, and travels with the commit. Call it once, before the pool is used.
func (p *Pool) Join(join Join) {
	p.join = join
	if p.hot != nil {
		p.hot.join = join
	}
}

// DBTX is what a statement runs on: a *Pool or a *Tx. It is a superset of sqlc's
// interface of the same name.
type DBTX interface {
	Querier
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// hotPlans are session settings for statements that always touch few rows through an
// index and take their keys as arrays. A session keeps a plan that was made while a table
// was empty, and PostgreSQL guesses every array at ten rows: without these settings it
// sometimes scans the whole table, and goes on doing so. They are wrong for lists and
// audits.
var hotPlans = [...][2]string{
	{"plan_cache_mode", "force_generic_plan"},
	{"enable_seqscan", "off"},
	{"enable_hashjoin", "off"},
	{"enable_mergejoin", "off"},
}

// vanished are session settings for clients that were killed behind a proxy or with their
// machine: PostgreSQL would keep their transactions open, with all locks, for ever.
// Between two statements of a transaction a client only computes; what has to wait longer
// uses [Pool.Snapshot]. transaction_timeout is for a proxy that swallowed the end of what
// a client sent: the server then waits inside a statement, which does not count as idle.
var vanished = [...][2]string{
	{"idle_in_transaction_session_timeout", "10s"},
	{"transaction_timeout", "30s"},
	{"tcp_keepalives_idle", "15"},
	{"tcp_keepalives_interval", "5"},
	{"tcp_keepalives_count", "3"},
}

// Open connects to the database of the context called name and waits, until ctx
// ends, for one that can't be reached yet. It fails at once when waiting can't
// help: a wrong password, a database that does not exist, a malformed URL.
func Open(ctx context.Context, name string, cfg Config, log *slog.Logger) (*Pool, error) {
	plain, err := newPool(ctx, name, cfg, orDefault(cfg.MaxConns, 6))
	if err != nil {
		return nil, err
	}
	hot, err := newPool(ctx, name, cfg, orDefault(cfg.HotConns, 4), hotPlans[:]...)
	if err != nil {
		plain.Close()
		return nil, err
	}
	p := &Pool{Pool: plain, hot: &Pool{Pool: hot}}
	if err := p.await(ctx, name, log); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

func orDefault(n, otherwise int32) int32 {
	if n > 0 {
		return n
	}
	return otherwise
}

func newPool(ctx context.Context, name string, cfg Config, maxConns int32, settings ...[2]string) (*pgxpool.Pool, error) {
	c, err := pgxpool.ParseConfig(cfg.URL)
	if err != nil {
		// pgx blanks the password in this error.
		return nil, fmt.Errorf("database URL of %s: %w", name, err)
	}
	// A service has some dozens of statements; a cache sets aside room for all it may hold,
	// on each connection.
	c.ConnConfig.StatementCacheCapacity, c.ConnConfig.DescriptionCacheCapacity = 128, 128
	c.MaxConns = maxConns
	c.MinConns = 0
	c.MaxConnLifetimeJitter = time.Minute
	c.ConnConfig.Tracer = cfg.Tracer
	if crashpoint.On {
		c.ConnConfig.Tracer = watchBoundaries(cfg.Tracer)
	}
	if c.ConnConfig.ConnectTimeout == 0 {
		c.ConnConfig.ConnectTimeout = 5 * time.Second
	}
	c.ConnConfig.RuntimeParams["application_name"] = "shopmesh-" + name
	for _, s := range slices.Concat(settings, vanished[:]) {
		c.ConnConfig.RuntimeParams[s[0]] = s[1]
	}
	// A server that became a standby keeps its connections and refuses every write on
	// them for ever. So each refusal closes its connection, and the next connection may
	// reach the server that took over.
	fatal := c.ConnConfig.OnPgError
	c.ConnConfig.OnPgError = func(conn *pgconn.PgConn, err *pgconn.PgError) bool {
		return err.Code != codeReadOnly && fatal(conn, err)
	}
	c.ConnConfig.AfterNetConnect = newWire
	c.BeforeConnect = freshCertificates(cfg.URL, c.ConnConfig)
	c.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		RegisterTypes(conn.TypeMap())
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("pool of %s: %w", name, err)
	}
	return pool, nil
}

func (p *Pool) await(ctx context.Context, name string, log *slog.Logger) error {
	wait := 50 * time.Millisecond
	waits := condition.New(log, "waiting for the database")
	var last error // more specific than the end of ctx
	for {
		err := p.Ping(ctx)
		if err == nil {
			waits.Over(ctx)
			return nil
		}
		if ctx.Err() != nil && last != nil {
			err = last
		}
		if !Transient(err) || ctx.Err() != nil {
			return fmt.Errorf("database of %s: %w", name, Explain(err))
		}
		last = err
		waits.Note(ctx, Explain(err), "context", name)
		if sleep(ctx, wait) != nil {
			return fmt.Errorf("database of %s: %w", name, Explain(last))
		}
		wait = min(2*wait, 2*time.Second)
	}
}

// Connect opens a connection beside the pools, with their settings.
func (p *Pool) Connect(ctx context.Context) (*pgx.Conn, error) {
	config := p.Config()
	target := config.ConnConfig.Copy()
	if config.BeforeConnect != nil {
		if err := config.BeforeConnect(ctx, target); err != nil {
			return nil, err
		}
	}
	conn, err := pgx.ConnectConfig(ctx, target)
	if err != nil {
		return nil, err
	}
	RegisterTypes(conn.TypeMap())
	return conn, nil
}

// Writable returns an error when the database answers and takes no writes. It returns
// nil when the database does not answer.
func (p *Pool) Writable(ctx context.Context) error {
	var readOnly bool
	err := p.QueryRow(ctx, "select current_setting('transaction_read_only')::bool").Scan(&readOnly)
	if err == nil && readOnly {
		return errors.New("the database takes no writes: it is a standby, or set read-only; reads go on, and writes when it takes them again")
	}
	return nil
}

// Hot is the same database with session settings for hot paths: consumers,
// collectors and the relay, whose statements take arrays and reach every row
// through an index. Lists, searches and audits stay on the plain pool.
func (p *Pool) Hot() *Pool {
	if p.hot == nil {
		return p
	}
	return p.hot
}

// Close waits for connections in use to come back, and closes them all.
func (p *Pool) Close() {
	if p.hot != nil {
		p.hot.Close()
	}
	p.Pool.Close()
}

// Snapshot runs fn in a read-only transaction that sees one state of the database
// (REPEATABLE READ). It may be idle for ten minutes and last an hour, because fn may pass
// rows on to a slow reader.
func (p *Pool) Snapshot(ctx context.Context, fn func(tx pgx.Tx) error) error {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, p.Pool, options, func(tx pgx.Tx) error {
		b := &pgx.Batch{}
		b.Queue("set local idle_in_transaction_session_timeout = '10min'")
		b.Queue("set local transaction_timeout = 0") // what runs already can't be made longer
		b.Queue("set local transaction_timeout = '1h'")
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		return fn(tx)
	})
}

// attempts bounds how often InTx runs its function.
const attempts = 5

// InTx runs fn in a READ COMMITTED transaction and commits it, within 30 s when
// ctx has no deadline; an error or a panic of fn rolls it back. fn runs again, at most
// five times, after a serialization failure or deadlock, when the server was read-only
// (another may have taken over), when it ended the transaction because nothing came for
// ten seconds, and when the connection broke and the commit cannot have reached the
// server: fn must be repeatable, with no effect outside tx. A transaction that sent
// nothing costs no round trip. A connection that broke when the commit may have arrived
// leaves open whether the transaction took place; that error is returned.
func (p *Pool) InTx(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	for n := 1; ; n++ {
		tx := &Tx{pool: p.Pool}
		err := tx.run(ctx, fn, p.join)
		if err == nil || n == attempts || !tx.repeatable(err) || ctx.Err() != nil {
			return err
		}
		// Jitter keeps two transactions that met from meeting again.
		backoff := time.Duration(n) * 10 * time.Millisecond
		if sleep(ctx, backoff/2+rand.N(backoff)) != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// RegisterTypes teaches a connection's type map UUIDs without reflection and
// times in UTC. Pools do it by themselves; a connection made beside them calls it.
func RegisterTypes(m *pgtype.Map) {
	uuidType := &pgtype.Type{Name: "uuid", OID: pgtype.UUIDOID, Codec: uuidCodec{}}
	m.RegisterType(uuidType)
	m.RegisterType(&pgtype.Type{Name: "_uuid", OID: pgtype.UUIDArrayOID, Codec: uuidArrayCodec{&pgtype.ArrayCodec{ElementType: uuidType}}})
	timeType := &pgtype.Type{Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC}}
	m.RegisterType(timeType)
	m.RegisterType(&pgtype.Type{Name: "_timestamptz", OID: pgtype.TimestamptzArrayOID, Codec: &pgtype.ArrayCodec{ElementType: timeType}})
}

// IsNoRows reports that a QueryRow found nothing.
func IsNoRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }
