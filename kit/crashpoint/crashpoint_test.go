package crashpoint_test

import (
	"testing"

	"github.com/shopmesh/shopmesh/kit/crashpoint"
)

func TestPointNamesItsParts(t *testing.T) {
	t.Parallel()
	p := crashpoint.PointOf("before produce", "order", "OrderPlaced")
	if p != "before produce · order · OrderPlaced" || p.Boundary() != "before produce" || p.Where() != "order" || p.What() != "OrderPlaced" {
		t.Errorf("%q is %q, %q, %q", p, p.Boundary(), p.Where(), p.What())
	}
	alone := crashpoint.PointOf("after 250", "mail", "")
	if alone != "after 250 · mail" || alone.Where() != "mail" || alone.What() != "" {
		t.Errorf("%q is %q, %q, %q", alone, alone.Boundary(), alone.Where(), alone.What())
	}
}

func TestStatementNamesOnlyWrites(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"-- name: OrderInsertMany :exec\ninsert into orders (id) values ($1)":                    "OrderInsertMany",
		"-- name: PaymentTakeDue :many\nwith due as (select 1 for update) update payments p set": "PaymentTakeDue",
		"-- name: PaymentLock :many\nselect * from payments where id = any($1) for update":       "",
		"-- name: PaymentLook :many\nselect * from payments for no key update skip locked":       "",
		"\n\tinsert into charges (id) values ($1) on conflict (id) do update set id = $1":        "insert charges",
		"delete from outbox where id = any($1)":                                                  "delete outbox",
		"UPDATE outbox_leader set released = true":                                               "update outbox_leader",
		"select id from outbox": "",
		"commit":                "",
	} {
		if got := crashpoint.Statement(sql); got != want {
			t.Errorf("%q is called %q, want %q", sql, got, want)
		}
	}
}
