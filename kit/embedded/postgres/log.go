package postgres

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"

	"github.com/shopmesh/shopmesh/kit/embedded/internal/loglimit"
)

// serverLogPrefix makes a line of the server's log "pid|database|SEVERITY:  text".
const serverLogPrefix = "%p|%d|"

// endedByCommand is logged for each connection whose end the server did not notice before
// we stop it, of which there are dozens. When somebody else ends one, whoever used it reports
// that.
const endedByCommand = "terminating connection due to administrator command"

// tailLines is how much of the log is kept to explain a failed start.
const tailLines = 20

// serverLog copies the server's standard error into our log, and keeps its last lines.
type serverLog struct {
	logger *slog.Logger
	limit  *loglimit.Limiter

	mu   sync.Mutex // guards tail
	tail []string
}

// follow reads until every process that writes there has ended.
func (l *serverLog) follow(output io.Reader) {
	lines := bufio.NewReader(output)
	for {
		line, err := lines.ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			l.take(line)
		}
		if err != nil {
			return
		}
	}
}

func (l *serverLog) take(line string) {
	entry := parseServerLine(line)
	if entry.text == endedByCommand {
		entry.level = slog.LevelDebug
	}
	if entry.level > slog.LevelInfo && l.limit.Repeated(entry.text) {
		entry.level = slog.LevelDebug
	}
	l.logger.LogAttrs(context.Background(), entry.level, entry.text, slog.String("source", "postgresql"), slog.String("database", entry.database))
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.tail) == tailLines {
		l.tail = l.tail[1:]
	}
	l.tail = append(l.tail, line)
}

// end returns the last lines.
func (l *serverLog) end() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.tail, "\n")
}

type serverLine struct {
	level    slog.Level
	database string
	text     string
}

// parseServerLine splits a line. One without a prefix, such as a continuation, is passed on as it is.
func parseServerLine(line string) serverLine {
	parts := strings.SplitN(line, "|", 3)
	if len(parts) != 3 {
		return serverLine{level: slog.LevelDebug, text: line}
	}
	severity, text, found := strings.Cut(parts[2], ":  ")
	if !found {
		return serverLine{level: slog.LevelDebug, text: line}
	}
	return serverLine{level: severityLevel(severity), database: parts[1], text: text}
}

// severityLevel maps PostgreSQL's severities to ours. An ERROR is the answer to one statement,
// which its caller handles.
func severityLevel(severity string) slog.Level {
	switch severity {
	case "PANIC":
		return slog.LevelError
	case "FATAL", "WARNING":
		return slog.LevelWarn
	default:
		return slog.LevelDebug
	}
}
