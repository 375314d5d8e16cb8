// Package rpc serves RPCs. NewServer makes a *connect.Server whose chain of
// interceptors surrounds every call, whichever its protocol. NewHandler serves the
// protocols on one port: Connect, gRPC, gRPC-Web (binary), REST under /v1/ and
// grpc.health.v1; before them it counts calls and bounds what a request may hold and
// how long a client may take. Listen serves a handler over HTTP/1.1 and HTTP/2, with TLS
// or without, and stops without cutting off a request.
package rpc

import "time"

// The bounds of every call. They are the same in all services, so that a client
// needs to know them once.
const (
	// MaxRequestBytes is the largest request message that is read, after
	// decompression.
	MaxRequestBytes = 4 << 20
	// UnaryTimeout is how long a unary call may take whose client set no
	// deadline, or a longer one.
	UnaryTimeout = 60 * time.Second
	// BodyTimeout is how long a client may take to send the body of a request
	// that has a single message.
	BodyTimeout = 20 * time.Second
	// SendTimeout is how long a client may leave one message of a stream unread.
	SendTimeout = 30 * time.Second

	// headerTimeout is how long a client may take to send the headers.
	headerTimeout = 10 * time.Second
	// idleTimeout is how long a connection may stay without a request.
	idleTimeout = 2 * time.Minute
	// writeTimeout bounds the whole of a request that is no stream. It lies
	// beyond UnaryTimeout, so that a call that ran out of time gets an answer.
	writeTimeout = UnaryTimeout + SendTimeout
	// maxStreams is how many calls may be on one HTTP/2 connection at once: what a
	// browser or a proxy needs.
	maxStreams = 250
	// compressMinBytes is the smallest reply that is worth compressing.
	compressMinBytes = 4 << 10
	// maxHeaderBytes bounds the headers of a request.
	maxHeaderBytes = 64 << 10
	// maxDepth bounds how deeply messages may be nested.
	maxDepth = 100
	// maxViolations is how many violations of a request are looked for.
	maxViolations = 20
	// maxEvaluations is how many fields and list items are looked at for them, once it
	// is known that there is one. An order of 200 lines has some 1,000.
	maxEvaluations = 2000
	// defaultRetryDelay is how long a client should wait when a component is away.
	defaultRetryDelay = time.Second
)
