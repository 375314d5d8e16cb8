package pg

import (
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// rows reads a query's result and then ends the batch that carried it.
type rows struct {
	pgx.Rows
	tx        *Tx
	batch     pgx.BatchResults
	statement string
	closed    bool
	err       error
}

func (r *rows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

func (r *rows) Close() {
	if r.closed {
		return
	}
	r.closed = true
	r.tx.open = nil
	r.Rows.Close()
	err := r.Rows.Err()
	if cerr := r.batch.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		r.err = r.tx.fail(statementName(r.statement), err)
	}
}

func (r *rows) Err() error {
	if r.closed {
		return r.err
	}
	return r.Rows.Err()
}

func (r *rows) closer() closer { return rowsCloser{r} }

type rowsCloser struct{ *rows }

func (c rowsCloser) Close() error {
	c.rows.Close()
	return c.rows.err
}

type row struct {
	rows *rows
	err  error
}

func (r row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return pgx.ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	r.rows.Close()
	return r.rows.Err()
}

type batchResults struct {
	pgx.BatchResults
	tx *Tx
}

func (r *batchResults) Close() error {
	r.tx.open = nil
	err := r.BatchResults.Close()
	if err != nil {
		return r.tx.fail("batch", err)
	}
	return nil
}

// failedBatch stands for a batch that was never sent.
type failedBatch struct{ err error }

func (f failedBatch) Exec() (pgconn.CommandTag, error) { return pgconn.CommandTag{}, f.err }
func (f failedBatch) Query() (pgx.Rows, error)         { return nil, f.err }
func (f failedBatch) QueryRow() pgx.Row                { return row{err: f.err} }
func (f failedBatch) Close() error                     { return f.err }
func (f failedBatch) Tx() pgx.Tx                       { return nil }
