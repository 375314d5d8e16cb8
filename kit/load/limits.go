package load

import "time"

// Bound is how many of a thing there may be at once: in all, of one address, and on one
// connection.
type Bound struct {
	All, PerAddress, PerConnection int
}

// Limits bound the calls of a process that come from outside. A call is counted at one
// stage at a time, so that a client that is slow at one of them takes nothing of the
// others. What one address may have lies below what all may have.
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

// DefaultLimits returns the limits of a process that owns its machine or its
// container: 256 calls in work are two full batches of orders, which is what the
// database takes at once; more make no call quicker. One address may have seven eighths
// of them: behind a proxy all clients have one, and a few places are enough for another
// address to be served at once. 250 calls on a connection are what one browser or
// Envoy needs.
//
// A burst may wait a tenth of a second. Once a queue stands, waiting is no use to
// anybody: calls get 20 ms, enough for the next ones in the queue, and the others are
// refused at once, with the time to try again.
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
