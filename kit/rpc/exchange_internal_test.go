package rpc

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// deadlines counts what is set, as net/http's writers take it until the handler returns.
type deadlines struct {
	http.ResponseWriter

	set  int
	over bool
}

func (d *deadlines) deadline(time.Time) error {
	if d.over {
		panic("a writer is used after its handler, over HTTP/2 a nil dereference")
	}
	d.set++
	return nil
}

func (d *deadlines) SetReadDeadline(at time.Time) error  { return d.deadline(at) }
func (d *deadlines) SetWriteDeadline(at time.Time) error { return d.deadline(at) }

// A request that begins after the stop did has as little time as those that were there.
func TestARequestAfterTheStopIsHurriedToo(t *testing.T) {
	t.Parallel()
	connection := newWire(&exchangeCount{none: make(chan struct{}, 1)}, "127.0.0.1:1")
	connection.stop()
	cut := make(chan struct{})
	x := &exchange{controller: http.NewResponseController(readers{httptest.NewRecorder(), cut}), sendLimit: time.Hour}
	connection.begin(x)
	x.receive(time.Hour)
	select {
	case <-cut:
	case <-time.After(3 * time.Minute):
		t.Error("its body is waited for")
	}
	if x.sendLimit != stallTimeout {
		t.Errorf("a write has %v", x.sendLimit)
	}
}

// readers notes that reading is cut.
type readers struct {
	http.ResponseWriter

	cut chan struct{}
}

func (r readers) SetReadDeadline(time.Time) error {
	close(r.cut)
	return nil
}

// A timer can fire just as the handler ends. It crashed the process: net/http's writer of
// an HTTP/2 stream panics when it is used after that.
func TestNothingInterruptsAnExchangeThatIsOver(t *testing.T) {
	t.Parallel()
	writer := &deadlines{ResponseWriter: httptest.NewRecorder()}
	x := &exchange{controller: http.NewResponseController(writer), sendLimit: time.Hour}
	connection := newWire(&exchangeCount{none: make(chan struct{}, 1)}, "127.0.0.1:1")
	connection.begin(x)
	x.write()
	timers := []func(){x.interruptReading, x.interruptWriting, x.cutReading, x.cutWriting}
	for _, fire := range timers {
		fire()
	}
	if writer.set != len(timers) {
		t.Errorf("%d of %d timers had an effect", writer.set, len(timers))
	}
	connection.end(x)
	writer.over = true
	for _, fire := range timers {
		fire()
	}
}
