// Package app puts contexts together into a process: it opens their databases, serves
// their RPCs on two listeners, keeps their runners going, and stops all of it without
// cutting off a request.
package app

import (
	"context"
	"net/http"
	"slices"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"go.uber.org/fx"

	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/operations"
	"github.com/shopmesh/shopmesh/kit/rpc"
)

// Service is what a context joins to its process.
type Service struct {
	// Name is the context's name, such as "order": under which peers find it.
	Name string
	// Register puts the context's RPCs on a server. It is called once for each of
	// the process's two servers.
	Register func(*connect.Server)
	// Gateway opens the context's REST routes; see rpc.Gateway.
	Gateway []rpc.GatewayFunc
	// HTTP are handlers of the API's listener for calls that are not RPCs, by their
	// net/http pattern, such as "POST /webhooks/stripe". They authenticate their callers
	// themselves.
	HTTP map[string]http.Handler
	// Pages are what people see in a browser, on the API's listener, at every path that
	// nothing else has; nil for none. One context of a process has them.
	Pages rpc.Pages
	// Operator are handlers of the operator's socket, by their net/http pattern. Who reaches
	// them owns the machine's files; operator.CallerFrom names the user.
	Operator map[string]http.Handler
	// Runners work in the background: consumers, sweepers, workers. The relay, what writes
	// refused calls and the purge of IdempotencyRetention are not among them: the process
	// runs them itself.
	Runners []Runner
	// Topics returns those that the context publishes to and consumes; without a number of
	// its own, a topic has Partitions. They are created before the runners start, and
	// looked after again when settings change, on which retentions depend. Nil for none. The
	// topic of the activity log is not among them: every context has its own.
	Topics func() []kafka.Topic
	// IdempotencyRetention returns how long the answers to requests with a request_id are
	// kept, in the table of kit/idempotency; nil for a context that has none.
	IdempotencyRetention func() time.Duration
	// Drain, when set, finishes work that outlives its call, after the last call
	// was answered and before the runners stop.
	Drain func(context.Context) error
	// Operations is what operators see of the context.
	Operations operations.Context
}

// Runner works in the background until its context ends. One that returns earlier,
// or panics, is started again, after a pause that grows to five seconds.
type Runner struct {
	// Name is one of the names that all services use ("relay", "consumer", "sweeper",
	// "republisher", "purge"), or names what else works.
	Name string
	// Run returns when ctx ends; it finishes first what it began.
	Run func(ctx context.Context) error
}

// Clock returns the time in UTC, to the microsecond.
type Clock func() time.Time

// NewID makes ids that sort by time (UUIDv7).
type NewID func() uuid.UUID

// Join adds a context to its process: constructor is a function of the
// dependencies that returns a Service, and perhaps an error.
func Join(constructor any) fx.Option {
	return fx.Provide(fx.Annotate(constructor, fx.ResultTags(`group:"services"`)))
}

// topics are the service's topics, and that of its entries of the activity log.
func (s Service) topics() []kafka.Topic {
	var all []kafka.Topic
	if s.Topics != nil {
		all = slices.Clone(s.Topics())
	}
	return append(all, ActivityTopic(s.Name))
}
