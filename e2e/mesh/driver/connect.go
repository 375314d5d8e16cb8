package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// Connection is what a client without a certificate of the mesh got at a port.
type Connection struct {
	Address string `json:"address"`
	// Way is what was sent, in the clear or, after "tls", by TLS without a certificate.
	Way string `json:"way"`
	// Refused reports that the connection was made, and ended without a byte of an application.
	Refused bool `json:"refused"`
	// Got is what came: how the connection ended, or how the answer begins.
	Got string `json:"got,omitempty"`
	// Error says why nothing is known: there was no connection, or it just stayed silent.
	Error string `json:"error,omitempty"`
}

// sending is the beginning of a conversation, which a server that takes it answers.
type sending struct{ way, bytes string }

// sendings are the two that a port's server would answer in the clear.
func sendings(address string) []sending {
	_, port, _ := strings.Cut(address, ":")
	switch port {
	case "5432":
		return []sending{
			{"postgres SSLRequest", sized("\x04\xd2\x16\x2f", 4)},
			{"postgres StartupMessage", sized("\x00\x03\x00\x00user\x00postgres\x00database\x00postgres\x00\x00", 4)},
		}
	case "9092":
		// ApiVersions (18), of version 0 and of version 3, which names the client's program.
		return []sending{
			{"kafka ApiVersions 0", sized("\x00\x12\x00\x00\x00\x00\x00\x01\x00\x06driver", 0)},
			{"kafka ApiVersions 3", sized("\x00\x12\x00\x03\x00\x00\x00\x01\x00\x06driver\x00\x07driver\x021\x00", 0)},
		}
	default:
		return []sending{
			{"http1", "GET / HTTP/1.1\r\nHost: " + address + "\r\n\r\n"},
			// The preface of HTTP/2, with an empty SETTINGS frame.
			{"h2c", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"},
		}
	}
}

// sized puts a message's size before it, as four bytes, which PostgreSQL counts in and Kafka does not.
func sized(message string, own int) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(message)+own))) + message //nolint:gosec // a few bytes
}

// tryConnections tries each address twice in the clear, and once by TLS without a certificate.
func tryConnections(ctx context.Context, args []string) (any, error) {
	var addresses string
	if err := parse("connect", args, func(f *flag.FlagSet) {
		f.StringVar(&addresses, "addresses", "", "host:port, separated by commas")
	}); err != nil {
		return nil, err
	}
	var tried []Connection
	for address := range strings.SplitSeq(addresses, ",") {
		plain := sendings(address)
		for _, send := range plain {
			tried = append(tried, tryConnection(ctx, address, send, false))
		}
		tried = append(tried, tryConnection(ctx, address, sending{"tls " + plain[0].way, plain[0].bytes}, true))
	}
	return tried, nil
}

func tryConnection(ctx context.Context, address string, send sending, secured bool) Connection {
	tried := Connection{Address: address, Way: send.way}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		tried.Error = err.Error()
		return tried
	}
	defer func() { _ = conn.Close() }()
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline)
	if secured {
		// Whom the server is does not matter here: whether it lets us in does. TLS 1.3 refuses a
		// client without a certificate at its first read.
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1", "istio"}}) //nolint:gosec // see above
	}
	first, err := beginning(conn, send.bytes)
	var answered tls.RecordHeaderError
	var silent net.Error
	switch {
	case err == nil:
		tried.Got = fmt.Sprintf("an answer that begins with %q", first)
	case errors.As(err, &answered):
		tried.Got = fmt.Sprintf("an answer that is no TLS and begins with %q", answered.RecordHeader)
	case errors.As(err, &silent) && silent.Timeout():
		tried.Error = "neither an answer nor an end: " + err.Error()
	default:
		tried.Refused, tried.Got = true, err.Error()
	}
	return tried
}

// beginning sends and returns the first byte that comes back.
func beginning(conn net.Conn, send string) ([]byte, error) {
	if _, err := io.WriteString(conn, send); err != nil {
		return nil, err
	}
	return bufio.NewReader(conn).Peek(1)
}
