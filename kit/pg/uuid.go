package pg

import (
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
)

// uuidCodec is pgx's codec with direct ways for uuid.UUID, which pgx would reach
// through reflection or text.
type uuidCodec struct{ pgtype.UUIDCodec }

func (c uuidCodec) PlanEncode(m *pgtype.Map, oid uint32, format int16, value any) pgtype.EncodePlan {
	if format == pgtype.BinaryFormatCode {
		switch value.(type) {
		case uuid.UUID:
			return encodeUUID{}
		case *uuid.UUID:
			return encodeUUIDPointer{}
		}
	}
	return c.UUIDCodec.PlanEncode(m, oid, format, value)
}

func (c uuidCodec) PlanScan(m *pgtype.Map, oid uint32, format int16, target any) pgtype.ScanPlan {
	if format == pgtype.BinaryFormatCode {
		switch target.(type) {
		case *uuid.UUID:
			return scanUUID{}
		case **uuid.UUID:
			return scanUUIDPointer{}
		}
	}
	return c.UUIDCodec.PlanScan(m, oid, format, target)
}

type encodeUUID struct{}

func (encodeUUID) Encode(value any, buf []byte) ([]byte, error) {
	id := value.(uuid.UUID)
	return append(buf, id[:]...), nil
}

type encodeUUIDPointer struct{}

func (encodeUUIDPointer) Encode(value any, buf []byte) ([]byte, error) {
	id := value.(*uuid.UUID)
	if id == nil {
		return nil, nil
	}
	return append(buf, id[:]...), nil
}

type scanUUID struct{}

func (scanUUID) Scan(src []byte, target any) error {
	if len(src) != len(uuid.UUID{}) {
		return fmt.Errorf("cannot scan %d bytes into a uuid.UUID (NULL needs a *uuid.UUID)", len(src))
	}
	copy(target.(*uuid.UUID)[:], src)
	return nil
}

type scanUUIDPointer struct{}

func (scanUUIDPointer) Scan(src []byte, target any) error {
	dst := target.(**uuid.UUID)
	if src == nil {
		*dst = nil
		return nil
	}
	id := new(uuid.UUID)
	if err := (scanUUID{}).Scan(src, id); err != nil {
		return err
	}
	*dst = id
	return nil
}

// uuidArrayCodec writes and reads []uuid.UUID in one pass.
type uuidArrayCodec struct{ *pgtype.ArrayCodec }

func (c uuidArrayCodec) PlanEncode(m *pgtype.Map, oid uint32, format int16, value any) pgtype.EncodePlan {
	if _, ok := value.([]uuid.UUID); ok && format == pgtype.BinaryFormatCode {
		return encodeUUIDs{}
	}
	return c.ArrayCodec.PlanEncode(m, oid, format, value)
}

func (c uuidArrayCodec) PlanScan(m *pgtype.Map, oid uint32, format int16, target any) pgtype.ScanPlan {
	if _, ok := target.(*[]uuid.UUID); ok && format == pgtype.BinaryFormatCode {
		return scanUUIDs{}
	}
	return c.ArrayCodec.PlanScan(m, oid, format, target)
}

type encodeUUIDs struct{}

// Encode writes PostgreSQL's binary array: dimensions, has-nulls, element type,
// and per dimension its length and lower bound, then each element with its length.
func (encodeUUIDs) Encode(value any, buf []byte) ([]byte, error) {
	ids := value.([]uuid.UUID)
	if ids == nil {
		return nil, nil
	}
	put := func(n uint32) { buf = binary.BigEndian.AppendUint32(buf, n) }
	if len(ids) == 0 {
		put(0)
		put(0)
		put(pgtype.UUIDOID)
		return buf, nil
	}
	put(1)
	put(0)
	put(pgtype.UUIDOID)
	put(uint32(len(ids)))
	put(1)
	for i := range ids {
		put(uint32(len(ids[i])))
		buf = append(buf, ids[i][:]...)
	}
	return buf, nil
}

type scanUUIDs struct{}

func (scanUUIDs) Scan(src []byte, target any) error {
	dst := target.(*[]uuid.UUID)
	if src == nil {
		*dst = nil
		return nil
	}
	const header, element = 12, 4 + 16
	if len(src) < header {
		return fmt.Errorf("uuid array of %d bytes is too short", len(src))
	}
	switch dims := binary.BigEndian.Uint32(src); {
	case dims == 0:
		*dst = []uuid.UUID{}
		return nil
	case dims != 1 || len(src) < header+8:
		return fmt.Errorf("uuid array has %d dimensions, 1 can be read", dims)
	}
	n := int(binary.BigEndian.Uint32(src[header:]))
	body := src[header+8:]
	if len(body) != n*element {
		return fmt.Errorf("uuid array holds NULL or other than %d elements", n)
	}
	ids := make([]uuid.UUID, n)
	for i := range ids {
		copy(ids[i][:], body[i*element+4:])
	}
	*dst = ids
	return nil
}
