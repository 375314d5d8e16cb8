package app

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
)

// flight is a read that others wait for.
type flight struct {
	done    chan struct{} // closed when the rest is set
	listing domain.Listing
	err     error
}

// get returns a product, by read when it is not there. Calls that miss the same one
// at the same time share a read. Errors: read's, which are not kept.
func (c *Cache) get(ctx context.Context, k key, read func(context.Context) (stored, error)) (domain.Listing, error) {
	for {
		c.mu.Lock()
		if listing, ok := c.lookup(k); ok {
			c.stats.Hits++
			c.mu.Unlock()
			return listing, nil
		}
		f := c.flights[k]
		if f == nil {
			return c.lead(ctx, k, read)
		}
		c.stats.Shared++
		c.mu.Unlock()
		select {
		case <-ctx.Done():
			return domain.Listing{}, ctx.Err()
		case <-f.done:
		}
		// The one who read for us may have run out of its own time.
		if errors.Is(f.err, context.Canceled) || errors.Is(f.err, context.DeadlineExceeded) {
			if ctx.Err() != nil {
				return domain.Listing{}, ctx.Err()
			}
			continue
		}
		return f.listing, f.err
	}
}

// lead reads for all who miss the same product. It is called under mu and leaves it.
func (c *Cache) lead(ctx context.Context, k key, read func(context.Context) (stored, error)) (listing domain.Listing, err error) {
	f := &flight{done: make(chan struct{}), err: errors.New("the read of a product panicked")}
	c.flights[k] = f
	c.stats.Misses++
	mark := c.begin()
	c.mu.Unlock()
	var rows []stored
	defer func() {
		c.mu.Lock()
		c.finish(mark, rows)
		if c.flights[k] == f {
			delete(c.flights, k)
		}
		c.mu.Unlock()
		if f.err == nil {
			listing = rows[0].Listing
		}
		f.listing = listing
		close(f.done)
	}()
	row, err := read(ctx)
	if f.err = err; err == nil {
		rows = []stored{row}
	}
	return domain.Listing{}, err
}

// getMany returns the products of ids and codes that are there, each once, by code.
// Those that are not kept are read together. Errors: read's.
func (c *Cache) getMany(ctx context.Context, ids []uuid.UUID, codes []string,
	read func(ctx context.Context, ids []uuid.UUID, codes []string) ([]stored, error),
) ([]domain.Listing, error) {
	found := make([]domain.Listing, 0, len(ids)+len(codes))
	var missedIDs []uuid.UUID
	var missedCodes []string
	c.mu.Lock()
	for _, id := range ids {
		if listing, ok := c.lookup(key{id: id}); ok {
			found = append(found, listing)
		} else {
			missedIDs = append(missedIDs, id)
		}
	}
	for _, code := range codes {
		if listing, ok := c.lookup(key{code: code}); ok {
			found = append(found, listing)
		} else {
			missedCodes = append(missedCodes, code)
		}
	}
	missed := len(missedIDs) + len(missedCodes)
	c.stats.Hits += int64(len(found))
	c.stats.Misses += int64(missed)
	if missed == 0 {
		c.mu.Unlock()
		return eachOnce(found), nil
	}
	mark := c.begin()
	c.mu.Unlock()
	rows, err := c.readMany(ctx, mark, missedIDs, missedCodes, read)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		found = append(found, row.Listing)
	}
	return eachOnce(found), nil
}

// readMany reads what is not there, and keeps it. It ends the read that mark began.
func (c *Cache) readMany(ctx context.Context, mark int, ids []uuid.UUID, codes []string,
	read func(ctx context.Context, ids []uuid.UUID, codes []string) ([]stored, error),
) (rows []stored, err error) {
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.finish(mark, rows)
	}()
	return read(ctx, ids, codes)
}

// eachOnce sorts products by code, and leaves each once.
func eachOnce(listings []domain.Listing) []domain.Listing {
	slices.SortFunc(listings, func(a, b domain.Listing) int { return strings.Compare(a.Code, b.Code) })
	return slices.CompactFunc(listings, func(a, b domain.Listing) bool { return a.ID == b.ID })
}

// detach keeps calls that begin from now on from joining a read of the product that is
// under way: it may have read the row as it was before. It is called under mu.
func (c *Cache) detach(id uuid.UUID, code string) {
	delete(c.flights, key{id: id})
	delete(c.flights, key{code: code})
}
