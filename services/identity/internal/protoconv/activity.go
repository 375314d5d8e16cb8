package protoconv

import (
	"fmt"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	activityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/activity/v1"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// Activity returns an entry of the activity log.
func Activity(a domain.Activity) *activityv1.Activity {
	entry := &activityv1.Activity{
		Id: a.ID.String(), CreateTime: timestamppb.New(a.Time), Actor: activityActor(a.Actor), AddressPrefix: a.AddressPrefix,
		Rpc: a.RPC, Resource: a.Resource, Outcome: activityv1.Outcome(a.Outcome), Reason: a.Reason, Count: a.Count,
		OmittedChanges: a.Omitted, TraceId: a.TraceID,
	}
	if a.OnBehalfOf != (domain.ActivityActor{}) {
		entry.OnBehalfOf = activityActor(a.OnBehalfOf)
	}
	for _, c := range a.Changes {
		entry.Changes = append(entry.Changes, &activityv1.Change{Path: c.Path, OldValue: c.Old, NewValue: c.New, Redacted: c.Redacted})
	}
	return entry
}

func activityActor(a domain.ActivityActor) *activityv1.Actor {
	return &activityv1.Actor{Kind: activityv1.ActorKind(a.Kind), Id: a.ID, Credential: activityv1.Credential(a.Credential), CredentialId: a.CredentialID}
}

// FromActivity reads an entry; one without a valid id is an error.
func FromActivity(entry *activityv1.Activity) (domain.Activity, error) {
	id, err := uuid.Parse(entry.GetId())
	if err != nil {
		return domain.Activity{}, fmt.Errorf("the entry's id %q: %w", entry.GetId(), err)
	}
	a := domain.Activity{
		ID: id, Time: entry.GetCreateTime().AsTime(), Actor: fromActor(entry.GetActor()), AddressPrefix: entry.GetAddressPrefix(),
		RPC: entry.GetRpc(), Resource: entry.GetResource(), Outcome: domain.Outcome(small(entry.GetOutcome())), Reason: entry.GetReason(), Count: entry.GetCount(),
		Omitted: entry.GetOmittedChanges(), TraceID: entry.GetTraceId(),
	}
	if behalf := entry.GetOnBehalfOf(); behalf != nil {
		a.OnBehalfOf = fromActor(behalf)
	}
	for _, c := range entry.GetChanges() {
		a.Changes = append(a.Changes, domain.ActivityChange{Path: c.GetPath(), Redacted: c.GetRedacted(), Old: c.GetOldValue(), New: c.GetNewValue()})
	}
	return a, nil
}

func fromActor(actor *activityv1.Actor) domain.ActivityActor {
	return domain.ActivityActor{Kind: domain.ActorKind(small(actor.GetKind())), ID: actor.GetId(), Credential: small(actor.GetCredential()), CredentialID: actor.GetCredentialId()}
}

// small returns an enum's number as it is stored; 0 for one that no version of ours has.
func small[Enum ~int32](value Enum) int16 {
	if value < 0 || value > 1000 {
		return 0
	}
	return int16(value)
}
