package pg

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Querier is the part of a database that sqlc's generated code uses.
type Querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Tx is a pipelined transaction: begin and every Exec are queued, and travel with
// the next Query or with the commit. A handler that reads once and then writes
// costs two round trips. Like a connection, it serves one goroutine.
//
// A failed statement fails the transaction: everything after it returns its error.
type Tx struct {
	pool    *pgxpool.Pool
	conn    *pgxpool.Conn // acquired with the first statement that is sent
	queued  []*pgx.QueuedQuery
	begun   bool
	commits bool // the commit was handed to the connection: the outcome may be unknown
	unsent  bool // nothing of the last pipeline has left: not the commit, if it was in it
	err     error
	open    closer // results that the caller has not read to their end
	after   []func()
}

type closer interface{ Close() error }

// Exec queues a statement and always returns an empty command tag and no error: the
// statement's error is returned by the next Query, QueryRow or the commit, with the
// statement's name. A write whose effect the caller must know has `returning` and uses
// Query.
func (tx *Tx) Exec(_ context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if tx.err != nil {
		return pgconn.CommandTag{}, tx.err
	}
	tx.queued = append(tx.queued, &pgx.QueuedQuery{SQL: sql, Arguments: args})
	return pgconn.CommandTag{}, nil
}

// Query sends what is queued and the query in one round trip. Its rows must be
// read to the end or closed before the transaction's next statement.
func (tx *Tx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	r, err := tx.query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// QueryRow is Query for at most one row; Scan returns pgx.ErrNoRows when there is
// none, which does not fail the transaction.
func (tx *Tx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	r, err := tx.query(ctx, sql, args)
	return row{r, err}
}

// SendBatch sends what is queued and b in one round trip. Its results must be
// closed before the transaction's next statement.
func (tx *Tx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	br, err := tx.send(ctx, b.QueuedQueries...)
	if err != nil {
		return failedBatch{err}
	}
	r := &batchResults{BatchResults: br, tx: tx}
	tx.open = r
	return r
}

// CopyFrom sends what is queued, and then the rows: two round trips.
func (tx *Tx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	br, err := tx.send(ctx)
	if err != nil {
		return 0, err
	}
	if err := br.Close(); err != nil {
		return 0, tx.fail("begin", err)
	}
	n, err := tx.conn.CopyFrom(ctx, table, columns, rows)
	if err != nil {
		return 0, tx.fail("copy into "+table.Sanitize(), err)
	}
	return n, nil
}

// Used reports whether the transaction has any statement.
func (tx *Tx) Used() bool { return tx.begun || len(tx.queued) > 0 }

// OnCommit has f run after the transaction's commit succeeded, for what must not
// happen without it: waking the relay, starting a charge. f must not block.
func (tx *Tx) OnCommit(f func()) { tx.after = append(tx.after, f) }

func (tx *Tx) run(ctx context.Context, fn func(context.Context, *Tx) error, join Join) error {
	if err := tx.body(ctx, fn, join); err != nil {
		return err
	}
	for _, f := range tx.after {
		f()
	}
	return nil
}

func (tx *Tx) body(ctx context.Context, fn func(context.Context, *Tx) error, join Join) error {
	defer tx.release()
	var joined func(context.Context, *Tx) error
	if join != nil {
		ctx, joined = join(ctx)
	}
	if err := fn(ctx, tx); err != nil {
		return err
	}
	if joined != nil {
		if err := joined(ctx, tx); err != nil {
			return err
		}
	}
	return tx.commit(ctx)
}

func (tx *Tx) commit(ctx context.Context) error {
	if tx.err != nil {
		return tx.err
	}
	if !tx.Used() {
		return nil
	}
	br, err := tx.sendCommit(ctx)
	if err != nil {
		return err
	}
	tag, err := br.Exec()
	cerr := br.Close()
	switch {
	case err == nil && tag.String() == "COMMIT":
		return nil // it is committed, whatever happened to the connection afterwards
	case err == nil && cerr == nil:
		err = errors.New("the server rolled back")
	case err == nil:
		err = cerr
	}
	return tx.fail("commit", err)
}

func (tx *Tx) sendCommit(ctx context.Context) (pgx.BatchResults, error) {
	tx.commits = true
	return tx.send(ctx, &pgx.QueuedQuery{SQL: "commit"})
}

// send sends begin, what is queued and the tail in one round trip, and reads the
// results up to the tail's first.
func (tx *Tx) send(ctx context.Context, tail ...*pgx.QueuedQuery) (pgx.BatchResults, error) {
	if tx.err != nil {
		return nil, tx.err
	}
	if tx.open != nil {
		return nil, errors.New("pg: the rows of the query before are still open")
	}
	if tx.conn == nil {
		conn, err := tx.pool.Acquire(ctx)
		if err != nil {
			return nil, tx.fail("connect", err)
		}
		tx.conn = conn
	}
	b := &pgx.Batch{QueuedQueries: make([]*pgx.QueuedQuery, 0, len(tx.queued)+len(tail)+1)}
	if !tx.begun {
		b.Queue("begin")
	}
	b.QueuedQueries = append(append(b.QueuedQueries, tx.queued...), tail...)
	lead := len(b.QueuedQueries) - len(tail)
	tx.queued, tx.begun = nil, true

	br, mayExecute := sendBatch(ctx, tx.conn.Conn(), b)
	tx.unsent = !mayExecute
	for _, q := range b.QueuedQueries[:lead] {
		if _, err := br.Exec(); err != nil {
			// The first error is the true one; Close only gets the connection ready.
			_ = br.Close()
			return nil, tx.fail(statementName(q.SQL), err)
		}
	}
	return br, nil
}

func (tx *Tx) query(ctx context.Context, sql string, args []any) (*rows, error) {
	br, err := tx.send(ctx, &pgx.QueuedQuery{SQL: sql, Arguments: args})
	if err != nil {
		return nil, err
	}
	rs, err := br.Query()
	if err != nil {
		_ = br.Close()
		return nil, tx.fail(statementName(sql), err)
	}
	r := &rows{Rows: rs, tx: tx, batch: br, statement: sql}
	tx.open = r.closer()
	return r, nil
}

func (tx *Tx) fail(statement string, err error) error {
	err = fmt.Errorf("%s: %w", statement, err)
	if tx.err == nil {
		tx.err = err
	}
	return err
}

// repeatable reports whether another attempt is safe and can help. It is not safe when the
// commit may have reached the server and no answer came.
func (tx *Tx) repeatable(err error) bool {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		switch pgErr.Code {
		case codeSerializationFailure, codeDeadlock, codeReadOnly,
			codeIdleInTransaction: // the server ended it while it waited for the commit
			return true
		}
	}
	return tx.err != nil && (!tx.commits || tx.unsent) && brokenConnection(tx.err)
}

// release gives the connection back clean. A connection that can't be cleaned in
// time is destroyed by the pool, because its transaction is still open.
func (tx *Tx) release() {
	if tx.conn == nil {
		return
	}
	if tx.open != nil {
		_ = tx.open.Close()
	}
	conn := tx.conn
	tx.conn = nil
	if c := conn.Conn(); !c.IsClosed() && c.PgConn().TxStatus() != 'I' {
		// The caller's context may be over; the lock that the transaction holds must go.
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_, _ = conn.Exec(ctx, "rollback")
	}
	conn.Release()
	if tx.err == nil {
		tx.err = errors.New("pg: the transaction is over")
	}
}

// statementName is the name that sqlc writes above a statement, or its beginning.
func statementName(sql string) string {
	if rest, ok := strings.CutPrefix(sql, "-- name: "); ok {
		name, _, _ := strings.Cut(rest, " ")
		return name
	}
	text := strings.Join(strings.Fields(sql), " ")
	if len(text) > 60 {
		return text[:60] + "…"
	}
	return text
}
