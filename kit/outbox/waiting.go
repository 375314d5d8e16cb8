package outbox

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/shopmesh/shopmesh/kit/pg"
)

// All has Waiting count every event, however long that takes.
const All int64 = math.MaxInt64

// Waiting counts the events in db's outbox, up to most, and returns when the oldest of
// those was written (zero when there is none). The bound keeps it cheap however long the
// outbox is, so that it can be called each second.
func Waiting(ctx context.Context, db pg.Querier, most int64) (count int64, oldest time.Time, err error) {
	var first *time.Time
	err = db.QueryRow(ctx, `select count(*), min(create_time) from (select create_time from outbox order by id limit $1) o`, most).
		Scan(&count, &first)
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("count the outbox: %w", err)
	}
	if first != nil {
		oldest = *first
	}
	return count, oldest, nil
}
