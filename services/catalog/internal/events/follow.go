package events

import (
	"context"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kgo"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/services/catalog/internal/app"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
)

// Follow keeps a replica's cache right: it receives, for itself, the changes of products
// that were made through other replicas, and the levels that the consumers of the group
// have not committed yet.
func Follow(cfg kafka.Config, group string, cache *app.Cache, log *slog.Logger) kafka.Follower {
	return kafka.Follower{
		Kafka:  cfg,
		Topics: map[string]string{ProductTopic: "", StockTopic: group},
		Begin:  cache.Clear,
		Proven: cache.Proven,
		Handle: func(ctx context.Context, records []*kgo.Record) {
			var levels []domain.Level
			for _, record := range records {
				event, err := consumer.Parse(record)
				if err == nil && record.Topic == ProductTopic {
					err = changed(event, cache)
				} else if err == nil && event.Type == stockLevelChanged {
					var received domain.Level
					if received, err = level(event); err == nil {
						levels = append(levels, received)
					}
				}
				if err != nil {
					// The group's consumer makes it a dead letter and logs that.
					log.DebugContext(ctx, "an event that can't be read was skipped", "topic", record.Topic, "error", err.Error())
				}
			}
			cache.Received(levels)
		},
	}
}

func changed(event consumer.Event, cache *app.Cache) error {
	var change catalogv1.ProductChanged
	if err := consumer.Decode(event, &change); err != nil {
		return err
	}
	cache.Changed(event.Key, change.GetProduct().GetCode(), change.GetVersion())
	return nil
}
