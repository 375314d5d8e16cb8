package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// complaints counts what the shop's programs warned of at a time or after it, by
// program and text: in a shop that does not come to rest they show why.
func (w *workshop) complaints(since time.Time) map[string]int {
	all := map[string]int{}
	for _, f := range w.files {
		countComplaints(f.Name(), since, all)
	}
	return all
}

func countComplaints(path string, since time.Time, into map[string]int) {
	file, err := os.Open(path)
	if err != nil {
		return
	}
	defer func() { _ = file.Close() }()
	part := strings.TrimSuffix(filepath.Base(path), ".log")
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct {
			Time              time.Time
			Level, Msg, Error string
		}
		// Kafka's log is of another shape.
		if json.Unmarshal(lines.Bytes(), &line) != nil || line.Level != "WARN" && line.Level != "ERROR" || line.Time.Before(since) {
			continue
		}
		into[inShort(fmt.Sprintf("%s: %s: %s", part, line.Msg, line.Error))]++
	}
}

// inShort is a text in one line of bounded length.
func inShort(text string) string {
	const most = 240
	if text = strings.Join(strings.Fields(text), " "); len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
