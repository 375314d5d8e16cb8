package pg

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// wire is a connection to the server whose failed write does not hide what the server
// sent before it closed the connection. When the server ends a session, it sends a FATAL
// message and closes; which of the two the client meets first is a matter of timing. A
// write that fails is therefore reported as done, the waiting message is read as usual,
// and only then, or where none waits, the write's error comes.
type wire struct {
	net.Conn

	failed   atomic.Pointer[error] // the write's error
	noReads  atomic.Bool           // a read has failed: nothing more can come
	executed atomic.Bool           // a part of a message that executes a statement has left
}

// farewell is how long the server's last message is awaited after a write has failed.
const farewell = time.Second

func newWire(_ context.Context, _ *pgconn.Config, conn net.Conn) (net.Conn, error) {
	return &wire{Conn: conn}, nil
}

// Write passes p on. After a read has failed, an error is returned as it is: pgx only
// takes its leave then.
func (w *wire) Write(p []byte) (int, error) {
	if w.failed.Load() != nil {
		return len(p), nil
	}
	n, err := w.Conn.Write(p)
	if n > 0 && executes(p) {
		w.executed.Store(true)
	}
	if err == nil || w.noReads.Load() || isTimeout(err) {
		return n, err
	}
	w.failed.Store(&err)
	_ = w.SetReadDeadline(time.Now().Add(farewell))
	return len(p), nil
}

// Read reads what the server sent, and returns the error of a failed write at its end.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if err == nil {
		return n, nil
	}
	w.noReads.Store(true)
	if failed := w.failed.Load(); failed != nil {
		return n, *failed
	}
	return n, err
}

// executes reports whether one of the messages in p has the server execute a statement.
// Others only prepare it. A message is its type, its length without the type, and a body.
func executes(p []byte) bool {
	const execute, header = 'E', 5
	for len(p) >= header {
		if p[0] == execute {
			return true
		}
		length := int64(binary.BigEndian.Uint32(p[1:])) + 1
		if length < header || length > int64(len(p)) {
			return false
		}
		p = p[length:]
	}
	return false
}

// sendBatch sends b, and reports whether the server may have begun to execute it.
func sendBatch(ctx context.Context, conn *pgx.Conn, b *pgx.Batch) (_ pgx.BatchResults, mayExecute bool) {
	w, ok := conn.PgConn().Conn().(*wire)
	if !ok {
		return conn.SendBatch(ctx, b), true
	}
	w.executed.Store(false)
	results := conn.SendBatch(ctx, b)
	return results, w.executed.Load()
}

func isTimeout(err error) bool {
	var netErr net.Error
	return errors.As(err, &netErr) && netErr.Timeout()
}
