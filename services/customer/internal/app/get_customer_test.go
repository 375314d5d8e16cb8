package app_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
)

// Another customer costs the database no more than one that is not there: nothing of either is
// read or locked, so that the time shows nothing about them.
func TestAnotherCustomerCostsWhatAMissingOneCosts(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	s.put(t, "kept", 1, s.now, false)
	var id uuid.UUID
	if err := s.pool.QueryRow(t.Context(), `select id from customers`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	for name, call := range map[string]func(context.Context, uuid.UUID) error{
		"GetCustomer": func(ctx context.Context, id uuid.UUID) error { _, err := s.customers.GetCustomer(ctx, id); return err },
		"ExportCustomer": func(ctx context.Context, id uuid.UUID) error {
			_, _, err := s.customers.ExportCustomer(ctx, id)
			return err
		},
		"UpdateCustomer": func(ctx context.Context, id uuid.UUID) error {
			_, err := s.customers.UpdateCustomer(ctx, id, "", domain.CustomerChange{})
			return err
		},
		"EraseCustomer": func(ctx context.Context, id uuid.UUID) error {
			_, err := s.customers.EraseCustomer(ctx, id, true)
			return err
		},
		"DeleteAddress": func(ctx context.Context, id uuid.UUID) error { return s.customers.DeleteAddress(ctx, id, uuid.New()) },
	} {
		look := func(id uuid.UUID) string {
			s.statements.Begin()
			err := call(authz.WithCaller(t.Context(), testkit.Customer(uuid.NewString())), id)
			if fault.ReasonOf(err) != domain.ReasonCustomerNotFound {
				t.Errorf("%s: %v", name, err)
			}
			return s.statements.End()
		}
		if anothers, missing := look(id), look(uuid.New()); anothers != missing || strings.Contains(anothers, "Customer") {
			t.Errorf("%s: another customer takes\n%s\nand a missing one\n%s", name, anothers, missing)
		}
	}
	s.statements.Begin()
	if _, err := s.customers.GetCustomer(authz.WithCaller(t.Context(), testkit.Customer(id.String())), id); err != nil {
		t.Error(err)
	}
	if own := s.statements.End(); !strings.Contains(own, "Customer") {
		t.Errorf("of themselves the statements are %q", own)
	}
}
