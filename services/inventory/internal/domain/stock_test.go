package domain_test

import (
	"strings"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
)

func TestAdjustmentsNeverTakeWhatIsReservedNorExceedTheLedger(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	cases := []struct {
		name                    string
		onHand, reserved, delta int64
		reason                  fault.Reason
		after                   int64
	}{
		{"goods come in", 0, 0, 5, "", 5},
		{"all that is free goes", 7, 3, -4, "", 3},
		{"one more than is free", 7, 3, -5, domain.ReasonStockInsufficient, 0},
		{"from nothing", 0, 0, -1, domain.ReasonStockInsufficient, 0},
		{"up to the most", domain.MaxAdjusted - 1, 0, 1, "", domain.MaxAdjusted},
		{"beyond the most", domain.MaxAdjusted, 0, 1, domain.ReasonStockTooLarge, 0},
		{"taking from above the most", domain.MaxAdjusted + 5, 0, -1, "", domain.MaxAdjusted + 4},
		{"nothing", 5, 0, 0, fault.ReasonInvalidField, 0},
		{"a delta beyond its bound", 5, 0, domain.MaxDelta + 1, fault.ReasonInvalidField, 0},
		{"a negative delta beyond its bound", 5, 0, -domain.MaxDelta - 1, fault.ReasonInvalidField, 0},
	}
	for _, c := range cases {
		before := domain.RestoreStock(domain.StockSnapshot{ProductCode: "MUG", OnHand: c.onHand, Reserved: c.reserved, Version: 4})
		restored, movement, err := before.Adjust(c.delta, "counted", domain.Cause{Time: now, Actor: "staff", TraceID: "7"})
		after := restored.Snapshot()
		if fault.ReasonOf(err) != c.reason {
			t.Errorf("%s: %v, want reason %q", c.name, err, c.reason)
			continue
		}
		if err == nil && (after.OnHand != c.after || after.Reserved != c.reserved || after.Version != 5 || !after.UpdateTime.Equal(now)) {
			t.Errorf("%s: %+v", c.name, after)
		}
		want := domain.Movement{
			ProductCode: "MUG", Kind: domain.Adjustment, Delta: c.delta, OnHandAfter: c.after,
			Reason: "counted", Actor: "staff", TraceID: "7", CreateTime: now,
		}
		if err == nil && movement != want {
			t.Errorf("%s: the ledger has %+v, want %+v", c.name, movement, want)
		}
	}
}

func TestAnInsufficientStockNamesWhatMayBeTaken(t *testing.T) {
	t.Parallel()
	_, _, err := domain.RestoreStock(domain.StockSnapshot{ProductCode: "MUG", OnHand: 7, Reserved: 3}).Adjust(-6, "", domain.Cause{Time: time.Now()})
	f, ok := fault.Of(err)
	if !ok {
		t.Fatal(err)
	}
	for _, want := range []string{"MUG", "7 on hand", "3 are reserved", "at most 4"} {
		if !strings.Contains(f.Message(), want) {
			t.Errorf("message %q lacks %q", f.Message(), want)
		}
	}
	meta := f.Metadata()
	if meta["on_hand"] != "7" || meta["reserved"] != "3" || meta["available"] != "4" || meta["product_code"] != "MUG" {
		t.Errorf("metadata %v", meta)
	}
}

func TestCrossingMeansRunningOutOrComingBack(t *testing.T) {
	t.Parallel()
	at := func(onHand, reserved int64) domain.Stock {
		return domain.RestoreStock(domain.StockSnapshot{OnHand: onHand, Reserved: reserved})
	}
	cases := []struct {
		from, to domain.Stock
		want     bool
	}{
		{at(5, 4), at(5, 5), true}, {at(5, 5), at(5, 4), true}, {at(5, 0), at(4, 0), false}, {at(5, 5), at(4, 4), false},
	}
	for _, c := range cases {
		if c.from.Crosses(c.to) != c.want {
			t.Errorf("%+v to %+v: %v", c.from, c.to, !c.want)
		}
	}
}
