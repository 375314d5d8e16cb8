package activity

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	activityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/activity/v1"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
)

// Call is a call whose changes are recorded.
type Call struct {
	// RPC is package.Service/Method.
	RPC string
	// Caller is who calls.
	Caller authz.Identity
	// AddressPrefix is where the call comes from; empty within the process.
	AddressPrefix string
	// TraceID is the call's trace, in hex.
	TraceID string
	// Recorded reports that what the call changes is recorded.
	Recorded bool

	// about is the resource that About noted.
	about string

	// batch stands for many calls, which ChangedBy names.
	batch bool
}

// Rule is whose calls of an RPC are recorded.
type Rule int

const (
	never Rule = iota
	// those are who work for the shop.
	those
	everyone
)

// RuleOf returns the rule of an RPC, by its option (shopmesh.options.v1.recorded).
func RuleOf(method protoreflect.MethodDescriptor) Rule {
	options, _ := method.Options().(*descriptorpb.MethodOptions)
	switch option, _ := proto.GetExtension(options, optionsv1.E_Recorded).(optionsv1.Recorded); {
	case option == optionsv1.Recorded_RECORDED_EVERYONE:
		return everyone
	case option == optionsv1.Recorded_RECORDED_NEVER, options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS:
		return never
	default:
		return those
	}
}

// Records reports whether what a caller changes is recorded.
func (r Rule) Records(caller authz.Identity) bool {
	return r == everyone || r == those && worksForTheShop(caller)
}

// worksForTheShop reports whether a caller is staff, an owner, an API key or an operator,
// or a service on behalf of one. An operator's token can name a customer; one that names a
// service counts as that service.
func worksForTheShop(caller authz.Identity) bool {
	switch {
	case caller.Kind == authz.Service:
		return caller.OnBehalfOf != nil && worksForTheShop(*caller.OnBehalfOf)
	case slices.Contains(caller.Methods, authz.MethodOperator):
		return true
	default:
		return caller.Kind == authz.Staff || caller.Kind == authz.Owner
	}
}

type callKey struct{}

// WithCall returns a context whose transactions are recorded as those of a call; of none
// when it is nil.
func WithCall(ctx context.Context, call *Call) context.Context {
	if call == nil && CallOf(ctx) == nil {
		return ctx
	}
	return context.WithValue(ctx, callKey{}, call)
}

// Without returns a context whose transactions are not recorded: they only prepare the
// change that the call is about, or make none.
func Without(ctx context.Context) context.Context { return WithCall(ctx, nil) }

// Batch returns a context for a transaction that serves many calls: what ChangedBy notes is
// recorded.
func Batch(ctx context.Context) context.Context { return WithCall(ctx, &Call{batch: true}) }

// CallOf returns the call whose transactions are recorded; nil when none is.
func CallOf(ctx context.Context) *Call {
	call, _ := ctx.Value(callKey{}).(*Call)
	return call
}

// Record is what one transaction of a call changes.
type Record struct {
	call      *Call
	changed   []changed
	unchanged bool
}

// changed is what became of one resource.
type changed struct {
	call     *Call
	resource string
	changes  []*activityv1.Change
	omitted  int
}

type recordKey struct{}

// Begin returns a context that has a record of its own for one transaction, and the
// record. Ctx itself and nil where the call is not recorded.
func Begin(ctx context.Context) (context.Context, *Record) {
	call := CallOf(ctx)
	if call == nil {
		return ctx, nil
	}
	record := &Record{call: call}
	return context.WithValue(ctx, recordKey{}, record), record
}

// Changed notes what the transaction of ctx changes: a resource, as collection and id, such
// as "products/0190…", and what it was before and is after, as messages of one type. A new
// one has no before, a deleted one no after, and where neither is given the resource alone
// is noted. Each resource is an entry of its own. Where the call is not recorded nothing is.
func Changed(ctx context.Context, resource string, before, after proto.Message) {
	if record := recordOf(ctx); record != nil {
		record.add(record.call, resource, before, after)
	}
}

// ChangedBy is Changed for one of the calls that the transaction of ctx serves, see Batch;
// for a call that is not recorded, which is nil, nothing is noted.
func ChangedBy(ctx context.Context, call *Call, resource string, before, after proto.Message) {
	if record := recordOf(ctx); record != nil && call != nil {
		record.add(call, resource, before, after)
	}
}

// About notes which resource a call is about, as Changed does, for the entry that it has when
// it is refused. The use case calls it before it decides.
func About(ctx context.Context, resource string) {
	if call := CallOf(ctx); call != nil {
		call.about = resource
	}
}

// Unchanged notes that the transaction of ctx changes nothing, so that there is no entry.
func Unchanged(ctx context.Context) {
	if record := recordOf(ctx); record != nil {
		record.unchanged = true
	}
}

// Recording reports whether the transaction of ctx is recorded, for messages that cost
// something to make.
func Recording(ctx context.Context) bool { return recordOf(ctx) != nil }

func recordOf(ctx context.Context) *Record {
	record, _ := ctx.Value(recordKey{}).(*Record)
	if record == nil || record.call != CallOf(ctx) {
		return nil // of a transaction around a call that is not recorded
	}
	return record
}

func (r *Record) add(call *Call, resource string, before, after proto.Message) {
	changes, omitted := Diff(before, after)
	r.changed = append(r.changed, changed{call, resource, changes, omitted})
}

// Entries returns the entries of a transaction that is about to be committed; used reports
// whether it has statements. What has, and noted nothing, is an entry without a resource.
func (r *Record) Entries(used bool, newID func() uuid.UUID, now time.Time) []*activityv1.Activity {
	all := r.changed
	switch {
	case r.unchanged:
		return nil
	case len(all) == 0 && used && !r.call.batch:
		all = []changed{{call: r.call}}
	}
	entries := make([]*activityv1.Activity, len(all))
	for i, c := range all {
		entries[i] = &activityv1.Activity{
			Id: newID().String(), CreateTime: timestamppb.New(now), Actor: ActorOf(c.call.Caller), OnBehalfOf: behalfOf(c.call.Caller),
			AddressPrefix: c.call.AddressPrefix, Rpc: c.call.RPC, Resource: c.resource, Outcome: activityv1.Outcome_OUTCOME_DONE, Count: 1,
			Changes: c.changes, OmittedChanges: int32(c.omitted), //nolint:gosec // at most the fields of a message
			TraceId: c.call.TraceID,
		}
	}
	return entries
}

func behalfOf(caller authz.Identity) *activityv1.Actor {
	if caller.OnBehalfOf == nil {
		return nil
	}
	return ActorOf(*caller.OnBehalfOf)
}

// ActorOf returns a caller as entries name them.
func ActorOf(caller authz.Identity) *activityv1.Actor {
	actor := &activityv1.Actor{Kind: kindOf(caller.Kind), Id: caller.ID}
	switch {
	case caller.Kind == authz.Anonymous && slices.Contains(caller.Methods, authz.MethodOperator):
		// On the socket itself, where no token is shown.
		actor.Kind, actor.Credential = activityv1.ActorKind_ACTOR_KIND_OPERATOR, activityv1.Credential_CREDENTIAL_OPERATOR
	case slices.Contains(caller.Methods, authz.MethodOperator):
		actor.Credential = activityv1.Credential_CREDENTIAL_OPERATOR
	case caller.Kind == authz.Service:
		actor.Credential = activityv1.Credential_CREDENTIAL_SERVICE
	case caller.Kind == authz.Guest:
		actor.Credential = activityv1.Credential_CREDENTIAL_GUEST
	case caller.APIKey != "":
		actor.Credential, actor.CredentialId = activityv1.Credential_CREDENTIAL_API_KEY, caller.APIKey
	case caller.SessionID != "":
		actor.Credential, actor.CredentialId = activityv1.Credential_CREDENTIAL_SESSION, caller.SessionID
	}
	return actor
}

func kindOf(kind authz.Kind) activityv1.ActorKind {
	switch kind {
	case authz.Customer:
		return activityv1.ActorKind_ACTOR_KIND_CUSTOMER
	case authz.Staff:
		return activityv1.ActorKind_ACTOR_KIND_STAFF
	case authz.Owner:
		return activityv1.ActorKind_ACTOR_KIND_OWNER
	case authz.Service:
		return activityv1.ActorKind_ACTOR_KIND_SERVICE
	case authz.Guest:
		return activityv1.ActorKind_ACTOR_KIND_GUEST
	default:
		return activityv1.ActorKind_ACTOR_KIND_ANONYMOUS
	}
}
