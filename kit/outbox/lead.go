package outbox

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/shopmesh/shopmesh/kit/kafka"
)

// lockKey is the session advisory lock of a database's relay: "outbox" in ASCII.
// Advisory locks are per database, so every context has its own.
const lockKey int64 = 0x6f7574626f78

// takingOver is logged by a relay that follows one which did not step down.
const takingOver = "waiting until no event of the relay that led before can arrive"

// takeLead waits for the lock, and then until no record of the previous leader can arrive
// at the broker any more. It polls the lock: a statement that waits inside PostgreSQL
// holds a snapshot, which would keep every vacuum from cleaning up.
func (r *Relay) takeLead(ctx context.Context, conn *pgx.Conn) error {
	// A relay that leads or polls sends a statement every few seconds at least. A session
	// without statements has lost its client, and without this time-out would keep the
	// lock until the server notices.
	if err := exchange(ctx, conn, nil, `set idle_session_timeout = '30s'`); err != nil {
		return fmt.Errorf("take the relay's lock: %w", err)
	}
	for {
		var held bool
		if err := exchange(ctx, conn, &held, `select pg_try_advisory_lock($1)`, lockKey); err != nil {
			return fmt.Errorf("take the relay's lock: %w", err)
		}
		if held {
			break
		}
		// The database answers. Whether it takes writes is the leader's to report.
		r.noDatabase.Over(ctx)
		r.pause(ctx, 500*time.Millisecond)
	}
	// A relay that lost its connection has the outcome of its records before it comes back:
	// it need not wait for itself.
	var alone bool
	err := exchange(ctx, conn, &alone, `
		with before as (select released or holder = $1 as alone from outbox_leader where one)
		insert into outbox_leader (one, holder, released) values (true, $1, false)
		on conflict (one) do update set holder = excluded.holder, released = false
		returning coalesce((select alone from before), true)`, r.holder)
	if err != nil {
		return fmt.Errorf("take the relay's place: %w", err)
	}
	if !alone && !r.cfg.SoleWriter {
		wait := kafka.DeliveryBound + deliveryMargin
		r.log.InfoContext(ctx, takingOver, "wait", wait)
		r.pause(ctx, wait)
	}
	// From here on the session deletes what was published, and releases the lead at its
	// end. Neither has to survive a crash of the server, so the session does not wait for
	// the disk: an event whose delete is lost is published again and ignored by
	// consumers, and a lead that was not released costs the next leader a wait.
	if err := exchange(ctx, conn, nil, `set synchronous_commit = off`); err != nil {
		return fmt.Errorf("take the relay's place: %w", err)
	}
	return ctx.Err()
}

// exchange runs one statement on the way to the lead; its one answer goes to answer, nil
// for a statement without one.
func exchange(ctx context.Context, conn *pgx.Conn, answer *bool, sql string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, exchangeBound)
	defer cancel()
	if answer == nil {
		_, err := conn.Exec(ctx, sql, args...)
		return err
	}
	return conn.QueryRow(ctx, sql, args...).Scan(answer)
}

// stepDown deletes what was published last and records for the next leader that nothing
// is under way.
func (r *Relay) stepDown(ctx context.Context, s *session) error {
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	b := &pgx.Batch{}
	b.Queue(deletePublished, s.done)
	b.Queue(`update outbox_leader set released = true where one and holder = $1`, r.holder)
	if err := s.conn.SendBatch(end, b).Close(); err != nil {
		return fmt.Errorf("step down: %w", err)
	}
	return nil
}

// exchangeBound is long enough for any exchange of a database that works. A
// connection that hangs longer is given up.
const exchangeBound = 30 * time.Second

const (
	deletePublished = `delete from outbox where id = any($1::bigint[])`
	selectNext      = `select id, topic, key, version, type, source, payload, traceparent, create_time
		from outbox where not (key = any($1::uuid[])) order by id limit $2`
)

// session is the leader's view of the table.
type session struct {
	conn *pgx.Conn
	done []int64 // published, not deleted yet
}

// exchange deletes what is done and reads what is next, leaving out stopped keys.
func (s *session) exchange(ctx context.Context, stopped []uuid.UUID, limit int) ([]row, error) {
	ctx, cancel := finishing(ctx, exchangeBound)
	defer cancel()
	b := &pgx.Batch{}
	if len(s.done) > 0 {
		b.Queue(deletePublished, s.done)
	}
	b.Queue(selectNext, stopped, limit)
	res := s.conn.SendBatch(ctx, b)
	defer func() { _ = res.Close() }()
	if len(s.done) > 0 {
		if _, err := res.Exec(); err != nil {
			return nil, fmt.Errorf("delete published events: %w", err)
		}
	}
	rows, err := res.Query()
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	events, err := pgx.CollectRows(rows, scanRow)
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	s.done = s.done[:0]
	return events, res.Close()
}

// forget deletes what was published without more ado; the rest is published again.
func (s *session) forget(ctx context.Context) error {
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	_, err := s.conn.Exec(end, deletePublished, s.done)
	return err
}

// row is one line of the table.
type row struct {
	id          int64
	topic       string
	key         uuid.UUID
	version     int64
	eventType   string
	source      string
	payload     []byte
	traceparent string
	createTime  time.Time
}

func scanRow(from pgx.CollectableRow) (row, error) {
	var e row
	err := from.Scan(&e.id, &e.topic, &e.key, &e.version, &e.eventType, &e.source, &e.payload, &e.traceparent, &e.createTime)
	return e, err
}

// eventID is the CloudEvents id: the same when the event is republished.
func (e *row) eventID() string {
	return fmt.Sprintf("%s/%d/%s", e.key, e.version, e.eventType)
}

// size is a little more than what the record takes on the wire.
func (e *row) size() int {
	const headers = 400
	return len(e.payload) + 2*len(e.eventType) + len(e.source) + headers
}

// record is the event in CloudEvents' Kafka binding, binary mode.
func (e *row) record() *kgo.Record {
	key := e.key.String()
	headers := []kgo.RecordHeader{
		{Key: "ce_specversion", Value: []byte("1.0")},
		{Key: "ce_id", Value: []byte(e.eventID())},
		{Key: "ce_source", Value: []byte(e.source)},
		{Key: "ce_type", Value: []byte(e.eventType)},
		{Key: "ce_subject", Value: []byte(key)},
		{Key: "ce_time", Value: []byte(e.createTime.UTC().Format(time.RFC3339Nano))},
		{Key: "ce_aggregateversion", Value: fmt.Append(nil, e.version)},
		{Key: "content-type", Value: []byte("application/protobuf")},
	}
	if e.traceparent != "" {
		headers = append(headers, kgo.RecordHeader{Key: "traceparent", Value: []byte(e.traceparent)})
	}
	return &kgo.Record{Topic: e.topic, Key: []byte(key), Value: e.payload, Headers: headers}
}
