//go:build typescript

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"os/exec"
	"testing"

	"github.com/shopmesh/shopmesh/kit/testkit"
)

// What a web engineer writes against the generated TypeScript (e2e/ts/order.ts)
// orders from the shop as it is: products, a price, an order, its stream of states.
func TestTypeScriptClient(t *testing.T) {
	t.Parallel()
	s := up(t)
	mug := s.sell(euros(16, 50), 10)
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	const email = "ada@typescript.example"
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, "node", "ts/dist/order.js", s.api["order"], email)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("node ts/dist/order.js, which `make test-ts` builds: %v\n%s", err, errs.String())
	}
	var ordered struct{ Number, Product, State string }
	if err := json.Unmarshal(out.Bytes(), &ordered); err != nil {
		t.Fatalf("it printed %q: %v", out.String(), err)
	}
	if ordered.Product != mug.GetCode() || ordered.State != "CONFIRMED" {
		t.Errorf("it ordered %+v, want 2 of %s, confirmed", ordered, mug.GetCode())
	}
	if mail := s.oneMail(email); mail.Subject != "Order "+ordered.Number+" confirmed" {
		t.Errorf("the mail's subject is %q", mail.Subject)
	}
	if got := s.stockOf(mug.GetCode()); got.GetAvailable() != 8 {
		t.Errorf("%d are left, want 8", got.GetAvailable())
	}
	s.mustAudit()
}
