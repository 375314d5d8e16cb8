package telemetry

import (
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"google.golang.org/grpc/grpclog"
)

// RouteLibraries sends to log what libraries would write to standard error themselves:
// Go's own log package, and OpenTelemetry with its exporters. It silences grpc-go, on
// which REST is built. A program calls it once, before anything else.
func RouteLibraries(log *slog.Logger) {
	slog.SetDefault(log)
	otel.SetLogger(logr.FromSlogHandler(log.Handler()))
	otel.SetErrorHandler(&exporterErrors{log: log})
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard))
}

// exporterErrors logs what the exporters report, the same error once a minute: a
// collector that is away is reported with every batch.
type exporterErrors struct {
	log *slog.Logger

	mu       sync.Mutex
	logged   string
	loggedAt time.Time
}

// Handle implements otel.ErrorHandler.
func (e *exporterErrors) Handle(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.logged == err.Error() && time.Since(e.loggedAt) < time.Minute {
		return
	}
	e.logged, e.loggedAt = err.Error(), time.Now()
	e.log.Warn("telemetry can't be exported", "error", err.Error())
}
