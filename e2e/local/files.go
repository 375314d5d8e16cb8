package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// environment reads a service's variables: those of all, and its own on top.
func environment(dir, service string) (map[string]string, error) {
	env := make(map[string]string)
	for _, file := range []string{"common.env", service + ".env"} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			name, value, ok := strings.Cut(line, "=")
			if !ok {
				return nil, fmt.Errorf("%s: %q is no NAME=VALUE", file, line)
			}
			env[name] = value
		}
	}
	return env, nil
}

// prefixed writes the lines of several services, each whole and with its name in front.
type prefixed struct {
	mu sync.Mutex
	w  io.Writer
}

// as returns a writer for a service's log.
func (p *prefixed) as(service string) io.Writer {
	return &lines{to: p, prefix: fmt.Sprintf("%-13s| ", service)}
}

type lines struct {
	to     *prefixed
	prefix string
	rest   []byte // of a line that is not whole yet
}

// Write implements io.Writer.
func (l *lines) Write(text []byte) (int, error) {
	l.rest = append(l.rest, text...)
	for {
		end := bytes.IndexByte(l.rest, '\n')
		if end < 0 {
			return len(text), nil
		}
		l.to.mu.Lock()
		_, err := fmt.Fprintf(l.to.w, "%s%s\n", l.prefix, l.rest[:end])
		l.to.mu.Unlock()
		if err != nil {
			return 0, err
		}
		l.rest = l.rest[end+1:]
	}
}
