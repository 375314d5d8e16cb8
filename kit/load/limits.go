package load

import "time"

// Bound is how many of a thing there may be at once: in all, of one address, and on one
// connection.
type Bound struct {
	All, PerAddress, PerConnection int
}

// Limits bound the calls of a process that come from outside. A call is counted at one
// stage at a time, so that a client that is slow at one stage takes no places of another.
// What one address may have is less than what all may have.
type Limits struct {
	// Receiving bounds the calls whose request is still arriving.
	Receiving Bound
	// Waiting bounds those whose request is there and which wait for their turn.
	Waiting Bound
	// InWork bounds those whose handler runs. More of them would only wait for each
	// other, inside: for a connection to the database, or for the processor.
	InWork Bound
	// Writing bounds those whose reply is not sent yet: while a client leaves so many
	// unread, further calls of it are refused.
	Writing Bound
	// Unsent bounds the bytes of such replies.
	Unsent Bound
	// Burst is how long a call waits for its turn when others have only begun to wait.
	Burst time.Duration
	// Standing is how long it waits when its address has had others waiting for Burst.
	Standing time.Duration
}

// DefaultLimits returns the limits of a process that has its machine or container for
// itself. InWork.All is two full batches of orders, which is what the database processes
// at once: more would make no call faster. One address may have seven eighths of that.
// Behind a proxy all clients share one address, and the rest is enough to serve another
// address at once. 250 calls on a connection are what one browser or Envoy needs.
//
// In a burst a call waits up to a tenth of a second. When calls of its address have
// waited that long already, waiting longer helps nobody: a new call waits 20 ms, which is
// enough for the first in the queue, and is then refused with the time after which to try
// again.
func DefaultLimits() Limits {
	const perConnection = 250
	return Limits{
		Receiving: Bound{All: 2048, PerAddress: 1024, PerConnection: perConnection},
		Waiting:   Bound{All: 2048, PerAddress: 1024, PerConnection: perConnection},
		InWork:    Bound{All: 256, PerAddress: 224, PerConnection: 192},
		Writing:   Bound{All: 2048, PerAddress: 1024, PerConnection: perConnection},
		Unsent:    Bound{All: 256 << 20, PerAddress: 64 << 20, PerConnection: 16 << 20},
		Burst:     100 * time.Millisecond, Standing: 20 * time.Millisecond,
	}
}

// stage is what is counted.
type stage int

const (
	receiving stage = iota
	waiting
	inWork
	writing
	unsent
	stages
)

func (l *Limits) of(s stage) Bound {
	return [stages]Bound{l.Receiving, l.Waiting, l.InWork, l.Writing, l.Unsent}[s]
}
