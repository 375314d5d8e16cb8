package postgres

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"

	"github.com/jackc/pgx/v5/pgconn"
)

// BaseBackup is a base backup that a running server sends as a tar: the replication
// protocol's BASE_BACKUP (https://www.postgresql.org/docs/18/protocol-replication.html). The
// server verifies its pages' checksums while it reads them, and appends the write-ahead log
// from the backup's begin to its end.
type BaseBackup struct {
	conn    *pgconn.PgConn
	entries *tar.Reader
	stream  *io.PipeReader
	ended   chan struct{} // closed when nothing reads from the server any more
}

// StartBaseBackup begins a base backup of the server that runs in dir. Close it.
func StartBaseBackup(ctx context.Context, dir string) (*BaseBackup, error) {
	address, err := AdminURL(dir, superuser)
	if err != nil {
		return nil, fmt.Errorf("the shop is starting or stopping, try again shortly: %w", err)
	}
	config, err := pgconn.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("connect to PostgreSQL to back it up: %w", err)
	}
	// With a database's name the connection is admitted by the rule for all others; BASE_BACKUP
	// sends all databases anyway.
	config.RuntimeParams["replication"] = "database"
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return nil, explainNoSender(err)
	}
	if err := reserveLog(ctx, conn); err != nil {
		_ = conn.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	reader, writer := io.Pipe()
	b := &BaseBackup{conn: conn, entries: tar.NewReader(reader), stream: reader, ended: make(chan struct{})}
	go func() {
		defer close(b.ended)
		const command = "BASE_BACKUP (LABEL 'shopmesh backup', CHECKPOINT 'fast', WAL true, MANIFEST 'no')"
		if _, err := conn.CopyTo(ctx, &archiveWriter{archive: writer}, command); err != nil {
			writer.CloseWithError(fmt.Errorf("back up the database: %w", err))
			return
		}
		_ = writer.Close() // never fails, by its documentation
	}()
	return b, nil
}

// explainNoSender explains the one cause that an operator can remove.
func explainNoSender(err error) error {
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == "53300" { // too_many_connections
		return fmt.Errorf("PostgreSQL has no place for a backup: another backup is under way, or an older program started the shop; end it, or start the shop again: %w", err)
	}
	return fmt.Errorf("connect to PostgreSQL to back it up: %w", err)
}

// reserveLog keeps the server from removing write-ahead log that the backup will need, however
// long it takes. The replication slot ends with the connection.
func reserveLog(ctx context.Context, conn *pgconn.PgConn) error {
	id := make([]byte, 8)
	rand.Read(id) // never fails, by its documentation
	slot := "shopmesh_backup_" + hex.EncodeToString(id)
	if _, err := conn.Exec(ctx, "CREATE_REPLICATION_SLOT "+slot+" TEMPORARY PHYSICAL (RESERVE_WAL)").ReadAll(); err != nil {
		return fmt.Errorf("reserve the database's log for the backup: %w", err)
	}
	return nil
}

// Next returns the next file or folder, named by its path in PostgreSQL's data folder, and
// io.EOF when the server has sent everything and found no damage. Read reads the file.
func (b *BaseBackup) Next() (*tar.Header, error) {
	header, err := b.entries.Next()
	if errors.Is(err, io.EOF) {
		// The server reports damaged pages after the end of the tar.
		if _, err := io.Copy(io.Discard, b.stream); err != nil {
			return nil, err
		}
		return nil, io.EOF
	}
	if err != nil {
		return nil, err
	}
	header.Name = path.Clean(header.Name)
	return header, nil
}

// Read implements io.Reader for the file that Next returned.
func (b *BaseBackup) Read(p []byte) (int, error) { return b.entries.Read(p) }

// Close ends the backup, finished or not.
func (b *BaseBackup) Close() {
	_ = b.stream.Close() // writes into it fail from now on
	<-b.ended
	ctx, cancel := context.WithTimeout(context.Background(), closeGrace)
	defer cancel()
	_ = b.conn.Close(ctx)
}

// archiveWriter takes the messages of a base backup and writes the content of its archive.
type archiveWriter struct {
	archive io.Writer
	begun   bool
}

// Write takes one message; its first byte is its kind.
func (w *archiveWriter) Write(message []byte) (int, error) {
	if len(message) == 0 {
		return 0, errors.New("the server sent an empty message")
	}
	switch kind, content := message[0], message[1:]; kind {
	case 'n':
		name, _, _ := bytes.Cut(content, []byte{0})
		if w.begun {
			return 0, fmt.Errorf("the database has a tablespace (%s), which a backup can't hold: move what is in it back and drop it", name)
		}
		w.begun = true
	case 'd':
		if _, err := w.archive.Write(content); err != nil {
			return 0, err
		}
	case 'p', 'm': // progress, manifest
	default:
		return 0, fmt.Errorf("the server sent a message of an unknown kind %q", kind)
	}
	return len(message), nil
}
