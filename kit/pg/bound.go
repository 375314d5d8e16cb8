package pg

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// exchangeBound ends a statement or transaction whose caller set no deadline: a proxy
// between us and the server may keep a connection open and pass nothing on, and
// background work would wait for ever. Work that takes longer by its nature uses
// [Pool.Snapshot].
const exchangeBound = 30 * time.Second

// bounded is ctx with a deadline.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, set := ctx.Deadline(); set {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, exchangeBound)
}

// Exec runs a statement, within 30 s when ctx has no deadline; so do Query,
// QueryRow and SendBatch, to the end of their results.
func (p *Pool) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	return p.Pool.Exec(ctx, sql, args...)
}

// Query is Exec for rows, which must be read to the end or closed.
func (p *Pool) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	ctx, cancel := bounded(ctx)
	rows, err := p.Pool.Query(ctx, sql, args...)
	if err != nil {
		cancel()
		return rows, err
	}
	return &boundRows{rows, cancel}, nil
}

// QueryRow is Query for at most one row; Scan returns pgx.ErrNoRows when there is none.
func (p *Pool) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	ctx, cancel := bounded(ctx)
	return boundRow{p.Pool.QueryRow(ctx, sql, args...), cancel}
}

// SendBatch sends several statements in one round trip. Its results must be closed.
func (p *Pool) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	ctx, cancel := bounded(ctx)
	return &boundResults{p.Pool.SendBatch(ctx, b), cancel}
}

type boundRows struct {
	pgx.Rows
	cancel context.CancelFunc
}

func (r *boundRows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.cancel()
	return false
}

func (r *boundRows) Close() {
	r.Rows.Close()
	r.cancel()
}

type boundRow struct {
	pgx.Row
	cancel context.CancelFunc
}

func (r boundRow) Scan(dest ...any) error {
	defer r.cancel()
	return r.Row.Scan(dest...)
}

type boundResults struct {
	pgx.BatchResults
	cancel context.CancelFunc
}

func (r *boundResults) Close() error {
	defer r.cancel()
	return r.BatchResults.Close()
}
