package embedded

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/shopmesh/shopmesh/kit/crashpoint"
)

const (
	mailLogName   = "mails.log"
	mailLogHeader = "shopmesh inbox format 1\n"
	// maxBatchBytes bounds what one write puts into the log, and so what a crash can leave torn at its end.
	maxBatchBytes = 32 << 20
)

// mailLog keeps mails in one file that only grows. One goroutine writes: it takes what waits, writes and syncs it
// together, and only then acknowledges. Places are in memory, mails are not.
type mailLog struct {
	file   *os.File
	logger *slog.Logger

	queue  chan delivery
	closed chan struct{} // closed when no more is taken
	done   chan struct{} // closed when the writer has ended
	once   sync.Once

	// The writer's own.
	size   int64
	known  map[messageKey]struct{}
	broken error // set when the file's state is not known any more

	mu     sync.RWMutex // guards places
	places []recordPlace
}

// messageKey stands for a Message-ID: half of its SHA-256.
type messageKey [16]byte

func keyOf(messageID string) messageKey {
	sum := sha256.Sum256([]byte(messageID))
	return messageKey(sum[:])
}

// delivery is one mail on its way into the log.
type delivery struct {
	record    []byte
	place     recordPlace // all but the offset, which the writer gives
	messageID string
	done      chan error // has room for the answer
}

var errLogClosed = errors.New("the inbox is closed")

// openMailLog opens the log in a folder and cuts off what a crash left torn at its end, which was never acknowledged.
func openMailLog(dir string, logger *slog.Logger) (*mailLog, error) {
	path := filepath.Join(dir, mailLogName)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the inbox: %w", err)
	}
	l := &mailLog{
		file: file, logger: logger, known: map[messageKey]struct{}{},
		queue: make(chan delivery), closed: make(chan struct{}), done: make(chan struct{}),
	}
	if err := errors.Join(l.load(path), syncDir(dir)); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	go l.write()
	return l, nil
}

func (l *mailLog) load(path string) error {
	info, err := l.file.Stat()
	if err != nil {
		return fmt.Errorf("open the inbox: %w", err)
	}
	if info.Size() < int64(len(mailLogHeader)) { // new, or killed while it was made
		return l.begin()
	}
	header := make([]byte, len(mailLogHeader))
	if _, err := l.file.ReadAt(header, 0); err != nil {
		return fmt.Errorf("read the inbox: %w", err)
	}
	if string(header) != mailLogHeader {
		return fmt.Errorf("%s begins with %q, this program reads %q: use the version of shopmesh that wrote it", path, header, mailLogHeader)
	}
	l.size = int64(len(mailLogHeader))
	for l.size < info.Size() {
		place, e, err := l.loadRecord(info.Size())
		if errors.Is(err, errTorn) {
			return l.cut(path, info.Size())
		}
		if err != nil {
			return err
		}
		l.note(place, e.MessageID)
	}
	return nil
}

func (l *mailLog) begin() error {
	l.size = int64(len(mailLogHeader))
	_, err := l.file.WriteAt([]byte(mailLogHeader), 0)
	if err := errors.Join(err, l.file.Truncate(l.size), l.file.Sync()); err != nil {
		return fmt.Errorf("begin the inbox: %w", err)
	}
	return nil
}

// loadRecord reads the record at l.size. Bodies are looked at only where a crash may have torn them.
func (l *mailLog) loadRecord(fileSize int64) (recordPlace, envelope, error) {
	place, e, err := readEnvelope(l.file, l.size, fileSize)
	if err != nil || fileSize-l.size > 2*maxBatchBytes {
		return place, e, err
	}
	_, err = readMessage(l.file, place)
	return place, e, err
}

// cut removes the torn end. A hole further up is damage of another kind, and what follows it may be whole.
func (l *mailLog) cut(path string, fileSize int64) error {
	if fileSize-l.size > 2*maxBatchBytes {
		return fmt.Errorf("%s is damaged at byte %d of %d: bring it back from a backup", path, l.size, fileSize)
	}
	l.logger.Warn("a mail that was not acknowledged was cut off the inbox", "file", path, "bytes", fileSize-l.size)
	if err := errors.Join(l.file.Truncate(l.size), l.file.Sync()); err != nil {
		return fmt.Errorf("cut the inbox at byte %d: %w", l.size, err)
	}
	return nil
}

// note remembers a record that is safely in the log.
func (l *mailLog) note(place recordPlace, messageID string) {
	l.size = place.end()
	if messageID != "" {
		l.known[keyOf(messageID)] = struct{}{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.places = append(l.places, place)
}

// store returns nil when the mail is on disk, by this call or by an earlier one with the same Message-ID.
func (l *mailLog) store(e envelope, message []byte) error {
	record, place, err := encodeRecord(e, message)
	if err != nil {
		return err
	}
	d := delivery{record: record, place: place, messageID: e.MessageID, done: make(chan error, 1)}
	select {
	case l.queue <- d:
		return <-d.done
	case <-l.closed:
		return errLogClosed
	}
}

// write is the log's only writer.
func (l *mailLog) write() {
	defer close(l.done)
	for {
		select {
		case <-l.closed:
			return
		case first := <-l.queue:
			l.commit(l.gather(first))
		}
	}
}

// gather takes what waits for the disk right now.
func (l *mailLog) gather(first delivery) []delivery {
	batch, bytes := []delivery{first}, len(first.record)
	for bytes < maxBatchBytes-maxRecordBytes {
		select {
		case next := <-l.queue:
			batch, bytes = append(batch, next), bytes+len(next.record)
		default:
			return batch
		}
	}
	return batch
}

// commit writes the mails of a batch that are new, syncs, and answers all.
func (l *mailLog) commit(batch []delivery) {
	fresh := l.withoutKnown(batch)
	err := l.append(fresh)
	if err == nil {
		for _, d := range fresh {
			d.place.offset = l.size
			l.note(d.place, d.messageID)
		}
	}
	for _, d := range batch {
		d.done <- err
	}
}

// withoutKnown leaves out what the log has, and what the batch has twice.
func (l *mailLog) withoutKnown(batch []delivery) []delivery {
	seen := map[messageKey]struct{}{}
	var fresh []delivery
	for _, d := range batch {
		if d.messageID != "" {
			key := keyOf(d.messageID)
			_, stored := l.known[key]
			_, twice := seen[key]
			if stored || twice {
				continue
			}
			seen[key] = struct{}{}
		}
		fresh = append(fresh, d)
	}
	return fresh
}

// append writes and syncs. What failed half-way is cut off again; when even that fails, or the sync does, nobody knows
// what the disk holds, and the log takes nothing more until it is opened anew.
func (l *mailLog) append(fresh []delivery) error {
	if l.broken != nil || len(fresh) == 0 {
		return l.broken
	}
	var batch []byte
	for _, d := range fresh {
		batch = append(batch, d.record...)
	}
	crashpoint.Cross("before write", "inbox")
	if _, err := l.file.WriteAt(batch, l.size); err != nil {
		if cutErr := l.file.Truncate(l.size); cutErr != nil {
			l.broken = fmt.Errorf("cut a half-written mail off the inbox: %w", cutErr)
		}
		return fmt.Errorf("write into the inbox: %w", err)
	}
	crashpoint.Cross("before sync", "inbox")
	if err := l.file.Sync(); err != nil {
		l.broken = fmt.Errorf("sync the inbox: %w", err)
		return l.broken
	}
	crashpoint.Cross("after sync", "inbox")
	return nil
}

// count returns how many mails there are.
func (l *mailLog) count() int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return len(l.places)
}

// read returns the mail with a number, from 0 for the oldest; io.EOF when there is none.
func (l *mailLog) read(number int) (envelope, []byte, error) {
	e, place, err := l.readEnvelope(number)
	if err != nil {
		return envelope{}, nil, err
	}
	message, err := readMessage(l.file, place)
	if err != nil {
		return envelope{}, nil, fmt.Errorf("mail %d: %w", number+1, err)
	}
	return e, message, nil
}

func (l *mailLog) readEnvelope(number int) (envelope, recordPlace, error) {
	l.mu.RLock()
	if number < 0 || number >= len(l.places) {
		l.mu.RUnlock()
		return envelope{}, recordPlace{}, io.EOF
	}
	place := l.places[number]
	l.mu.RUnlock()
	_, e, err := readEnvelope(l.file, place.offset, place.end())
	if err != nil {
		return envelope{}, recordPlace{}, fmt.Errorf("mail %d: %w", number+1, err)
	}
	return e, place, nil
}

// close ends the writer after the batch that it is at.
func (l *mailLog) close() error {
	l.once.Do(func() { close(l.closed) })
	<-l.done
	if err := l.file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("close the inbox: %w", err)
	}
	return nil
}

// isMailLog reports whether a file of the inbox's folder holds mails.
func isMailLog(name string) bool { return name == mailLogName }
