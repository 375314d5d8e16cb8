package store

import (
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/store/db"
)

func fromDBStock(row db.Stock) domain.Stock { return domain.RestoreStock(domain.StockSnapshot(row)) }

func fromDBStocks(rows []db.Stock) []domain.Stock {
	stocks := make([]domain.Stock, len(rows))
	for i, row := range rows {
		stocks[i] = fromDBStock(row)
	}
	return stocks
}

// reservationRow is a row of reservations as it is read.
type reservationRow struct {
	domain.ReservationSnapshot
	state      int16
	productIDs []uuid.UUID
	quantities []int32
	shortages  *string
}

func fromDBReservation(row reservationRow) (domain.Reservation, error) {
	r := row.ReservationSnapshot
	r.State = domain.State(row.state)
	r.Lines = make([]domain.Line, len(row.productIDs))
	for i, id := range row.productIDs {
		r.Lines[i] = domain.Line{ProductID: id, Quantity: int64(row.quantities[i])}
	}
	if row.shortages != nil {
		if err := json.Unmarshal([]byte(*row.shortages), &r.Shortages); err != nil {
			return domain.Reservation{}, fmt.Errorf("shortages of order %s: %w", r.OrderID, err)
		}
	}
	return domain.RestoreReservation(r), nil
}

// toDBShortages is empty where there are none; the statement stores null then.
func toDBShortages(shortages []domain.Shortage) (string, error) {
	if len(shortages) == 0 {
		return "", nil
	}
	text, err := json.Marshal(shortages)
	return string(text), err
}

func toDBReservations(rs []domain.Reservation) (db.ReservationInsertManyParams, error) {
	var p db.ReservationInsertManyParams
	p.ProductIds, p.Quantities = []uuid.UUID{}, []int32{}
	for _, made := range rs {
		r := made.Snapshot()
		shortages, err := toDBShortages(r.Shortages)
		if err != nil {
			return p, fmt.Errorf("shortages of order %s: %w", r.OrderID, err)
		}
		p.OrderIds = append(p.OrderIds, r.OrderID)
		p.States = append(p.States, int16(r.State))
		p.FirstLines = append(p.FirstLines, int32(len(p.ProductIds)+1))
		p.LastLines = append(p.LastLines, int32(len(p.ProductIds)+len(r.Lines)))
		p.Versions = append(p.Versions, r.Version)
		p.ExpireTimes = append(p.ExpireTimes, r.ExpireTime)
		p.Shortages = append(p.Shortages, shortages)
		for _, line := range r.Lines {
			p.ProductIds = append(p.ProductIds, line.ProductID)
			p.Quantities = append(p.Quantities, int32(line.Quantity))
		}
	}
	return p, nil
}

func fromDBMovement(row listedMovement) domain.Movement {
	movement := domain.Movement{
		ID: row.ID, ProductID: row.ProductID, ProductCode: row.ProductCode, Kind: domain.MovementKind(row.Kind),
		Delta: row.Delta, OnHandAfter: row.OnHandAfter, Reason: row.Reason, Actor: row.Actor, TraceID: row.TraceID,
		CreateTime: row.CreateTime,
	}
	if row.OrderID != nil {
		movement.OrderID = *row.OrderID
	}
	return movement
}

func toDBMovements(ms []domain.Movement) db.MovementInsertManyParams {
	var p db.MovementInsertManyParams
	for _, m := range ms {
		p.ProductIds = append(p.ProductIds, m.ProductID)
		p.Kinds = append(p.Kinds, int16(m.Kind))
		p.Deltas = append(p.Deltas, m.Delta)
		p.OnHandAfters = append(p.OnHandAfters, m.OnHandAfter)
		p.OrderIds = append(p.OrderIds, m.OrderID)
		p.Reasons = append(p.Reasons, m.Reason)
		p.Actors = append(p.Actors, m.Actor)
		p.TraceIds = append(p.TraceIds, m.TraceID)
	}
	return p
}
