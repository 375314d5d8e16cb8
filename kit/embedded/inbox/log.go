package inbox

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/shopmesh/shopmesh/kit/crashpoint"
	"github.com/shopmesh/shopmesh/kit/embedded/datadir"
)

const (
	// mailLogName is the first file; a later one has the number of its first mail in its name.
	mailLogName     = "mails.log"
	laterMailLog    = "mails-%020d.log"
	mailLogHeader   = "shopmesh inbox format 1\n"
	usualSegment    = 8 << 20
	usualInboxBytes = 256 << 20
	// maxBatchBytes bounds one write, and so what a crash can leave half-written at the end.
	maxBatchBytes = 32 << 20
)

// mailBounds are sizes in bytes: at which a file is full, and at which of all files together
// the oldest is removed.
type mailBounds struct{ segment, total int64 }

// mailLog keeps mails in files that are only appended to. When a file is full it begins the
// next, and removes the oldest when all are too large. One goroutine writes: it appends and
// syncs all waiting mails together, and then acknowledges them. Their places in the files are
// in memory, the mails are not.
type mailLog struct {
	dir    string
	logger *slog.Logger
	bounds mailBounds

	queue  chan delivery
	closed chan struct{} // closed when no more is taken
	done   chan struct{} // closed when the writer has ended
	once   sync.Once

	// The writer's own.
	known  map[messageKey]struct{}
	broken error // set while the remains of a failed write may lie behind the last mail

	mu       sync.RWMutex // guards segments, and keeps their files open while they are read
	segments []*mailSegment
}

// mailSegment is one file of the log.
type mailSegment struct {
	path   string
	file   *os.File
	first  int // the number of its first mail, from 0
	size   int64
	places []recordPlace
	keys   []messageKey // of those mails that have one
}

// next is the number of the mail after its last.
func (s *mailSegment) next() int { return s.first + len(s.places) }

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

// openMailLog opens the log in a folder. It cuts off a half-written end, which was never
// acknowledged.
func openMailLog(dir string, bounds mailBounds, logger *slog.Logger) (*mailLog, error) {
	l := &mailLog{
		dir: dir, bounds: bounds, logger: logger, known: map[messageKey]struct{}{},
		queue: make(chan delivery), closed: make(chan struct{}), done: make(chan struct{}),
	}
	if err := errors.Join(l.loadAll(), datadir.Sync(dir)); err != nil {
		return nil, errors.Join(err, l.closeFiles())
	}
	go l.write()
	return l, nil
}

// firstMail returns the number of a file's first mail, from the file's name; ok is false for a
// file that is not the log's.
func firstMail(name string) (first int, ok bool) {
	if name == mailLogName {
		return 0, true
	}
	n, err := fmt.Sscanf(name, laterMailLog, &first)
	return first, err == nil && n == 1 && name == fmt.Sprintf(laterMailLog, first)
}

// isMailLog reports whether a file of the inbox's folder holds mails.
func isMailLog(name string) bool {
	_, ok := firstMail(name)
	return ok
}

func (l *mailLog) loadAll() error {
	entries, err := os.ReadDir(l.dir)
	if err != nil {
		return fmt.Errorf("open the inbox: %w", err)
	}
	for _, entry := range entries {
		if first, ok := firstMail(entry.Name()); ok {
			l.segments = append(l.segments, &mailSegment{path: filepath.Join(l.dir, entry.Name()), first: first})
		}
	}
	if len(l.segments) == 0 {
		l.segments = []*mailSegment{{path: filepath.Join(l.dir, mailLogName)}}
	}
	slices.SortFunc(l.segments, func(a, b *mailSegment) int { return a.first - b.first })
	for i, s := range l.segments {
		if i > 0 && l.segments[i-1].next() != s.first {
			return fmt.Errorf("the inbox is damaged: %s begins with mail %d, and the file before it ends with mail %d: bring the missing one back from a backup",
				s.path, s.first+1, l.segments[i-1].next())
		}
		if err := l.load(s, i == len(l.segments)-1); err != nil {
			return err
		}
	}
	return nil
}

// load opens a file and reads the places of its mails. Only the last file may have a
// half-written end.
func (l *mailLog) load(s *mailSegment, last bool) error {
	var err error
	if s.file, err = os.OpenFile(s.path, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return fmt.Errorf("open the inbox: %w", err)
	}
	info, err := s.file.Stat()
	if err != nil {
		return fmt.Errorf("open the inbox: %w", err)
	}
	if last && info.Size() < int64(len(mailLogHeader)) { // new, or killed while it was made
		return s.begin()
	}
	header := make([]byte, len(mailLogHeader))
	if _, err := s.file.ReadAt(header, 0); err != nil {
		return fmt.Errorf("read the inbox: %w", err)
	}
	if string(header) != mailLogHeader {
		return fmt.Errorf("%s begins with %q, this program reads %q: use the version of shopmesh that wrote it", s.path, header, mailLogHeader)
	}
	s.size = int64(len(mailLogHeader))
	for s.size < info.Size() {
		place, e, err := s.loadRecord(info.Size())
		if errors.Is(err, errTorn) {
			return l.cut(s, info.Size(), last)
		}
		if err != nil {
			return err
		}
		l.note(s, place, e.MessageID)
	}
	return nil
}

func (s *mailSegment) begin() error {
	s.size = int64(len(mailLogHeader))
	_, err := s.file.WriteAt([]byte(mailLogHeader), 0)
	if err := errors.Join(err, s.file.Truncate(s.size), s.file.Sync()); err != nil {
		return fmt.Errorf("begin a file of the inbox: %w", err)
	}
	return nil
}

// loadRecord reads the record at s.size. Bodies are verified only where a crash may have left
// them half-written.
func (s *mailSegment) loadRecord(fileSize int64) (recordPlace, envelope, error) {
	place, e, err := readEnvelope(s.file, s.size, fileSize)
	if err != nil || fileSize-s.size > 2*maxBatchBytes {
		return place, e, err
	}
	_, err = readMessage(s.file, place)
	return place, e, err
}

// cut removes a half-written end. Damage further up has another cause, and what follows it may
// be good: that is an error.
func (l *mailLog) cut(s *mailSegment, fileSize int64, last bool) error {
	if !last || fileSize-s.size > 2*maxBatchBytes {
		return fmt.Errorf("%s is damaged at byte %d of %d: bring it back from a backup", s.path, s.size, fileSize)
	}
	l.logger.Warn("a mail that was not acknowledged was cut off the inbox", "file", s.path, "bytes", fileSize-s.size)
	if err := errors.Join(s.file.Truncate(s.size), s.file.Sync()); err != nil {
		return fmt.Errorf("cut the inbox at byte %d: %w", s.size, err)
	}
	return nil
}

// note adds a synced record to the places in memory.
func (l *mailLog) note(s *mailSegment, place recordPlace, messageID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s.size = place.end()
	s.places = append(s.places, place)
	if messageID != "" {
		key := keyOf(messageID)
		l.known[key] = struct{}{}
		s.keys = append(s.keys, key)
	}
}

// current is the file that is written.
func (l *mailLog) current() *mailSegment { return l.segments[len(l.segments)-1] }

// rotate begins a new file when the current one is full, and removes the oldest while all are
// too large. When that fails, the log goes on with the files that it has and tries again.
func (l *mailLog) rotate() {
	full := l.current()
	if full.size < l.bounds.segment || len(full.places) == 0 {
		return
	}
	next := &mailSegment{path: filepath.Join(l.dir, fmt.Sprintf(laterMailLog, full.next())), first: full.next()}
	var err error
	if next.file, err = os.OpenFile(next.path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600); err == nil {
		if err = errors.Join(next.begin(), datadir.Sync(l.dir)); err != nil {
			err = errors.Join(err, next.file.Close(), os.Remove(next.path))
		}
	}
	if err != nil {
		l.logger.Warn("the inbox can't begin a new file; it goes on in the old one", "error", err)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.segments = append(l.segments, next)
	var total int64
	for _, s := range l.segments {
		total += s.size
	}
	for total > l.bounds.total && len(l.segments) > 1 {
		oldest := l.segments[0]
		if err := errors.Join(oldest.file.Close(), os.Remove(oldest.path)); err != nil {
			l.logger.Warn("old mails can't be removed from the inbox", "error", err)
		}
		for _, key := range oldest.keys {
			delete(l.known, key)
		}
		total -= oldest.size
		l.segments = l.segments[1:]
	}
}

// store returns nil when the mail is synced to disk, by this call or by an earlier one with the
// same Message-ID.
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

// gather takes the mails that wait to be written now.
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
			d.place.offset = l.current().size
			l.note(l.current(), d.place, d.messageID)
		}
	}
	if err == nil {
		l.rotate()
	}
	for _, d := range batch {
		d.done <- err
	}
}

// withoutKnown leaves out mails that the log has, and repetitions within the batch.
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

// append writes and syncs. After a failed write or sync the end is cut off before the next
// write: none of it was acknowledged. While the cut fails, the file's content is unknown and
// the log refuses mails.
func (l *mailLog) append(fresh []delivery) error {
	if len(fresh) == 0 {
		return nil
	}
	if l.broken != nil {
		if err := l.cutBack(); err != nil {
			return errors.Join(l.broken, err)
		}
		l.broken = nil
	}
	var batch []byte
	for _, d := range fresh {
		batch = append(batch, d.record...)
	}
	crashpoint.Cross("before write", "inbox")
	s := l.current()
	if _, err := s.file.WriteAt(batch, s.size); err != nil {
		l.broken = fmt.Errorf("write into the inbox: %w", err)
		return l.broken
	}
	crashpoint.Cross("before sync", "inbox")
	if err := s.file.Sync(); err != nil {
		l.broken = fmt.Errorf("sync the inbox: %w", err)
		return l.broken
	}
	crashpoint.Cross("after sync", "inbox")
	return nil
}

// cutBack cuts the file back to its last synced mail.
func (l *mailLog) cutBack() error {
	s := l.current()
	if err := errors.Join(s.file.Truncate(s.size), s.file.Sync()); err != nil {
		return fmt.Errorf("cut half-written mails off the inbox: %w", err)
	}
	return nil
}

// numbers returns the number of the oldest mail that is kept, and the newest's plus one; both
// count from 0 for the first that ever came.
func (l *mailLog) numbers() (oldest, next int) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.segments[0].first, l.segments[len(l.segments)-1].next()
}

// read returns a mail by its number, from 0 for the first that ever came, and io.EOF when there
// is none or it was removed.
func (l *mailLog) read(number int) (envelope, []byte, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	s, e, place, err := l.find(number)
	if err != nil {
		return envelope{}, nil, err
	}
	message, err := readMessage(s.file, place)
	if err != nil {
		return envelope{}, nil, fmt.Errorf("mail %d: %w", number+1, err)
	}
	return e, message, nil
}

func (l *mailLog) readEnvelope(number int) (envelope, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	_, e, _, err := l.find(number)
	return e, err
}

// find reads a mail's envelope. The caller holds mu.
func (l *mailLog) find(number int) (*mailSegment, envelope, recordPlace, error) {
	for _, s := range slices.Backward(l.segments) {
		if number < s.first || number >= s.next() {
			continue
		}
		place := s.places[number-s.first]
		_, e, err := readEnvelope(s.file, place.offset, place.end())
		if err != nil {
			err = fmt.Errorf("mail %d: %w", number+1, err)
		}
		return s, e, place, err
	}
	return nil, envelope{}, recordPlace{}, io.EOF
}

// close ends the writer after its current batch.
func (l *mailLog) close() error {
	l.once.Do(func() { close(l.closed) })
	<-l.done
	return l.closeFiles()
}

func (l *mailLog) closeFiles() (err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.segments {
		if s.file == nil {
			continue // opening failed before it
		}
		if closeErr := s.file.Close(); closeErr != nil && !errors.Is(closeErr, os.ErrClosed) {
			err = errors.Join(err, fmt.Errorf("close the inbox: %w", closeErr))
		}
	}
	return err
}
