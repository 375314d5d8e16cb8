package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store/db"
)

// InsertActivities stores entries of the activity log; those that are stored already stay as
// they are.
func (s Store) InsertActivities(ctx context.Context, entries []domain.Activity) error {
	var all db.ActivityInsertManyParams
	var values db.ActivityValuesInsertManyParams
	var addresses db.ActivityAddressInsertManyParams
	for _, a := range entries {
		paths, changes, err := toDBChanges(a.Changes)
		if err != nil {
			return err
		}
		all.Ids, all.CreateTimes = append(all.Ids, a.ID), append(all.CreateTimes, a.Time)
		all.ActorKinds, all.ActorIds = append(all.ActorKinds, int16(a.Actor.Kind)), append(all.ActorIds, a.Actor.ID)
		all.Credentials, all.CredentialIds = append(all.Credentials, a.Actor.Credential), append(all.CredentialIds, a.Actor.CredentialID)
		all.BehalfKinds, all.BehalfIds = append(all.BehalfKinds, int16(a.OnBehalfOf.Kind)), append(all.BehalfIds, a.OnBehalfOf.ID)
		all.BehalfCredentials, all.BehalfCredentialIds = append(all.BehalfCredentials, a.OnBehalfOf.Credential), append(all.BehalfCredentialIds, a.OnBehalfOf.CredentialID)
		all.Rpcs, all.Resources = append(all.Rpcs, a.RPC), append(all.Resources, a.Resource)
		all.Outcomes, all.Reasons, all.CallCounts = append(all.Outcomes, int16(a.Outcome)), append(all.Reasons, a.Reason), append(all.CallCounts, a.Count)
		all.Paths, all.OmittedChanges, all.TraceIds = append(all.Paths, paths), append(all.OmittedChanges, a.Omitted), append(all.TraceIds, a.TraceID)
		if a.HasValues() {
			values.Ids, values.CreateTimes, values.Changes = append(values.Ids, a.ID), append(values.CreateTimes, a.Time), append(values.Changes, changes)
		}
		if a.AddressPrefix != "" {
			addresses.Ids, addresses.CreateTimes = append(addresses.Ids, a.ID), append(addresses.CreateTimes, a.Time)
			addresses.Prefixes = append(addresses.Prefixes, a.AddressPrefix)
		}
	}
	if err := s.q.ActivityInsertMany(ctx, all); err != nil {
		return err
	}
	if len(values.Ids) > 0 {
		if err := s.q.ActivityValuesInsertMany(ctx, values); err != nil {
			return err
		}
	}
	if len(addresses.Ids) == 0 {
		return nil
	}
	return s.q.ActivityAddressInsertMany(ctx, addresses)
}

// dbPath is a changed field as activities keeps it.
type dbPath struct {
	Path     string `json:"path"`
	Redacted bool   `json:"redacted,omitempty"`
}

func toDBChanges(changes []domain.ActivityChange) (paths, values string, err error) {
	named, valued := make([]dbPath, len(changes)), make([][2]string, len(changes))
	for i, c := range changes {
		named[i], valued[i] = dbPath{c.Path, c.Redacted}, [2]string{c.Old, c.New}
	}
	first, err := json.Marshal(named)
	if err != nil {
		return "", "", fmt.Errorf("write changed fields: %w", err)
	}
	second, err := json.Marshal(valued)
	return string(first), string(second), err
}

// ErasedAmong returns which of these customers were erased, and which of these accounts are
// not there.
func (s Store) ErasedAmong(ctx context.Context, customers, accounts []uuid.UUID) (map[uuid.UUID]bool, error) {
	erased := make(map[uuid.UUID]bool)
	for _, id := range accounts {
		erased[id] = true
	}
	if len(accounts) > 0 {
		there, err := s.q.AccountAmong(ctx, accounts)
		if err != nil {
			return nil, err
		}
		for _, id := range there {
			delete(erased, id)
		}
	}
	if len(customers) == 0 {
		return erased, nil
	}
	gone, err := s.q.ErasedCustomerAmong(ctx, customers)
	for _, id := range gone {
		erased[id] = true
	}
	return erased, err
}

// EraseActivities leaves of entries by customers, about them and about their accounts the ids
// alone.
func (s Store) EraseActivities(ctx context.Context, customers, accounts []uuid.UUID) error {
	var actors, resources []string
	for _, id := range customers {
		actors, resources = append(actors, id.String()), append(resources, "customers/"+id.String())
	}
	for _, id := range accounts {
		resources = append(resources, "accounts/"+id.String())
	}
	if err := s.q.ActivityValuesErase(ctx, db.ActivityValuesEraseParams{Actors: actors, Resources: resources}); err != nil {
		return err
	}
	return s.q.ActivityAddressErase(ctx, db.ActivityAddressEraseParams{Actors: actors, Resources: resources})
}

// DeleteActivities deletes some of the entries that are older than they are kept, and returns
// how many. The time is the database's, as the trigger's.
func (s Store) DeleteActivities(ctx context.Context) (int64, error) { return s.q.ActivityDelete(ctx) }

// DeleteActivityValues is DeleteActivities for old and new values.
func (s Store) DeleteActivityValues(ctx context.Context) (int64, error) {
	return s.q.ActivityValuesDelete(ctx)
}

// DeleteActivityAddresses is DeleteActivities for address prefixes, which are kept for 90 days.
func (s Store) DeleteActivityAddresses(ctx context.Context) (int64, error) {
	return s.q.ActivityAddressDelete(ctx)
}

func activitySchema() page.Schema {
	return page.Schema{
		Name: "activities",
		Fields: map[string]page.Field{
			"actor_kind":    {Column: "a.actor_kind", Kind: page.Enum, Filter: true, Prefix: "ACTOR_KIND_", Values: page.EnumValues(domain.ActorAnonymous, domain.LastActorKind)},
			"actor_id":      {Column: "a.actor_id", Kind: page.Text, Filter: true},
			"credential_id": {Column: "a.credential_id", Kind: page.Text, Filter: true},
			"rpc":           {Column: "a.rpc", Kind: page.Text, Filter: true},
			"resource":      {Column: "a.resource", Kind: page.Text, Filter: true},
			"outcome":       {Column: "a.outcome", Kind: page.Enum, Filter: true, Prefix: "OUTCOME_", Values: page.EnumValues(domain.Done, domain.LastOutcome)},
			"reason":        {Column: "a.reason", Kind: page.Text, Filter: true},
			"trace_id":      {Column: "a.trace_id", Kind: page.Text, Filter: true},
			"create_time":   {Column: "a.create_time", Kind: page.Time, Filter: true, Order: true},
		},
		Order: "create_time desc", ID: "a.id",
	}
}

// ListActivities returns a page of entries. Errors: FILTER_INVALID, PAGE_TOKEN_INVALID,
// INVALID_FIELD.
func (s Store) ListActivities(ctx context.Context, req page.Request) (page.Page[domain.Activity], error) {
	entries, err := list(ctx, s, activitySchema(), req, page.Source{Name: "ActivityList", Columns: page.Columns[activityRow]("a"), From: "activities a"}, fromActivityRow,
		func(a domain.Activity) (time.Time, uuid.UUID) { return a.Time, a.ID })
	if err != nil {
		return entries, err
	}
	at := make(map[uuid.UUID]*domain.Activity, len(entries.Items))
	ids := make([]uuid.UUID, len(entries.Items))
	for i := range entries.Items {
		ids[i], at[entries.Items[i].ID] = entries.Items[i].ID, &entries.Items[i]
	}
	values, err := s.q.ActivityValuesList(ctx, ids)
	if err != nil {
		return entries, fmt.Errorf("read the values of entries: %w", err)
	}
	for _, row := range values {
		var changes [][2]string
		if err := json.Unmarshal(row.Changes, &changes); err != nil {
			return entries, fmt.Errorf("read the values of entry %s: %w", row.ID, err)
		}
		for i, change := range changes {
			at[row.ID].Changes[i].Old, at[row.ID].Changes[i].New = change[0], change[1]
		}
	}
	addresses, err := s.q.ActivityAddressList(ctx, ids)
	if err != nil {
		return entries, fmt.Errorf("read the addresses of entries: %w", err)
	}
	for _, row := range addresses {
		at[row.ID].AddressPrefix = row.Prefix
	}
	return entries, nil
}

// activityRow is a row of activities. It is written here because sqlc makes no model of a
// table that no query of its own reads whole.
type activityRow struct {
	ID                 uuid.UUID `db:"id"`
	CreateTime         time.Time `db:"create_time"`
	ActorKind          int16     `db:"actor_kind"`
	ActorID            string    `db:"actor_id"`
	Credential         int16     `db:"credential"`
	CredentialID       string    `db:"credential_id"`
	BehalfKind         int16     `db:"behalf_kind"`
	BehalfID           string    `db:"behalf_id"`
	BehalfCredential   int16     `db:"behalf_credential"`
	BehalfCredentialID string    `db:"behalf_credential_id"`
	RPC                string    `db:"rpc"`
	Resource           string    `db:"resource"`
	Outcome            int16     `db:"outcome"`
	Reason             string    `db:"reason"`
	CallCount          int32     `db:"call_count"`
	Paths              []byte    `db:"paths"`
	OmittedChanges     int32     `db:"omitted_changes"`
	TraceID            string    `db:"trace_id"`
}

func fromActivityRow(row activityRow) (domain.Activity, error) {
	var paths []dbPath
	if err := json.Unmarshal(row.Paths, &paths); err != nil {
		return domain.Activity{}, fmt.Errorf("read the fields of entry %s: %w", row.ID, err)
	}
	changes := make([]domain.ActivityChange, len(paths))
	for i, p := range paths {
		changes[i] = domain.ActivityChange{Path: p.Path, Redacted: p.Redacted}
	}
	return domain.Activity{
		ID: row.ID, Time: row.CreateTime,
		Actor:      domain.ActivityActor{Kind: domain.ActorKind(row.ActorKind), ID: row.ActorID, Credential: row.Credential, CredentialID: row.CredentialID},
		OnBehalfOf: domain.ActivityActor{Kind: domain.ActorKind(row.BehalfKind), ID: row.BehalfID, Credential: row.BehalfCredential, CredentialID: row.BehalfCredentialID},
		RPC:        row.RPC, Resource: row.Resource, Outcome: domain.Outcome(row.Outcome), Reason: row.Reason, Count: row.CallCount,
		Changes: changes, Omitted: row.OmittedChanges, TraceID: row.TraceID,
	}, nil
}
