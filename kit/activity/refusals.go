package activity

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"google.golang.org/protobuf/types/known/timestamppb"

	activityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/activity/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/limit"
)

// MaxRefusals is how many different refusals are kept until they are taken.
const MaxRefusals = 100

// maxPrefixes is how many address prefixes are known at once that made entries of late.
const maxPrefixes = 10_000

// PrefixRate bounds the entries of one address prefix, so that nobody keeps others out of the
// log.
func PrefixRate() limit.Rate { return limit.Rate{Quota: 60, Window: time.Hour} }

// TotalRate bounds the entries of all prefixes together, so that many do not fill the table.
func TotalRate() limit.Rate { return limit.Rate{Quota: 2000, Window: time.Hour} }

// Refusals gather refused calls, so that a flood of them costs little: calls of one caller
// to one RPC about one resource that are refused for one reason are one entry, and beyond
// MaxRefusals entries, PrefixRate and TotalRate calls are counted and dropped.
type Refusals struct {
	rates      *limit.Limiter[rateKey]
	now        func() time.Time
	newID      func() uuid.UUID
	counter    metric.Int64Counter
	attributes metric.MeasurementOption

	mu      sync.Mutex
	entries map[refusal]*activityv1.Activity
	dropped int64 // since the last Take
}

// refusal is what makes refused calls the same.
type refusal struct {
	rpc, caller, credential, prefix, resource, reason string
}

// rateKey is whose entries are counted: those of a prefix, or all.
type rateKey struct {
	all    bool
	prefix string
}

// NewRefusals returns the Refusals of a context, without entries.
func NewRefusals(context string, meter metric.MeterProvider, now func() time.Time, newID func() uuid.UUID) *Refusals {
	r := &Refusals{rates: limit.New[rateKey](maxPrefixes, now), now: now, newID: newID, entries: make(map[refusal]*activityv1.Activity)}
	r.attributes = metric.WithAttributeSet(attribute.NewSet(attribute.String("context", context)))
	// The instrument's name is a constant, and valid: an error can't come.
	r.counter, _ = meter.Meter("github.com/shopmesh/shopmesh/kit/activity").Int64Counter("shopmesh.activity.refusals_dropped",
		metric.WithDescription("Refused calls that are not in the activity log, because too many were refused at once"))
	return r
}

// refused reports whether an error refuses a caller: who is not known, may not do it, or
// called too often. Where the call would have been recorded, a wrong request and a stale etag
// are refusals, too: who tries values is found. An access token that is merely old is none of
// these: clients meet it every five minutes, and get another.
func refused(call Call, err error) (reason string, ok bool) {
	found, ok := fault.Of(err)
	if !ok {
		return "", false
	}
	switch {
	case found.Reason() == fault.ReasonTokenExpired:
		return "", false
	case found.Kind() == fault.Unauthenticated, found.Kind() == fault.PermissionDenied, found.Reason() == fault.ReasonRateLimited:
		return string(found.Reason()), true
	case call.Recorded && (found.Kind() == fault.Invalid || found.Reason() == fault.ReasonEtagMismatch):
		return string(found.Reason()), true
	default:
		return "", false
	}
}

// Note notes a call that was refused with err, and ignores every other error. It never
// blocks.
func (r *Refusals) Note(ctx context.Context, call Call, err error) {
	reason, ok := refused(call, err)
	if !ok {
		return
	}
	actor := ActorOf(call.Caller)
	key := refusal{rpc: call.RPC, caller: call.Caller.Key(), credential: actor.GetCredentialId(), prefix: call.AddressPrefix, resource: call.about, reason: reason}
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.entries[key]; known != nil {
		known.Count++
		return
	}
	if len(r.entries) == MaxRefusals || !r.rates.Take(rateKey{prefix: call.AddressPrefix}, PrefixRate()).Allowed ||
		!r.rates.Take(rateKey{all: true}, TotalRate()).Allowed {
		r.dropped++
		r.counter.Add(ctx, 1, r.attributes)
		return
	}
	r.entries[key] = &activityv1.Activity{
		Id: r.newID().String(), CreateTime: timestamppb.New(r.now()), Actor: actor, OnBehalfOf: behalfOf(call.Caller),
		AddressPrefix: call.AddressPrefix, Rpc: call.RPC, Resource: call.about, Outcome: activityv1.Outcome_OUTCOME_REFUSED, Reason: reason, Count: 1,
		TraceId: call.TraceID,
	}
}

// Take returns the entries and how many calls were dropped, and forgets both.
func (r *Refusals) Take() (entries []*activityv1.Activity, dropped int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, entry := range r.entries {
		entries = append(entries, entry)
	}
	clear(r.entries)
	dropped, r.dropped = r.dropped, 0
	slices.SortFunc(entries, func(a, b *activityv1.Activity) int {
		return a.GetCreateTime().AsTime().Compare(b.GetCreateTime().AsTime())
	})
	return entries, dropped
}
