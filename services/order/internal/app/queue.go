package app

import (
	"context"
	"time"
)

// queuePause is how long a runner waits where nothing wakes it: for what another process
// stored and died.
const queuePause = 5 * time.Second

// queue is work that is stored in rows, and taken from there by a runner of each replica.
type queue struct {
	stored chan struct{} // size 1: a wake-up that waits stands for all
	// next does the next piece of work, and reports whether there was one.
	next func(context.Context) (more bool, err error)
}

func newQueue(next func(context.Context) (bool, error)) queue {
	return queue{stored: make(chan struct{}, 1), next: next}
}

// wake tells the runner of this process that there is work.
func (q queue) wake() {
	select {
	case q.stored <- struct{}{}:
	default:
	}
}

// empty does all work that there is.
func (q queue) empty(ctx context.Context) error {
	for {
		if more, err := q.next(ctx); err != nil || !more {
			return err
		}
	}
}

// run does the work whenever there is some, until ctx ends.
func (q queue) run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := q.empty(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		timer := time.NewTimer(queuePause)
		select {
		case <-ctx.Done():
		case <-q.stored:
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}
