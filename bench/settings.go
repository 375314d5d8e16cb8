package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1/configv1connect"
	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// settingsChanges is how many changes of settings are timed.
const settingsChanges = 20

// settings measures how long after the answer to a change another context reports that it
// applies it. The aim is two seconds.
func (b *bench) settings(ctx context.Context) error {
	settings := configv1connect.NewConfigServiceClient(newClient(b.shop.api, b.shop.token))
	operations := operationsv1connect.NewOperationsServiceClient(newClient(b.shop.internal, b.shop.token))
	var took []time.Duration
	for i := range settingsChanges {
		res, err := settings.UpdateSettings(ctx, &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
			Context: "order", Value: &configv1.Settings_Order{Order: &orderv1.Settings{MaxUnpaidOrders: new(int32(10 + i%2))}},
		}})
		if err != nil {
			return fmt.Errorf("UpdateSettings: %w", err)
		}
		begin, applied := time.Now(), false
		for !applied {
			if time.Since(begin) > time.Minute {
				return errors.New("order does not apply its settings after a minute")
			}
			status, err := operations.GetStatus(ctx, &operationsv1.GetStatusRequest{Context: "order"})
			if err != nil {
				return fmt.Errorf("GetStatus: %w", err)
			}
			for _, c := range status.GetContexts() {
				applied = applied || c.GetSettingsVersion() >= res.GetSettings().GetVersion()
			}
		}
		took = append(took, time.Since(begin))
	}
	fmt.Printf("changed settings are in force after p50 %.0f ms, at most %.0f ms (%d changes)\n\n", percentile(took, 0.5), percentile(took, 1), settingsChanges)
	return nil
}
