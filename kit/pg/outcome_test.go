package pg_test

import (
	"bytes"
	"context"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"testing"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// A transaction's connection ends at its commit. Whichever end notices first, a commit
// that cannot have reached the server is repeated, and takes place once; one that may
// have reached it is not repeated; and one that the server confirmed is done.
func TestACommitIsRepeatedOnlyWhereItCannotHaveArrived(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		// before happens between the transaction's first statement and its commit.
		before func(s *session)
		// cold has the commit travel with statements that must be prepared first.
		cold bool
		// idle has the server end the transaction because nothing comes.
		idle bool
		// attempts is how often the transaction runs, and done how often it takes place.
		attempts, done int
		fails          bool
	}{
		"ended for being idle, and the write fails":         {before: (*session).gone, idle: true, attempts: 2, done: 1},
		"ended for being idle after the write":              {before: (*session).swallow, idle: true, attempts: 2, done: 1},
		"ended by an operator, and the write fails":         {before: func(s *session) { s.terminate(); s.gone() }, attempts: 2, done: 1},
		"ended by an operator after the write":              {before: (*session).swallowAndTerminate, attempts: 1, done: 0, fails: true},
		"the connection breaks before the commit leaves":    {before: (*session).loseDescription, cold: true, attempts: 2, done: 1},
		"the connection breaks when the commit has arrived": {before: (*session).loseAnswer, attempts: 1, done: 1, fails: true},
		"the connection breaks behind the confirmation":     {before: (*session).cutBehindConfirmation, attempts: 1, done: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSession(t)
			if !row.cold {
				s.warm()
			}
			attempts := 0
			err := s.pool.InTx(t.Context(), func(ctx context.Context, tx *pg.Tx) error {
				attempts++
				if row.idle && attempts == 1 {
					if _, err := tx.Exec(ctx, "set local idle_in_transaction_session_timeout = '50ms'"); err != nil {
						return err
					}
				}
				if err := tx.QueryRow(ctx, "select pg_backend_pid() from marks where id = 1 for update").Scan(&s.pid); err != nil {
					return err
				}
				if attempts == 1 {
					row.before(s)
				}
				_, err := tx.Exec(ctx, increment)
				return err
			})
			if (err != nil) != row.fails || attempts != row.attempts {
				t.Errorf("%d attempts, want %d; error %v", attempts, row.attempts, err)
			}
			if row.fails && !pg.Transient(err) {
				t.Errorf("the error is not transient: %v", err)
			}
			var n int
			if err := s.direct.QueryRow(t.Context(), "select n from marks").Scan(&n); err != nil || n != row.done {
				t.Errorf("it took place %d times, want %d (%v)", n, row.done, err)
			}
		})
	}
}

// session is a pool whose first connection goes through a proxy; the test sets what the
// proxy does with the bytes. All sockets are Unix sockets, on which a write after the
// other end has closed fails each time.
type session struct {
	*testing.T

	pool, direct *pg.Pool
	pid          int
	closed       chan struct{} // the proxy has closed the first connection

	mu         sync.Mutex
	fromClient func([]byte) []byte                  // what goes on to the server; nil: everything
	fromServer func([]byte) (pass []byte, end bool) // what goes on to the client, and whether it ends there
}

const increment = "update marks set n = n + 1 where id = 1"

// warm has the connection prepare what the transaction sends last.
func (s *session) warm() {
	s.Helper()
	err := s.pool.InTx(s.Context(), func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Exec(ctx, increment)
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	if _, err := s.direct.Exec(s.Context(), "update marks set n = 0"); err != nil {
		s.Fatal(err)
	}
}

func newSession(t *testing.T) *session {
	t.Helper()
	direct := testkit.DatabaseURL(t, nil)
	at, err := url.Parse(direct)
	if err != nil {
		t.Fatal(err)
	}
	s := &session{T: t, direct: testkit.Open(t, pg.Config{URL: direct}), closed: make(chan struct{})}
	server := filepath.Join(at.Query().Get("host"), ".s.PGSQL."+at.Query().Get("port"))
	if _, err := s.direct.Exec(t.Context(), "create table marks as select 1 as id, 0 as n"); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	listener, err := net.Listen("unix", filepath.Join(folder, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	var proxies sync.WaitGroup
	proxies.Go(func() {
		for first := true; ; first = false {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			proxies.Go(func() {
				s.proxy(client, server, first)
				if first {
					close(s.closed)
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		proxies.Wait()
	})
	query := at.Query()
	query.Set("host", folder)
	query.Set("port", "5432")
	at.RawQuery = query.Encode()
	s.pool = testkit.Open(t, pg.Config{URL: at.String(), MaxConns: 1})
	return s
}

// proxy passes on what both ends send; what the test changes is of the first connection alone.
func (s *session) proxy(client net.Conn, address string, first bool) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("unix", address)
	if err != nil {
		s.Error(err)
		return
	}
	defer func() { _ = server.Close() }()
	go func() {
		_ = pump(client, server, func(p []byte) ([]byte, bool) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if first && s.fromClient != nil {
				p = s.fromClient(p)
			}
			return p, false
		})
		_ = server.Close()
	}()
	_ = pump(server, client, func(p []byte) ([]byte, bool) {
		s.mu.Lock()
		f := s.fromServer
		s.mu.Unlock()
		if first && f != nil {
			return f(p)
		}
		return p, false
	})
}

func pump(from, to net.Conn, change func([]byte) (pass []byte, end bool)) error {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return err
		}
		pass, end := change(buf[:n])
		if _, err := to.Write(pass); err != nil || end {
			return err
		}
	}
}

// from now on, for the first connection's next bytes; later connections pass all.
func (s *session) change(fromClient func([]byte) []byte, fromServer func([]byte) ([]byte, bool)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fromClient, s.fromServer = fromClient, fromServer
}

// gone waits until the server has ended the session and its connection is closed.
func (s *session) gone() { <-s.closed }

// terminate ends the session as an operator does.
func (s *session) terminate() {
	if _, err := s.direct.Exec(s.Context(), "select pg_terminate_backend($1)", s.pid); err != nil {
		s.Error(err)
	}
}

// swallow takes the commit from the client, and passes the server's next words on only
// after that.
func (s *session) swallow() { s.swallowAnd(func() {}) }

// swallowAndTerminate takes the commit from the client, and then ends the session.
func (s *session) swallowAndTerminate() { s.swallowAnd(s.terminate) }

func (s *session) swallowAnd(then func()) {
	taken := make(chan struct{})
	var once sync.Once
	s.change(func([]byte) []byte {
		once.Do(func() {
			close(taken)
			go then()
		})
		return nil
	}, func(p []byte) ([]byte, bool) {
		<-taken
		s.change(nil, nil)
		return p, true
	})
}

// loseAnswer ends the connection in place of the answer to the commit.
func (s *session) loseAnswer() {
	s.cutAt("COMMIT\x00", 0)
}

// loseDescription ends the connection in place of the answer to the preparation of the
// last statements, before which the commit does not leave.
func (s *session) loseDescription() {
	s.change(nil, func([]byte) ([]byte, bool) {
		s.change(nil, nil)
		return nil, true
	})
}

// cutBehindConfirmation ends the connection right behind the confirmation of the commit.
func (s *session) cutBehindConfirmation() {
	s.cutAt("COMMIT\x00", len("COMMIT\x00"))
}

// cutAt ends the connection so many bytes behind the beginning of what the server sends.
func (s *session) cutAt(sent string, behind int) {
	s.change(nil, func(p []byte) ([]byte, bool) {
		i := bytes.Index(p, []byte(sent))
		if i < 0 {
			return p, false
		}
		s.change(nil, nil)
		return p[:i+behind], true
	})
}
