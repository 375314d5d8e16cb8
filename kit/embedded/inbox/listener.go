package inbox

import (
	"errors"
	"net"
	"sync"
)

// cuttingListener closes the connections that it accepted when it is closed itself.
type cuttingListener struct {
	net.Listener

	mu     sync.Mutex // guards the rest
	closed bool
	conns  map[*cutConn]struct{}
}

// Accept implements net.Listener.
func (l *cuttingListener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, errors.Join(net.ErrClosed, accepted.Close())
	}
	conn := &cutConn{Conn: accepted, listener: l}
	l.conns[conn] = struct{}{}
	return conn, nil
}

// Close implements net.Listener.
func (l *cuttingListener) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	err := l.Listener.Close()
	for conn := range l.conns {
		err = errors.Join(err, conn.Conn.Close())
	}
	clear(l.conns)
	return err
}

// cutConn removes itself from its listener when it is closed.
type cutConn struct {
	net.Conn
	listener *cuttingListener
}

// Close implements net.Conn.
func (c *cutConn) Close() error {
	c.listener.mu.Lock()
	delete(c.listener.conns, c)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}
