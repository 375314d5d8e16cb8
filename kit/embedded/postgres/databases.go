package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/pg"
)

// EnsureDatabases creates the named databases and their roles where they are missing. A
// database belongs to the role of its own name; no other role but the superuser may connect
// to it. When the server goes away meanwhile, it tries again until ctx ends or Close begins.
func (p *Server) EnsureDatabases(ctx context.Context, names ...string) error {
	if len(names) == 0 {
		return nil
	}
	for _, name := range names {
		if err := checkDatabaseName(name); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	// The passwords are on disk before a role has one: after a crash in between the next start uses the same.
	if err := p.rememberPasswords(names); err != nil {
		return err
	}
	for {
		err := p.createDatabases(ctx, names)
		if err == nil || !pg.Transient(err) || p.stopping.Err() != nil || sleep(ctx, 10*pollPause) != nil {
			return err
		}
	}
}

func (p *Server) createDatabases(ctx context.Context, names []string) error {
	conn, err := pgx.Connect(ctx, p.cluster.url(superuser, p.secrets.Superuser, superuser))
	if err != nil {
		return fmt.Errorf("connect to PostgreSQL to create databases: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, name := range names {
		if err := ensureDatabase(ctx, conn, name, p.secrets.Databases[name]); err != nil {
			return err
		}
	}
	return nil
}

// checkDatabaseName accepts names that need no quoting in SQL, are none of PostgreSQL's own,
// and fit its 63 bytes.
func checkDatabaseName(name string) error {
	const allowed = "abcdefghijklmnopqrstuvwxyz0123456789_"
	if name == "" || len(name) > 63 || strings.Trim(name, allowed) != "" || strings.HasPrefix(name, "pg_") ||
		name[0] >= '0' && name[0] <= '9' || name == superuser || strings.HasPrefix(name, "template") {
		return fmt.Errorf("database name %q: want 1 to 63 of a-z, 0-9 and _, no digit first, and no name of PostgreSQL's own", name)
	}
	return nil
}

func (p *Server) rememberPasswords(names []string) error {
	secrets, changed := p.secrets, false
	for _, name := range names {
		next, added := secrets.withDatabase(name)
		secrets, changed = next, changed || added
	}
	if !changed {
		return nil
	}
	if err := secrets.write(p.cluster.credentialsFile()); err != nil {
		return err
	}
	p.secrets = secrets
	return nil
}

func ensureDatabase(ctx context.Context, conn *pgx.Conn, name, password string) error {
	var hasRole, hasDatabase bool
	row := conn.QueryRow(ctx, "select exists(select from pg_roles where rolname = $1), exists(select from pg_database where datname = $1)", name)
	if err := row.Scan(&hasRole, &hasDatabase); err != nil {
		return fmt.Errorf("look for database %s: %w", name, err)
	}
	quoted := pgx.Identifier{name}.Sanitize()
	var statements []string
	if !hasRole {
		statements = append(statements, fmt.Sprintf("create role %s login password '%s'", quoted, password))
	}
	if !hasDatabase {
		statements = append(statements, fmt.Sprintf("create database %s owner %s", quoted, quoted))
	}
	// Granted to everybody by default; repeated on each start, for a kill may have come before it.
	statements = append(statements, fmt.Sprintf("revoke all on database %s from public", quoted))
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			// The statement may hold the password: the error names the database alone.
			return fmt.Errorf("create database %s: %w", name, err)
		}
	}
	return nil
}
