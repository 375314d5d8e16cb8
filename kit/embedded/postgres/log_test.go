package postgres

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/shopmesh/shopmesh/kit/embedded/internal/loglimit"
)

// A connection that we end ourselves, by stopping the server, is nothing to report; other
// ends of connections are.
func TestAStopIsNothingToReport(t *testing.T) {
	t.Parallel()
	for line, level := range map[string]string{
		"12|shopmesh_payment|FATAL:  terminating connection due to administrator command": "DEBUG",
		"12|shopmesh_payment|FATAL:  sorry, too many clients already":                     "WARN",
	} {
		var written bytes.Buffer
		log := &serverLog{logger: slog.New(slog.NewTextHandler(&written, &slog.HandlerOptions{Level: slog.LevelDebug})), limit: &loglimit.Limiter{}}
		log.take(line)
		if !strings.Contains(written.String(), "level="+level) {
			t.Errorf("%s is logged as %s, want %s", line, written.String(), level)
		}
	}
}
