package pg

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

// Codes of PostgreSQL's appendix A.
const (
	codeSerializationFailure = "40001"
	codeDeadlock             = "40P01"
	codeReadOnly             = "25006"
	codeIdleInTransaction    = "25P03"
)

// Transient reports whether doing the same again, later, can succeed: the connection
// was lost or refused, two transactions met (40001, 40P01), the server shuts down,
// starts or cancels (57014, 57P01 to 57P05, 25P03, 25P04), is read-only (25006), or is short of
// disk, memory or connections (class 53). Everything else would fail again, or, for
// a context that ended, is the caller's to judge: only it knows whose time is over.
func Transient(err error) bool {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		return brokenConnection(err)
	}
	switch pgErr.Code {
	case codeSerializationFailure, codeDeadlock,
		"40003", // statement completion unknown
		codeReadOnly,
		codeIdleInTransaction, "25P04", // the server ended a transaction that was idle or took too long
		"55P03", // lock not available
		"57014", "57P01", "57P02", "57P03", "57P05",
		"58000", "58030": // system and I/O error
		return true
	}
	class := pgErr.Code[:min(2, len(pgErr.Code))]
	return class == "08" || class == "53"
}

// Violated names the constraint that a statement violated: unique, check, foreign
// key, exclusion. It is empty when err is something else.
func Violated(err error) string {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && len(pgErr.Code) == 5 && pgErr.Code[:2] == "23" {
		return pgErr.ConstraintName
	}
	return ""
}

// brokenConnection reports whether the server could not be reached or the connection
// ended. A context that ended does not count, although pgx then closes the connection,
// and although its deadline is a net.Error with a time-out.
func brokenConnection(err error) bool {
	if err == nil {
		return false
	}
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		switch pgErr.Code {
		case "57P01", "57P02", "57P03", "57P05", codeIdleInTransaction, "53300":
			return true
		}
		return pgErr.Code[:min(2, len(pgErr.Code))] == "08"
	}
	var connErr *pgconn.ConnectError
	if errors.As(err, &connErr) {
		return true // whatever kept it from connecting, also a time-out
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var netErr net.Error
	return pgconn.SafeToRetry(err) || errors.Is(err, pgconn.ErrConnClosed) || errors.As(err, &netErr) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EPIPE)
}
