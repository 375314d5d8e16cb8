package main

import (
	"context"
	"fmt"
	"strings"
)

// cost is what the server did: statements, rows written, bytes of WAL. It shows
// what an order costs where the machine's speed drifts.
type cost struct {
	statements, rows, wal int64
}

func (c cost) minus(o cost) cost {
	return cost{c.statements - o.statements, c.rows - o.rows, c.wal - o.wal}
}

// each is the cost per order.
func (c cost) each(orders int) string {
	n := float64(max(orders, 1))
	return fmt.Sprintf("%.1f statements, %.1f rows written, %.1f kB of WAL", float64(c.statements)/n, float64(c.rows)/n, float64(c.wal)/n/1000)
}

// costs reads the server's counters of the databases whose names begin so.
// Statements are pg_stat_statements' calls; rows are inserts, updates and deletes.
func (b *bench) costs(ctx context.Context, database string) (cost, error) {
	conn, err := connectAdmin(ctx, b.postgresDir(), "postgres")
	if err != nil {
		return cost{}, err
	}
	defer func() { _ = conn.Close(ctx) }()
	var c cost
	err = conn.QueryRow(ctx, `
select
  (select coalesce(sum(calls), 0)::bigint from pg_stat_statements s join pg_database d on d.oid = s.dbid where starts_with(d.datname, $1)),
  (select coalesce(sum(tup_inserted + tup_updated + tup_deleted), 0)::bigint from pg_stat_database where starts_with(datname, $1)),
  pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint`, database).Scan(&c.statements, &c.rows, &c.wal)
	if err != nil {
		return cost{}, fmt.Errorf("read the server's counters: %w", err)
	}
	return c, nil
}

// countStatements makes the server load pg_stat_statements from its next start on.
func (b *bench) countStatements(ctx context.Context) error {
	conn, err := connectAdmin(ctx, b.postgresDir(), "postgres")
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, sql := range []string{
		"alter system set shared_preload_libraries = 'pg_stat_statements'",
		"create extension if not exists pg_stat_statements",
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", strings.Fields(sql)[0], err)
		}
	}
	return nil
}
