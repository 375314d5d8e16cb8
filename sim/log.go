package sim

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/shopmesh/shopmesh/kit/outbox"
)

// Log is what happened in a run, line by line.
type Log struct {
	lines []Line
	// about holds the order that an id of a payment or mail belongs to.
	about map[uuid.UUID]uuid.UUID
}

// Line is one thing that happened.
type Line struct {
	// At is how long after the beginning.
	At time.Duration
	// About is the order, payment, mail or product; the nil id for none.
	About     uuid.UUID
	Who, What string
}

// NewLog returns an empty log.
func NewLog() *Log { return &Log{about: map[uuid.UUID]uuid.UUID{}} }

func (l *Log) add(line Line) { l.lines = append(l.lines, line) }

// learn notes which order an event's key belongs to.
func (l *Log) learn(e outbox.Event) {
	m := e.Message.ProtoReflect()
	if notice := m.Descriptor().Fields().ByName("notice"); notice != nil {
		m = m.Get(notice).Message()
	}
	field := m.Descriptor().Fields().ByName("order_id")
	if field == nil || field.Kind() != protoreflect.StringKind {
		return
	}
	if id, err := uuid.Parse(m.Get(field).String()); err == nil {
		l.about[e.Key] = id
	}
}

func (l *Log) orderOf(id uuid.UUID) uuid.UUID {
	if order, ok := l.about[id]; ok {
		return order
	}
	return id
}

// Last returns at most n of the last lines about an order, or of all lines for the
// nil id.
func (l *Log) Last(order uuid.UUID, n int) string {
	var lines []string
	for i := len(l.lines) - 1; i >= 0 && len(lines) < n; i-- {
		line := l.lines[i]
		if order != uuid.Nil && line.About != uuid.Nil && l.orderOf(line.About) != order {
			continue
		}
		lines = append(lines, fmt.Sprintf("%14s  %-12s %s", line.At.Round(time.Microsecond), line.Who, line.What))
	}
	for i, j := 0, len(lines)-1; i < j; i, j = i+1, j-1 {
		lines[i], lines[j] = lines[j], lines[i]
	}
	return strings.Join(lines, "\n")
}
