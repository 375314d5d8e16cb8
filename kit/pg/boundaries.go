package pg

import (
	"context"
	"runtime"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/multitracer"

	"github.com/shopmesh/shopmesh/kit/crashpoint"
)

// boundaries is the tracer of a build with crash points. It sees what every connection
// sends, and so every commit of a write, in a Tx or of a single statement. A crash point
// is named by the statements that write and by what they write for: the events that a
// consumer applies, or the function that runs the transaction.
type boundaries struct{}

// watchBoundaries adds the boundaries to a tracer, which may be nil.
func watchBoundaries(tracer pgx.QueryTracer) pgx.QueryTracer {
	if tracer == nil {
		return boundaries{}
	}
	return multitracer.New(tracer, boundaries{})
}

// crossing is what a connection's transaction does, kept with the connection.
type crossing struct {
	what    []string // the statements that write
	begun   bool
	commits []string // what the commit that is under way carries; nil when none is
}

const crossingKey = "crashpoint"

func crossingOf(conn *pgx.Conn) *crossing {
	kept, ok := conn.PgConn().CustomData()[crossingKey].(*crossing)
	if !ok {
		kept = &crossing{}
		conn.PgConn().CustomData()[crossingKey] = kept
	}
	return kept
}

// TraceQueryStart is before a statement of its own.
func (boundaries) TraceQueryStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	crossingOf(conn).send(ctx, conn, []string{data.SQL})
	return ctx
}

// TraceQueryEnd is after its answer.
func (boundaries) TraceQueryEnd(_ context.Context, conn *pgx.Conn, data pgx.TraceQueryEndData) {
	crossingOf(conn).answered(conn, data.Err)
}

// TraceBatchStart is before several statements that travel together.
func (boundaries) TraceBatchStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	statements := make([]string, len(data.Batch.QueuedQueries))
	for i, q := range data.Batch.QueuedQueries {
		statements[i] = q.SQL
	}
	crossingOf(conn).send(ctx, conn, statements)
	return ctx
}

// TraceBatchQuery is after the answer to one of them.
func (boundaries) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd is after all answers.
func (boundaries) TraceBatchEnd(_ context.Context, conn *pgx.Conn, data pgx.TraceBatchEndData) {
	crossingOf(conn).answered(conn, data.Err)
}

func (c *crossing) send(ctx context.Context, conn *pgx.Conn, statements []string) {
	if conn.PgConn().TxStatus() == 'I' {
		c.what, c.begun = nil, false
	}
	ends := false
	for _, sql := range statements {
		switch strings.ToLower(sql) {
		case "begin":
			c.begun = true
		case "commit":
			ends = true
		default:
			if name := crashpoint.Statement(sql); name != "" {
				c.what = append(c.what, name)
			}
		}
	}
	if (!ends && c.begun) || len(c.what) == 0 {
		return
	}
	c.commits = append(slices.Clone(c.what), whatFor(ctx)...)
	crashpoint.Cross("before commit", conn.Config().Database, c.commits...)
}

func (c *crossing) answered(conn *pgx.Conn, err error) {
	what := c.commits
	c.commits = nil
	if what != nil && err == nil {
		crashpoint.Cross("after commit", conn.Config().Database, what...)
	}
}

func whatFor(ctx context.Context) []string {
	if what := crashpoint.WhatFor(ctx); what != nil {
		if what = slices.Compact(slices.Sorted(slices.Values(what))); len(what) > 1 {
			return nil // what one batch brings together, another does not
		}
		return what
	}
	if by := caller(); by != "" {
		return []string{"by " + by}
	}
	return nil
}

// caller is the function that runs the transaction, such as app.(*Orders).sweepSome:
// the nearest one that is no part of the way from a use case to the database.
func caller() string {
	var counters [64]uintptr
	frames := runtime.CallersFrames(counters[:runtime.Callers(2, counters[:])])
	for {
		frame, more := frames.Next()
		name := frame.Function
		if !slices.ContainsFunc(onTheWay(), func(part string) bool { return strings.Contains(name, part) }) {
			name = name[strings.LastIndexByte(name, '/')+1:]
			name, _, _ = strings.Cut(name, ".func")
			return strings.ReplaceAll(name, "[...]", "")
		}
		if !more {
			return ""
		}
	}
}

func onTheWay() []string {
	return []string{"/kit/pg.", "/kit/idempotency.", "/kit/batch.", "/internal/store", "/jackc/"}
}
