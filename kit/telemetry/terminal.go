package telemetry

import (
	"context"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
)

// terminalHandler writes a line for each record, for somebody who watches a terminal:
//
//	18:52:03  the shop is opened  data=/srv/shop
//	18:52:09  WARN   the broker is away  context=order error="connection refused"
//
// What is not printable is escaped, so that no value can control the terminal.
type terminalHandler struct {
	out   *lockedWriter
	level slog.Leveler
	// attrs are those of WithAttrs, as text; prefix is that of WithGroup.
	attrs, prefix string
}

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func newTerminalHandler(w io.Writer, level slog.Leveler) *terminalHandler {
	return &terminalHandler{out: &lockedWriter{w: w}, level: level}
}

// Enabled implements slog.Handler.
func (h *terminalHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.level.Level()
}

// Handle implements slog.Handler.
func (h *terminalHandler) Handle(_ context.Context, record slog.Record) error {
	var line strings.Builder
	line.WriteString(record.Time.Format(time.TimeOnly) + "  ")
	if record.Level != slog.LevelInfo {
		level := record.Level.String()
		line.WriteString(level + strings.Repeat(" ", max(1, 7-len(level))))
	}
	line.WriteString(printable(record.Message))
	attrs := h.attrs
	record.Attrs(func(attr slog.Attr) bool {
		attrs += formatAttr(h.prefix, attr)
		return true
	})
	if attrs != "" {
		line.WriteString(" " + attrs)
	}
	line.WriteByte('\n')
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	_, err := io.WriteString(h.out.w, line.String())
	return err
}

// WithAttrs implements slog.Handler.
func (h *terminalHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	for _, attr := range attrs {
		with.attrs += formatAttr(h.prefix, attr)
	}
	return &with
}

// WithGroup implements slog.Handler.
func (h *terminalHandler) WithGroup(name string) slog.Handler {
	with := *h
	if name != "" {
		with.prefix += name + "."
	}
	return &with
}

// formatAttr returns " key=value", or nothing for an empty attribute.
func formatAttr(prefix string, attr slog.Attr) string {
	value := attr.Value.Resolve()
	if attr.Equal(slog.Attr{}) {
		return ""
	}
	if value.Kind() == slog.KindGroup {
		if attr.Key != "" {
			prefix += attr.Key + "."
		}
		var all string
		for _, member := range value.Group() {
			all += formatAttr(prefix, member)
		}
		return all
	}
	text := value.String()
	if text == "" || strings.ContainsAny(text, " \"=") || printable(text) != text {
		text = strconv.Quote(text)
	}
	return " " + prefix + attr.Key + "=" + text
}

// printable escapes what is no printable character, line breaks among it.
func printable(text string) string {
	for _, r := range text {
		if !unicode.IsPrint(r) {
			quoted := strconv.Quote(text)
			return quoted[1 : len(quoted)-1]
		}
	}
	return text
}
