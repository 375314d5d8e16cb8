package app

import (
	"container/list"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store"
)

const (
	// maxAge is how long a product is kept without being read again, whatever events
	// arrive: it bounds what no event reports, such as a row changed by hand.
	maxAge = time.Minute
	// unprovenAge is how long a product is kept while events of changes elsewhere may be
	// missing.
	unprovenAge = 2 * time.Second
	// proofAge is how long a proof holds that every event was received.
	proofAge = 3 * time.Second
	// maxNotes bounds what is remembered for reads that are under way.
	maxNotes = 10_000
)

// CacheLimits bound what a Cache holds.
type CacheLimits struct {
	// Entries is how many products it holds at most.
	Entries int
	// Bytes is what they may take, as the cache estimates it.
	Bytes int64
}

// Cache holds products that were read recently. What it answers is never older than a
// change that was made through this process, or whose event was received before the
// call (Changed, Received).
//
// A change of a product only drops it, to be read from the database, which has the
// change before the event is published. A level is taken from its event: the replica
// that applies it may do so after we received it. So a level stays known though the
// product is not, and a newer one replaces what is read.
//
// A read that is under way while an event of its product arrives is answered but not
// kept, and calls that begin later don't join it.
type Cache struct {
	now    func() time.Time
	limits CacheLimits
	// alone reports that every change is made through this process.
	alone bool

	mu      sync.Mutex
	byID    map[uuid.UUID]*entry
	byCode  map[string]*entry
	recent  list.List // of *entry, the last used first
	bytes   int64
	proven  time.Time
	flights map[key]*flight
	// reads is how many reads are under way, notes what arrived meanwhile, and first the
	// number of the first note, counted from the cache's beginning.
	reads int
	notes []note
	first int
	stats CacheStats
}

// CacheStats count what the cache did.
type CacheStats struct {
	// Hits were answered from memory, Misses read the database, and Shared waited for
	// another call's read.
	Hits, Misses, Shared int64
	// Evictions made room for others.
	Evictions int64
	// Entries and Bytes are held now.
	Entries, Bytes int64
	// Proven is 1 while the event of every change is known to be received, else 0.
	Proven int64
}

// key names a product by its id or by its code.
type key struct {
	id   uuid.UUID
	code string
}

// entry is what is known of a product.
type entry struct {
	id      uuid.UUID
	element *list.Element
	size    int64
	// listing is the product, when it is there: since readAt.
	listing domain.Listing
	there   bool
	readAt  time.Time
	// level is the newest that is known: since levelAt. noLevel is no level's version.
	level   domain.Level
	levelAt time.Time
}

// noLevel is the version of a level that is not there; those that are have 0 or more.
const noLevel int64 = -1

// stored is a product as the database has it; its LevelVersion is noLevel when no
// level is known.
type stored = store.Stored

// note is what arrived about a product while reads were under way: its change, its
// level, or that something unknown happened to it.
type note struct {
	id      uuid.UUID
	changed int64 // the product's version; 0 for none
	level   domain.Level
	forget  bool
}

// NewCache returns an empty cache. Alone means that this process makes every change
// of the catalog's database; else Proven must be called again and again.
func NewCache(limits CacheLimits, alone bool, now func() time.Time) *Cache {
	return &Cache{
		now: now, limits: limits, alone: alone,
		byID: map[uuid.UUID]*entry{}, byCode: map[string]*entry{}, flights: map[key]*flight{},
	}
}

// Changed drops what is older than a version of a product that was committed.
func (c *Cache) Changed(id uuid.UUID, code string, version int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed(id, code, version)
}

// seen is Changed for products that the database was seen to hold.
func (c *Cache) seen(listings []domain.Listing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range listings {
		c.changed(listings[i].ID, listings[i].Code, listings[i].Version)
	}
}

func (c *Cache) changed(id uuid.UUID, code string, version int64) {
	c.detach(id, code)
	c.remember(note{id: id, changed: version, level: domain.Level{Version: noLevel}})
	if e := c.byID[id]; e != nil && e.there && e.listing.Version < version {
		c.dropListing(e)
	}
}

// Forget drops a product of which it is not known whether it changed, as when the
// connection broke in a commit.
func (c *Cache) Forget(id uuid.UUID, code string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.detach(id, code)
	c.remember(note{id: id, forget: true, level: domain.Level{Version: noLevel}})
	if e := c.byID[id]; e != nil && e.there {
		c.dropListing(e)
	}
}

// Applied notes levels that the database holds.
func (c *Cache) Applied(levels []domain.Level) { c.note(levels, false) }

// Received notes levels whose events were received, which the database may hold later.
func (c *Cache) Received(levels []domain.Level) { c.note(levels, true) }

func (c *Cache) note(levels []domain.Level, ahead bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	for _, level := range levels {
		c.remember(note{id: level.ProductID, level: level})
		e := c.byID[level.ProductID]
		if e == nil && ahead {
			e = c.add(level.ProductID)
		}
		if e != nil && e.level.Version < level.Version {
			e.level, e.levelAt = level, now
		}
	}
	c.evict()
}

// Clear drops everything, as when events may have been missed.
func (c *Cache) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byID, c.byCode, c.bytes = map[uuid.UUID]*entry{}, map[string]*entry{}, 0
	c.recent.Init()
	c.proven = time.Time{}
	c.flights = map[key]*flight{}
	// Reads that are under way are answered and not kept.
	c.first += len(c.notes) + 1
	c.notes = nil
}

// Proven notes that every event was received that had been published at a time.
func (c *Cache) Proven(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at.After(c.proven) {
		c.proven = at
	}
}

// Stats returns what the cache did so far.
func (c *Cache) Stats() CacheStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	stats := c.stats
	stats.Entries, stats.Bytes = int64(len(c.byID)), c.bytes
	if c.current(c.now()) {
		stats.Proven = 1
	}
	return stats
}

// lookup returns a product that is there and young enough. It is called under mu.
func (c *Cache) lookup(k key) (domain.Listing, bool) {
	e := c.byID[k.id]
	if k.code != "" {
		e = c.byCode[k.code]
	}
	if e == nil || !e.there {
		return domain.Listing{}, false
	}
	now := c.now()
	age, bound := now.Sub(e.readAt), maxAge
	if !c.current(now) {
		bound = unprovenAge
	}
	if age > bound || age < 0 {
		return domain.Listing{}, false
	}
	c.recent.MoveToFront(e.element)
	listing := e.listing
	listing.Available = e.level.Available
	return listing, true
}

// current reports whether every change is known here, but for events on their way.
func (c *Cache) current(now time.Time) bool { return c.alone || now.Sub(c.proven) <= proofAge }

// begin marks the beginning of a read; it is called under mu, and finish ends it.
func (c *Cache) begin() (mark int) {
	c.reads++
	return c.first + len(c.notes)
}

// finish ends a read: it raises the levels of what was read to what is known by
// now, and keeps the products, apart from those that were overtaken meanwhile. It
// is called under mu.
func (c *Cache) finish(mark int, read []stored) {
	defer func() {
		if c.reads--; c.reads == 0 {
			c.first += len(c.notes)
			c.notes = c.notes[:0]
		}
	}()
	now := c.now()
	whole := mark >= c.first // all that arrived meanwhile is remembered
	for i := range read {
		row := &read[i]
		keep := whole
		level := domain.Level{ProductID: row.ID, Available: row.Available, Version: row.LevelVersion}
		levelAt := now
		if e := c.byID[row.ID]; e != nil && e.level.Version > level.Version && now.Sub(e.levelAt) <= maxAge {
			level, levelAt = e.level, e.levelAt
		}
		if whole {
			for _, n := range c.notes[mark-c.first:] {
				if n.id != row.ID {
					continue
				}
				keep = keep && !n.forget && n.changed <= row.Version
				if n.level.Version > level.Version {
					level, levelAt = n.level, now
				}
			}
		}
		row.Available, row.LevelVersion = level.Available, level.Version
		if keep {
			c.keep(row.Listing, level, now, levelAt)
		}
	}
	c.evict()
}

// keep stores a product, unless what is there is newer.
func (c *Cache) keep(listing domain.Listing, level domain.Level, now, levelAt time.Time) {
	e := c.byID[listing.ID]
	if e == nil {
		e = c.add(listing.ID)
	}
	if e.there && e.listing.Version > listing.Version && now.Sub(e.readAt) <= maxAge {
		return
	}
	e.listing, e.there, e.readAt = listing, true, now
	e.level, e.levelAt = level, levelAt
	c.byCode[listing.Code] = e
	c.recent.MoveToFront(e.element)
	c.resize(e)
}

func (c *Cache) add(id uuid.UUID) *entry {
	e := &entry{id: id, level: domain.Level{ProductID: id, Version: noLevel}}
	e.element = c.recent.PushFront(e)
	c.byID[id] = e
	c.resize(e)
	return e
}

func (c *Cache) resize(e *entry) {
	size := sizeOf(e)
	c.bytes += size - e.size
	e.size = size
}

func (c *Cache) dropListing(e *entry) {
	delete(c.byCode, e.listing.Code)
	e.listing, e.there = domain.Listing{}, false
	c.resize(e)
}

// evict makes room: what was not used for longest goes first.
func (c *Cache) evict() {
	for len(c.byID) > c.limits.Entries || c.bytes > c.limits.Bytes {
		last := c.recent.Back()
		if last == nil {
			return
		}
		e := last.Value.(*entry)
		if e.there {
			c.dropListing(e)
		}
		c.recent.Remove(last)
		delete(c.byID, e.id)
		c.bytes -= e.size
		c.stats.Evictions++
	}
}

// remember keeps what arrived for the reads that are under way. Of too much it keeps
// nothing: those reads are then answered and not kept.
func (c *Cache) remember(n note) {
	if c.reads == 0 {
		return
	}
	if len(c.notes) == maxNotes {
		c.first += len(c.notes) + 1
		c.notes = c.notes[:0]
	}
	c.notes = append(c.notes, n)
}

// sizeOf estimates what an entry takes in memory, with its places in both maps and
// in the list.
func sizeOf(e *entry) int64 {
	const place, text = 640, 16
	size := place + len(e.listing.Code) + len(e.listing.Name) + len(e.listing.Description)
	for name, value := range e.listing.Attributes {
		size += 5*text + len(name) + len(value)
	}
	for _, image := range e.listing.Images {
		size += 3*text + len(image.URL) + len(image.AltText)
	}
	return int64(size)
}
