package testkit

import (
	"context"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
)

// Statements records the names of the statements that reach a database, as the Tracer of a
// pg.Config: what two requests cost can be compared by them, on a busy machine, too.
type Statements struct {
	mu    sync.Mutex
	names []string
	on    bool
}

// Begin forgets what was recorded, and begins to record.
func (s *Statements) Begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on, s.names = true, nil
}

// End ends the recording and returns the first lines of the statements since Begin, in order:
// of generated ones the name.
func (s *Statements) End() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on = false
	return strings.Join(s.names, ", ")
}

func (s *Statements) add(sql string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.on {
		line, _, _ := strings.Cut(strings.TrimSpace(sql), "\n")
		s.names = append(s.names, line)
	}
}

// TraceQueryStart implements pgx.QueryTracer.
func (s *Statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	s.add(data.SQL)
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (s *Statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TraceBatchStart implements pgx.BatchTracer.
func (s *Statements) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}

// TraceBatchQuery implements pgx.BatchTracer.
func (s *Statements) TraceBatchQuery(_ context.Context, _ *pgx.Conn, data pgx.TraceBatchQueryData) {
	s.add(data.SQL)
}

// TraceBatchEnd implements pgx.BatchTracer.
func (s *Statements) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}
