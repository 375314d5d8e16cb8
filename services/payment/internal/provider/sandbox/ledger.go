package sandbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/batch"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
)

// The statements are written here and not generated, because this database is no
// context's: it stands for a company elsewhere.

// entry is a charge that is to be written into the ledger.
type entry struct {
	id      string
	request provider.ChargeRequest
	status  provider.Status
	code    string
}

// recorded is what the ledger holds under an entry's key.
type recorded struct {
	charge provider.Charge
	// fresh reports that this very entry made the charge; a repetition finds it.
	fresh bool
}

func newEntry(request provider.ChargeRequest) entry {
	status, code := judge(request.Method)
	return entry{id: newID("ch_"), request: request, status: status, code: code}
}

const insertCharges = `
insert into charges (id, idempotency_key, payment_id, order_id, reference, amount, currency, method, outcome, code)
select unnest($1::text[]), unnest($2::text[]), unnest($3::uuid[]), unnest($4::uuid[]), unnest($5::text[]),
  unnest($6::bigint[]), unnest($7::text[]), unnest($8::text[]), unnest($9::smallint[]), unnest($10::text[])
on conflict (idempotency_key) do nothing`

const chargeColumns = `id, idempotency_key, payment_id, order_id, reference, amount, currency, method, outcome, code`

const chargesByKey = `select ` + chargeColumns + ` from charges where idempotency_key = any($1::text[])`

// enter writes many charges in one transaction of one round trip, and returns what
// the ledger then holds under each key.
func (s *Sandbox) enter(ctx context.Context, entries []entry) []batch.Result[recorded] {
	results := make([]batch.Result[recorded], len(entries))
	held, err := s.exchange(ctx, entries)
	for i, e := range entries {
		if err != nil {
			results[i].Err = err
			continue
		}
		results[i].Value, results[i].Err = e.match(held)
	}
	return results
}

// match finds the entry's charge among those held, which must be of the same request.
func (e entry) match(held map[string]entry) (recorded, error) {
	found, ok := held[e.request.Key]
	if !ok {
		return recorded{}, provider.ErrNotFound
	}
	if found.request != e.request {
		return recorded{}, fmt.Errorf("%w: %s", provider.ErrKeyReused, e.request.Key)
	}
	return recorded{
		charge: provider.Charge{ID: found.id, Status: found.status, Code: found.code},
		fresh:  found.id == e.id,
	}, nil
}

// exchange inserts what is new and reads all. A batch without begin is one
// transaction, which is committed before the answer arrives. Keys go in one order,
// so that two batches that meet wait for each other and don't lock up.
func (s *Sandbox) exchange(ctx context.Context, entries []entry) (map[string]entry, error) {
	sorted := slices.SortedFunc(slices.Values(entries), func(a, b entry) int { return strings.Compare(a.request.Key, b.request.Key) })
	n := len(sorted)
	ids, keys, references := make([]string, n), make([]string, n), make([]string, n)
	payments, orders := make([]uuid.UUID, n), make([]uuid.UUID, n)
	amounts, currencies, methods := make([]int64, n), make([]string, n), make([]string, n)
	outcomes, codes := make([]int16, n), make([]string, n)
	for i, e := range sorted {
		ids[i], keys[i], references[i] = e.id, e.request.Key, e.request.Reference
		payments[i], orders[i] = e.request.PaymentID, e.request.OrderID
		amounts[i], currencies[i], methods[i] = e.request.Amount.Amount, e.request.Amount.Currency, e.request.Method
		outcomes[i], codes[i] = int16(e.status), e.code
	}
	var b pgx.Batch
	b.Queue(insertCharges, ids, keys, payments, orders, references, amounts, currencies, methods, outcomes, codes)
	b.Queue(chargesByKey, keys)
	results := s.pool.Hot().SendBatch(ctx, &b)
	held, err := readCharges(results, n)
	if cerr := results.Close(); err == nil {
		err = cerr
	}
	return held, err
}

func readCharges(results pgx.BatchResults, n int) (map[string]entry, error) {
	if _, err := results.Exec(); err != nil {
		return nil, err
	}
	rows, err := results.Query()
	if err != nil {
		return nil, err
	}
	held := make(map[string]entry, n)
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			rows.Close()
			return nil, err
		}
		held[e.request.Key] = e
	}
	return held, rows.Err()
}

func scanEntry(row pgx.Row) (entry, error) {
	var e entry
	err := row.Scan(&e.id, &e.request.Key, &e.request.PaymentID, &e.request.OrderID, &e.request.Reference,
		&e.request.Amount.Amount, &e.request.Amount.Currency, &e.request.Method, &e.status, &e.code)
	return e, err
}

// byKey reads what is recorded for an entry; ErrNotFound when nothing is.
func (s *Sandbox) byKey(ctx context.Context, e entry) (provider.Charge, error) {
	rows, err := s.pool.Query(ctx, chargesByKey, []string{e.request.Key})
	if err != nil {
		return provider.Charge{}, fmt.Errorf("sandbox: charge: %w", err)
	}
	found, err := pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (entry, error) { return scanEntry(row) })
	if pg.IsNoRows(err) {
		return provider.Charge{}, provider.ErrNotFound
	}
	if err != nil {
		return provider.Charge{}, fmt.Errorf("sandbox: charge: %w", err)
	}
	match, err := e.match(map[string]entry{e.request.Key: found})
	return match.charge, err
}

// giveBack writes a refund under its charge's row lock, or finds the one that the
// key made before. It also returns the charge's method, and whether it is fresh.
func (s *Sandbox) giveBack(ctx context.Context, request provider.RefundRequest) (refund provider.Refund, fresh bool, method string, err error) {
	err = s.pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		charge, err := lockCharge(ctx, tx, request.ChargeID)
		if err != nil {
			return err
		}
		method = charge.request.Method
		var given int64
		refund, given, err = readRefunds(ctx, tx, request)
		if err != nil || refund.ID != "" {
			return err
		}
		fresh = true
		refund = provider.Refund{ID: newID("re_"), Status: provider.Succeeded}
		if refund.Code = refuse(charge, request, given); refund.Code != "" {
			refund.Status = provider.Declined
		}
		_, err = tx.Exec(ctx, `insert into refunds (id, idempotency_key, charge_id, refund_id, amount, currency, outcome, code)
			values ($1, $2, $3, $4, $5, $6, $7, $8)`,
			refund.ID, request.Key, request.ChargeID, request.RefundID, request.Amount.Amount, request.Amount.Currency,
			int16(refund.Status), refund.Code)
		return err
	})
	return refund, fresh, method, err
}

// refuse returns the code with which a refund is declined; empty when it is not.
func refuse(charge entry, request provider.RefundRequest, given int64) string {
	switch {
	case charge.id == "":
		return codeChargeNotFound
	case charge.status != provider.Succeeded:
		return codeChargeDeclined
	case charge.request.Amount.Currency != request.Amount.Currency:
		return codeWrongCurrency
	case request.Amount.Amount > charge.request.Amount.Amount-given:
		return codeRefundTooLarge
	}
	return ""
}

// lockCharge locks the charge's row; the zero entry when there is none.
func lockCharge(ctx context.Context, tx *pg.Tx, id string) (entry, error) {
	e, err := scanEntry(tx.QueryRow(ctx, `select `+chargeColumns+` from charges where id = $1 for update`, id))
	if errors.Is(err, pgx.ErrNoRows) {
		return entry{}, nil
	}
	return e, err
}

// readRefunds returns the refund that the request's key made before, and how much
// of the charge was given back. It runs after the lock, so that it sees them all.
func readRefunds(ctx context.Context, tx *pg.Tx, request provider.RefundRequest) (same provider.Refund, given int64, err error) {
	rows, err := tx.Query(ctx, `select id, idempotency_key, charge_id, amount, currency, outcome, code from refunds
		where charge_id = $1 or idempotency_key = $2`, request.ChargeID, request.Key)
	if err != nil {
		return same, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var r provider.Refund
		other := provider.RefundRequest{RefundID: request.RefundID}
		if err := rows.Scan(&r.ID, &other.Key, &other.ChargeID, &other.Amount.Amount, &other.Amount.Currency, &r.Status, &r.Code); err != nil {
			return same, 0, err
		}
		if r.Status == provider.Succeeded && other.ChargeID == request.ChargeID {
			given += other.Amount.Amount
		}
		if other.Key != request.Key {
			continue
		}
		if other != request {
			return same, 0, fmt.Errorf("%w: %s", provider.ErrKeyReused, request.Key)
		}
		same = r
	}
	return same, given, rows.Err()
}
