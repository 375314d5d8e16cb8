package pages

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	kitrpc "github.com/shopmesh/shopmesh/kit/rpc"
)

const (
	// beatPause is how often an order's events show that they still come: a browser that hears
	// nothing for three of them takes its connection for dead.
	beatPause = 10 * time.Second
	// afterField is the version in the address of an order's events after which they begin.
	afterField = "after"
)

// orderEvents tells an open page of an order each version that the order comes to, once, as
// server-sent events (https://html.spec.whatwg.org/#server-sent-events). A browser that lost
// them goes on after the last one that it got; it is answered 204, which ends its asking, where
// no more can come.
func (s *Server) orderEvents(v *visit) error {
	known, order, err := s.openOrder(v)
	if err != nil {
		return err
	}
	after := v.lastEvent()
	header := v.w.Header()
	header.Set("Cache-Control", noStore)
	if ended(order) && after >= versionOf(order) {
		v.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	stream, err := kitrpc.StreamPage(v.w, v.request)
	if err != nil {
		return err
	}
	defer stream.Close()
	v.protect()
	header.Set("Content-Type", "text/event-stream")
	header.Set("X-Accel-Buffering", "no") // what nginx would otherwise keep back
	ctx, cancel := context.WithCancel(visitorOf(stream.Context(), known.Token))
	versions := make(chan int64)
	var watching sync.WaitGroup
	var failed error
	watching.Go(func() {
		defer close(versions)
		failed = s.Orders.Watch(ctx, known.ID, after, func(entry *orderv1.OrderHistoryEntry) {
			select {
			case versions <- entry.GetVersion():
			case <-ctx.Done():
			}
		})
	})
	sent := sendVersions(stream, versions)
	cancel()
	watching.Wait()
	if sent == nil && failed != nil && stream.Context().Err() == nil && reasonOf(failed) != fault.ReasonDraining {
		// It can't be watched now, as where the visitor's address has too many streams open.
		_ = stream.Send([]byte("retry: 30000\n\n")) // a visitor who left is no error of ours
	}
	return nil
}

// sendVersions sends each version as an event, and a beat between them, until no more come or
// the stream ends.
func sendVersions(stream *kitrpc.PageStream, versions <-chan int64) error {
	beat := time.NewTicker(beatPause)
	defer beat.Stop()
	event := []byte("retry: 2000\n\n") // and the headers, so that the browser knows that they come
	for {
		if err := stream.Send(event); err != nil {
			return err
		}
		select {
		case version, more := <-versions:
			if !more {
				return nil
			}
			event = fmt.Appendf(nil, "id: %d\ndata: %d\n\n", version, version)
		case <-beat.C:
			event = []byte("event: beat\ndata: 1\n\n")
		case <-stream.Context().Done():
			return nil
		}
	}
}

// lastEvent is the version that the visitor's page has: the last event that it got, or the one
// that it was made of.
func (v *visit) lastEvent() int64 {
	for _, text := range []string{v.request.Header.Get("Last-Event-ID"), v.request.URL.Query().Get(afterField)} {
		if version, err := strconv.ParseInt(text, 10, 64); err == nil && version > 0 {
			return version
		}
	}
	return 0
}

// ended reports whether an order's history gets no more entries.
func ended(order *orderv1.Order) bool {
	return order.GetState() == orderv1.OrderState_ORDER_STATE_DELIVERED || order.GetState() == orderv1.OrderState_ORDER_STATE_CANCELLED
}

// eventsPath is where an open page of an order hears of its next versions; empty where none
// come.
func eventsPath(order *orderv1.Order) string {
	if ended(order) {
		return ""
	}
	return orderPath(order.GetNumber()) + "/events?" + afterField + "=" + strconv.FormatInt(versionOf(order), 10)
}
