package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// exportedAtOnce is how many orders Export reads, and sends, at once.
const exportedAtOnce = 200

// Export sends all orders that fit a filter, without lines, refunds and history. It reads them
// page by page, so that no transaction is open while a client reads; send is called at least
// once, also where no order fits. Errors: FILTER_INVALID, those of send and of ctx.
func (s *Orders) Export(ctx context.Context, filter, orderBy string, send func([]*domain.Order) error) error {
	// What is overdue is so for all pages at one time.
	schema := store.OrderSchema(s.Now().Add(-s.Settings.Now().HandlingTime))
	request := page.Request{Size: exportedAtOnce, Filter: filter, OrderBy: orderBy}
	for {
		query, err := schema.Parse(request)
		if err != nil {
			return err
		}
		found, err := store.On(s.Pool).ListOrdersAlone(ctx, query)
		if err != nil {
			return err
		}
		if err := send(found.Items); err != nil {
			return err
		}
		if request.Token = found.Next; request.Token == "" {
			return nil
		}
	}
}
