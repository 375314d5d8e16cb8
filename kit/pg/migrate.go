package pg

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is what a context's database holds.
type Schema struct {
	// Context owns the database. The first Migrate binds the database to it, and one of
	// another context is refused. Empty for a database that is bound to nobody.
	Context string
	// Migrations are the context's own, at the root (00001_name.sql).
	Migrations fs.FS
	// Kit is what packages of the kit keep in the database. It is migrated first.
	Kit []Tables
	// Log gets a line for each migration that ran; nil is slog.Default.
	Log *slog.Logger
}

// Tables are the tables that one package of the kit keeps in every context's database.
// They are versioned apart from the context's own.
type Tables struct {
	// Name names the version table: kit_NAME_version.
	Name string
	// Migrations are at the root.
	Migrations fs.FS
}

// NewTables are tables whose migrations lie in the embedded folder "migrations".
func NewTables(name string, embedded embed.FS) Tables {
	root, err := fs.Sub(embedded, "migrations")
	if err != nil {
		panic(err) // the path is a constant and valid
	}
	return Tables{Name: name, Migrations: root}
}

// Migrate binds the database to its context, brings its schema to the newest version,
// and returns the version of the context's own migrations. It refuses a database of
// another context, and one whose schema is newer than this program knows, unless each newer
// migration says that the version before keeps working. Only one process at a time migrates
// a database; others wait up to five minutes. When the server goes away in between, Migrate
// begins again with the first migration that was not done, until ctx ends.
func Migrate(ctx context.Context, p *Pool, schema Schema) (int64, error) {
	if schema.Log == nil {
		schema.Log = slog.Default()
	}
	for {
		version, err := migrate(ctx, p, schema)
		if err == nil || !Transient(err) || sleep(ctx, time.Second) != nil {
			return version, err
		}
	}
}

func migrate(ctx context.Context, p *Pool, schema Schema) (int64, error) {
	config := p.Config().ConnConfig
	config.RuntimeParams["transaction_timeout"] = "0" // a change of a large table takes its time
	db := stdlib.OpenDB(*config)
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(2)

	if err := checkServer(ctx, p); err != nil {
		return 0, err
	}
	own, err := newMigrator(p, db, NewTables("context", migrations), schema)
	if err != nil {
		return 0, err
	}
	if err := own.up(ctx); err != nil {
		return 0, err
	}
	if err := bind(ctx, p, schema.Context); err != nil {
		return 0, err
	}
	all := make([]*migrator, 0, len(schema.Kit)+1)
	for _, tables := range append(slices.Clone(schema.Kit), Tables{Migrations: schema.Migrations}) {
		m, err := newMigrator(p, db, tables, schema)
		if err != nil {
			return 0, err
		}
		all = append(all, m)
	}
	// All are checked before one is changed: what is refused stays as it was.
	for _, m := range all {
		if _, err := m.version(ctx); err != nil {
			return 0, err
		}
	}
	if err := setFloors(ctx, db, all); err != nil {
		return 0, err
	}
	for _, m := range all {
		if err := m.up(ctx); err != nil {
			return 0, err
		}
	}
	return all[len(all)-1].version(ctx)
}

// minServer is the oldest server that the migrations run on: casefold and the collation
// pg_unicode_fast came with PostgreSQL 18.
const minServer = 18

// checkServer refuses a server that is too old for the migrations.
func checkServer(ctx context.Context, p *Pool) error {
	var number int // 180006 is 18.6
	if err := p.QueryRow(ctx, `select current_setting('server_version_num')::int`).Scan(&number); err != nil {
		return fmt.Errorf("read the server's version: %w", err)
	}
	return serverFits(number)
}

func serverFits(number int) error {
	if number >= minServer*10_000 {
		return nil
	}
	return fmt.Errorf("the server is PostgreSQL %d.%d, and %d or newer is needed: upgrade it (pg_upgrade), or name another in the database URL",
		number/10_000, number%10_000, minServer)
}

// bind writes down whose database it is, or refuses another context.
func bind(ctx context.Context, p *Pool, name string) error {
	if name == "" {
		return nil
	}
	var owner string
	const read = `select context from database_context`
	err := p.QueryRow(ctx, read).Scan(&owner)
	if IsNoRows(err) {
		if _, err = p.Exec(ctx, `insert into database_context (context) values ($1) on conflict do nothing`, name); err == nil {
			err = p.QueryRow(ctx, read).Scan(&owner)
		}
	}
	if err != nil {
		return fmt.Errorf("read whose database it is: %w", err)
	}
	if owner != name {
		at := p.Config().ConnConfig
		return fmt.Errorf("the database %s at %s belongs to %s, not to %s: give each context a database of its own and correct the database URL of %s",
			at.Database, at.Host, owner, name, name)
	}
	return nil
}

// migrator brings the tables of one version table to their newest version.
type migrator struct {
	what     string
	pool     *Pool
	provider *goose.Provider // nil when there are no migrations
	// table holds which of them ran.
	table  string
	newest int64
	// floor is the newest of them with which the version before does not work.
	floor int64
	log   *slog.Logger
}

func newMigrator(pool *Pool, db *sql.DB, tables Tables, schema Schema) (*migrator, error) {
	m := &migrator{what: "the context's schema", pool: pool, table: goose.DefaultTablename, log: schema.Log}
	if tables.Name != "" {
		m.what, m.table = "the schema of the kit's "+tables.Name, "kit_"+tables.Name+"_version"
	}
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true), goose.WithTableName(m.table)}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, fmt.Errorf("migration lock: %w", err)
	}
	m.provider, err = goose.NewProvider(goose.DialectPostgres, db, tables.Migrations, append(options, goose.WithSessionLocker(locker))...)
	if errors.Is(err, goose.ErrNoMigrations) {
		return m, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the migrations of %s: %w", m.what, err)
	}
	for _, source := range m.provider.ListSources() {
		m.newest = max(m.newest, source.Version)
		works, err := stillWorks(tables.Migrations, source.Path)
		if err != nil {
			return nil, fmt.Errorf("read the migrations of %s: %w", m.what, err)
		}
		if !works {
			m.floor = max(m.floor, source.Version)
		}
	}
	return m, nil
}

// version is the version in the database. One that is newer than the newest migration is
// refused, unless what came since lets this program work: it would not know what it reads, and
// write what the newer one can't.
func (m *migrator) version(ctx context.Context) (int64, error) {
	if m.provider == nil {
		return 0, nil
	}
	version, _, err := m.provider.GetVersions(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the version of %s: %w", m.what, err)
	}
	if version <= m.newest {
		return version, nil
	}
	floor, known, err := readFloor(ctx, m.pool, m.table)
	if err != nil {
		return 0, fmt.Errorf("read which versions of %s may start: %w", m.what, err)
	}
	if !known || m.newest < floor {
		return 0, fmt.Errorf("%s has version %d and this program knows versions up to %d: a newer program has changed the database; "+
			"start that one, or restore the backup from before the upgrade", m.what, version, m.newest)
	}
	return version, nil
}

// up runs the migrations that did not run yet, and logs them.
func (m *migrator) up(ctx context.Context) error {
	if m.provider == nil {
		return nil
	}
	done, err := m.provider.Up(ctx)
	for _, one := range done {
		m.log.InfoContext(ctx, "migrated the database", "of", m.what, "migration", one.Source.Path, "took", one.Duration.String())
	}
	if err != nil {
		return fmt.Errorf("migrate %s: %w", m.what, err)
	}
	_, err = m.version(ctx)
	return err
}
