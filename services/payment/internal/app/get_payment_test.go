package app_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/payment/internal/app"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
)

// Another's payment costs the database no more than one that is not there: the statements, and
// with them the time, show nothing about it.
func TestAnothersPaymentCostsWhatAMissingOneCosts(t *testing.T) {
	t.Parallel()
	o := newHarness(t, domain.Settings{ProviderTimeout: time.Second})
	id := o.placeOrders(o.idle(&scripted{}), 1)[0]
	look := func(caller authz.Identity, id uuid.UUID) (string, error) {
		o.statements.Begin()
		_, err := app.Payments{Deps: o.deps}.GetPayment(authz.WithCaller(t.Context(), caller), id)
		return o.statements.End(), err
	}
	somebody := testkit.Customer(uuid.NewString())
	anothers, err := look(somebody, id)
	if fault.ReasonOf(err) != domain.ReasonPaymentNotFound {
		t.Errorf("another's: %v", err)
	}
	missing, err := look(somebody, uuid.New())
	if fault.ReasonOf(err) != domain.ReasonPaymentNotFound {
		t.Errorf("a missing one: %v", err)
	}
	if anothers != missing || anothers == "" {
		t.Errorf("another's payment takes\n%s\nand a missing one\n%s", anothers, missing)
	}
	if read, err := look(testkit.Staff(optionsv1.Permission_PERMISSION_PAYMENTS_READ), id); err != nil || read == missing {
		t.Errorf("who may read it takes %s (%v)", read, err)
	}
}
