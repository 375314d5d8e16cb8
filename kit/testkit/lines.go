package testkit

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
)

// Lines is what others write, such as a log, for a test to read meanwhile.
type Lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *Lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String returns all that was written.
func (l *Lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Reset forgets what was written.
func (l *Lines) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Reset()
}

// Log returns a log that is written here as text, from INFO on.
func (l *Lines) Log() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// Warnings returns the lines of the log from WARN on.
func (l *Lines) Warnings() []string {
	var found []string
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, " level=WARN ") || strings.Contains(line, " level=ERROR ") {
			found = append(found, line)
		}
	}
	return found
}
