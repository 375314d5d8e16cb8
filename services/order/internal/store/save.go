package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store/db"
)

// InsertOrders queues the inserts of placed orders, their lines and first entries.
// requests are those that placed them, in the same order.
func (s Store) InsertOrders(ctx context.Context, placed []domain.Decided, requests []idempotency.Key) error {
	if len(placed) == 0 {
		return nil
	}
	orders, err := toDBOrders(placed, requests)
	if err != nil {
		return err
	}
	if err := s.q.OrderInsertMany(ctx, orders); err != nil {
		return err
	}
	if err := s.q.OrderLineInsertMany(ctx, toDBLines(placed)); err != nil {
		return err
	}
	return s.q.OrderHistoryInsertMany(ctx, toDBHistory(placed))
}

// SaveOrders queues the updates of orders that are locked, each at most once, and
// the inserts of their new entries and refunds. Orders that did not change are
// left out.
func (s Store) SaveOrders(ctx context.Context, orders []domain.Decided) error {
	changed := slices.DeleteFunc(slices.Clone(orders), func(d domain.Decided) bool { return d.Decision.Empty() })
	if len(changed) == 0 {
		return nil
	}
	if err := s.saveRare(ctx, changed); err != nil {
		return err
	}
	if err := s.q.OrderUpdateMany(ctx, toDBUpdates(changed)); err != nil {
		return err
	}
	if history := toDBHistory(changed); len(history.OrderIds) > 0 {
		if err := s.q.OrderHistoryInsertMany(ctx, history); err != nil {
			return err
		}
	}
	if refunds := toDBRefunds(changed); len(refunds.RefundIds) > 0 {
		return s.q.OrderRefundUpsertMany(ctx, refunds)
	}
	return nil
}

// saveRare queues the parts that change rarely, each by a statement of its own. A
// shipment comes with the state that it means, because a constraint ties them.
func (s Store) saveRare(ctx context.Context, orders []domain.Decided) error {
	var erased []uuid.UUID
	var published db.ErasedOrderInsertManyParams
	for _, d := range orders {
		if d.Decision.Erased {
			o := d.Order.Snapshot()
			erased = append(erased, o.ID)
			published.OrderIds = append(published.OrderIds, o.ID)
			published.Versions = append(published.Versions, o.Version)
			published.CreateTimes = append(published.CreateTimes, o.UpdateTime)
			continue
		}
		if err := s.saveParts(ctx, d); err != nil {
			return err
		}
	}
	if len(erased) == 0 {
		return nil
	}
	if err := s.q.OrderErasePersons(ctx, erased); err != nil {
		return err
	}
	if err := s.q.ErasedOrderInsertMany(ctx, published); err != nil {
		return err
	}
	return s.q.OrderHistoryErase(ctx, erased)
}

// saveParts queues the parts of an order that a decision changed.
func (s Store) saveParts(ctx context.Context, d domain.Decided) error {
	o := d.Order.Snapshot()
	if d.Decision.Shipment {
		if err := s.saveShipment(ctx, o); err != nil {
			return err
		}
	}
	if d.Decision.Person {
		if err := s.savePerson(ctx, o); err != nil {
			return err
		}
	}
	if d.Decision.Owner {
		if err := s.q.OrderUpdateOwner(ctx, db.OrderUpdateOwnerParams{ID: o.ID, CustomerID: o.CustomerID, GuestVersion: o.GuestVersion}); err != nil {
			return err
		}
	}
	if d.Decision.Corrections {
		text, err := toDBCorrections(o.Corrections)
		if err != nil {
			return err
		}
		if err := s.q.OrderUpdateCorrections(ctx, db.OrderUpdateCorrectionsParams{ID: o.ID, Corrections: text}); err != nil {
			return err
		}
	}
	if d.Decision.LinkMails {
		text, err := toDBLinkMails(o.LinkMails)
		if err != nil {
			return err
		}
		if err := s.q.OrderUpdateLinkMails(ctx, db.OrderUpdateLinkMailsParams{ID: o.ID, LinkMails: text}); err != nil {
			return err
		}
	}
	if d.Decision.Disputes {
		text, err := toDBDisputes(o.Disputes)
		if err != nil {
			return err
		}
		return s.q.OrderUpdateDisputes(ctx, db.OrderUpdateDisputesParams{ID: o.ID, Disputes: text})
	}
	return nil
}

func (s Store) saveShipment(ctx context.Context, o domain.Snapshot) error {
	return s.q.OrderUpdateShipment(ctx, db.OrderUpdateShipmentParams{
		ID: o.ID, State: int16(o.State), ShipmentID: o.Shipment.ID, Carrier: o.Shipment.Carrier, TrackingCode: o.Shipment.TrackingCode,
		ShipTime: o.Shipment.ShipTime, DeliverTime: o.Shipment.DeliverTime,
	})
}

func (s Store) savePerson(ctx context.Context, o domain.Snapshot) error {
	address, err := json.Marshal(o.Address)
	if err != nil {
		return fmt.Errorf("address of order %s: %w", o.ID, err)
	}
	return s.q.OrderUpdatePerson(ctx, db.OrderUpdatePersonParams{
		ID: o.ID, FirstName: o.Contact.FirstName, LastName: o.Contact.LastName, LastNameKey: grammar.Fold(o.Contact.LastName),
		Email: o.Contact.Email, Phone: o.Contact.Phone, ShippingAddress: string(address),
	})
}
