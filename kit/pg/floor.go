package pg

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// expands marks a migration with which the version before keeps working, in a line of its
// own that goes on with why. Only such a migration lets that version start again.
const expands = "-- The version before keeps working:"

// contracts are statements with which it does not, whatever a migration says.
var contracts = regexp.MustCompile(`(?i)\b(drop\s+(table|column|type|domain|view|function|schema)|rename|truncate|set\s+not\s+null|add\s+constraint|create\s+unique|alter\s+column\s+\w+\s+(set\s+data\s+)?type)\b`)

// addsDemand is a column that inserts of the version before would lack.
var addsDemand = regexp.MustCompile(`(?i)\badd\s+(column\s+)?(if\s+not\s+exists\s+)?\w+\s[^,;]*\bnot\s+null\b[^,;]*`)

// stillWorks reports whether the version before works with what a migration changes. One that
// says so and is seen not to keep it is an error.
func stillWorks(migrations fs.FS, name string) (bool, error) {
	text, err := fs.ReadFile(migrations, name)
	if err != nil {
		return false, err
	}
	up, _, _ := strings.Cut(string(text), "-- +goose Down")
	_, reason, marked := strings.Cut("\n"+up, "\n"+expands)
	if !marked {
		return false, nil
	}
	if reason, _, _ = strings.Cut(reason, "\n"); strings.TrimSpace(reason) == "" {
		return false, fmt.Errorf("%s does not say why the version before keeps working", path.Base(name))
	}
	for statement := range strings.SplitSeq(withoutComments(up), ";") {
		broken := contracts.FindString(statement)
		if demand := addsDemand.FindString(statement); broken == "" && demand != "" && !strings.Contains(strings.ToLower(demand), "default") {
			broken = demand
		}
		if broken != "" {
			return false, fmt.Errorf("%s says that the version before keeps working, which %q may break: put that into a migration of the version after, without the line",
				path.Base(name), strings.Join(strings.Fields(broken), " "))
		}
	}
	return true, nil
}

func withoutComments(sql string) string {
	lines := strings.Split(sql, "\n")
	for i, line := range lines {
		lines[i], _, _ = strings.Cut(line, "--")
	}
	return strings.Join(lines, "\n")
}

// setFloors writes which version each of the migrators' schemas needs at least: that of its
// newest migration with which the version before does not work. It runs before they do, so that
// no program starts on what it doesn't know because another ended in between; and a floor is
// never lowered, since a program does not know the migrations of the one after it.
//
// The table is none of the kit's migrations: programs from before it refuse a kit's schema that
// is newer than theirs, and do not mind a table.
func setFloors(ctx context.Context, db *sql.DB, all []*migrator) error {
	fail := func(err error) error { return fmt.Errorf("write which versions may start on the database: %w", err) }
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fail(err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	// One at a time: two that create a table at once are told that it exists already.
	if _, err := tx.ExecContext(ctx, `select pg_advisory_xact_lock(hashtext('schema_floors'))`); err != nil {
		return fail(err)
	}
	if _, err := tx.ExecContext(ctx, `create table if not exists schema_floors (version_table text primary key, floor bigint not null)`); err != nil {
		return fail(err)
	}
	for _, m := range all {
		if _, err := tx.ExecContext(ctx, `insert into schema_floors as f (version_table, floor) values ($1, $2)
			on conflict (version_table) do update set floor = excluded.floor where f.floor < excluded.floor`, m.table, m.floor); err != nil {
			return fail(err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fail(err)
	}
	return nil
}

// readFloor is the oldest version of a schema whose program may start on the database;
// known is false where no program has written it.
func readFloor(ctx context.Context, p *Pool, table string) (floor int64, known bool, err error) {
	var there bool
	if err := p.QueryRow(ctx, `select to_regclass('schema_floors') is not null`).Scan(&there); err != nil || !there {
		return 0, false, err
	}
	err = p.QueryRow(ctx, `select floor from schema_floors where version_table = $1`, table).Scan(&floor)
	if IsNoRows(err) {
		return 0, false, nil
	}
	return floor, err == nil, err
}
