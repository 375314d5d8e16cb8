package inbox

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"
)

// A record of the log is a head of four little-endian uint32 (envelope's length, message's
// length, checksum of both lengths and the envelope, checksum of the message), the envelope in
// JSON, and the message as it came. The envelope has a checksum of its own so that opening a
// large log reads no messages.
const recordHeadSize = 16

// envelope is what SMTP adds to a mail's message.
type envelope struct {
	From      string    `json:"from"`
	To        []string  `json:"to"`
	Received  time.Time `json:"received"`
	MessageID string    `json:"message_id,omitempty"`
}

// errTorn reports that the log holds no complete record at a place.
var errTorn = errors.New("no complete record")

func encodeRecord(e envelope, message []byte) ([]byte, recordPlace, error) {
	about, err := json.Marshal(e)
	if err != nil {
		return nil, recordPlace{}, fmt.Errorf("encode a mail's envelope: %w", err)
	}
	record := make([]byte, 0, recordHeadSize+len(about)+len(message))
	record = binary.LittleEndian.AppendUint32(record, uint32(len(about)))
	record = binary.LittleEndian.AppendUint32(record, uint32(len(message)))
	record = binary.LittleEndian.AppendUint32(record, crc32.Update(checksum(record), castagnoli(), about))
	record = binary.LittleEndian.AppendUint32(record, checksum(message))
	place := recordPlace{envelope: uint32(len(about)), message: uint32(len(message))}
	return append(append(record, about...), message...), place, nil
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

func checksum(data []byte) uint32 { return crc32.Checksum(data, castagnoli()) }

// recordPlace is where a record lies in a file of the log.
type recordPlace struct {
	offset   int64
	envelope uint32 // length
	message  uint32 // length
}

func (p recordPlace) messageOffset() int64 { return p.offset + recordHeadSize + int64(p.envelope) }
func (p recordPlace) end() int64           { return p.messageOffset() + int64(p.message) }

// readEnvelope reads a record's head and envelope. It returns errTorn when they are not complete.
func readEnvelope(log io.ReaderAt, offset, size int64) (recordPlace, envelope, error) {
	// Long enough for the envelope of most mails, so that one read is enough.
	const usual = 512
	first := make([]byte, min(usual, size-offset))
	if len(first) < recordHeadSize {
		return recordPlace{}, envelope{}, errTorn
	}
	if _, err := log.ReadAt(first, offset); err != nil {
		return recordPlace{}, envelope{}, fmt.Errorf("read the inbox: %w", err)
	}
	place := recordPlace{offset: offset, envelope: binary.LittleEndian.Uint32(first), message: binary.LittleEndian.Uint32(first[4:])}
	if place.end() > size {
		return recordPlace{}, envelope{}, errTorn
	}
	about := first[recordHeadSize:]
	if int(place.envelope) > len(about) {
		about = make([]byte, place.envelope)
		if _, err := log.ReadAt(about, offset+recordHeadSize); err != nil {
			return recordPlace{}, envelope{}, fmt.Errorf("read the inbox: %w", err)
		}
	}
	about = about[:place.envelope]
	if crc32.Update(checksum(first[:8]), castagnoli(), about) != binary.LittleEndian.Uint32(first[8:]) {
		return recordPlace{}, envelope{}, errTorn
	}
	var e envelope
	if err := json.NewDecoder(bytes.NewReader(about)).Decode(&e); err != nil {
		return recordPlace{}, envelope{}, fmt.Errorf("read a mail's envelope: %w", err)
	}
	return place, e, nil
}

// readMessage reads a record's message. It returns errTorn when its checksum differs.
func readMessage(log io.ReaderAt, place recordPlace) ([]byte, error) {
	head := make([]byte, recordHeadSize)
	if _, err := log.ReadAt(head, place.offset); err != nil {
		return nil, fmt.Errorf("read the inbox: %w", err)
	}
	message := make([]byte, place.message)
	if _, err := log.ReadAt(message, place.messageOffset()); err != nil {
		return nil, fmt.Errorf("read the inbox: %w", err)
	}
	if checksum(message) != binary.LittleEndian.Uint32(head[12:]) {
		return nil, errTorn
	}
	return message, nil
}
