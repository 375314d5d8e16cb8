// Package broker runs a broker of Kafka's protocol inside this process. It is made of
// franz-go's kfake, with the retention and the checks that kfake lacks.
package broker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/shopmesh/shopmesh/kit/embedded/datadir"
	"github.com/shopmesh/shopmesh/kit/embedded/internal/loglimit"
)

// Config is where the broker keeps its log.
type Config struct {
	// Dir is the folder that it owns, usually [datadir.Dir.Broker].
	Dir string
	// TrimInterval is how often consumed events are removed. 0: a minute.
	TrimInterval time.Duration
	// Logger gets the broker's own warnings. Nil: slog.Default.
	Logger *slog.Logger
}

// Broker is a running broker. It opens no port, so that no other user of the machine can
// publish an event: clients reach it through Dial.
//
// It writes a batch before it acknowledges it and leaves it to the operating system when
// that reaches the disk, as Kafka does. So the end of the process loses nothing; a power
// cut loses the last events, which their contexts publish again.
//
// It keeps an event until all groups that consume its topic have committed it, and the
// newest of every partition for ever. Compacted topics keep each key's last event.
type Broker struct {
	cluster  *kfake.Cluster
	network  *kfake.VirtualNetwork
	admin    *kadm.Client
	lock     *datadir.Held
	logger   *slog.Logger
	interval time.Duration

	compacted map[string]int64 // size of a compacted topic after its last compaction, in bytes; upkeep's own
	stop      context.CancelFunc
	done      chan struct{}
}

const (
	// format changes with what kfake writes: it reads its own last format only.
	format            = "shopmesh broker format 1\n"
	formatFile        = "format"
	port              = 9092 // of a network that exists in this process only
	defaultTrimPeriod = time.Minute
	// segmentBytes is small because a trimmed log shrinks by whole segments, and a start
	// reads every segment whole.
	segmentBytes = 1 << 20
)

// Start opens the broker on its folder and returns when it serves. When a crash or a lost
// file left a group's commit beyond its partition's end, the group is set back to the
// partition's start: consumers ignore what they have applied, whereas new records up to
// the commit would silently never be read.
func Start(ctx context.Context, config Config) (*Broker, error) {
	logger := config.Logger
	if logger == nil {
		logger = slog.Default()
	}
	interval := config.TrimInterval
	if interval == 0 {
		interval = defaultTrimPeriod
	}
	lock, err := openDir(config.Dir)
	if err != nil {
		return nil, err
	}
	b := &Broker{
		network: &kfake.VirtualNetwork{}, lock: lock, logger: logger, interval: interval,
		compacted: map[string]int64{}, done: make(chan struct{}),
	}
	if err := b.open(filepath.Join(config.Dir, "data")); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	upkeep, stop := context.WithCancel(context.Background())
	b.stop = stop
	if err := b.rewindCommits(ctx); err != nil {
		close(b.done)
		return nil, errors.Join(err, b.Close())
	}
	go b.keepUp(upkeep)
	return b, nil
}

// Addrs returns the addresses to begin with; only Dial can reach them.
func (b *Broker) Addrs() []string { return b.cluster.ListenAddrs() }

// Dial connects to the broker; clients use it in place of the network.
func (b *Broker) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return b.network.DialContext(ctx, network, address)
}

// Close stops the broker. Clients that are still open see their connections end.
func (b *Broker) Close() error {
	b.stop()
	<-b.done
	b.admin.Close()
	b.cluster.Close()
	if err := b.lock.Close(); err != nil {
		return fmt.Errorf("release the broker's folder: %w", err)
	}
	return nil
}

func (b *Broker) open(dir string) error {
	cluster, err := kfake.NewCluster(
		kfake.Ports(port),
		kfake.ListenFn(b.network.Listen),
		kfake.DataDir(dir),
		kfake.WithLogger(kfakeLog{b.logger, &loglimit.Limiter{}}),
		kfake.BrokerConfigs(map[string]string{
			// Off, because kfake's own retention would remove a partition's last record: killed
			// after that, the broker counts from 0 again and a group's commit skips new records.
			// See trim.
			"log.retention.ms":    "-1",
			"log.retention.bytes": "-1",
			"log.segment.bytes":   fmt.Sprint(segmentBytes),
		}),
	)
	if err != nil {
		return fmt.Errorf("open the broker in %s: %w", dir, err)
	}
	b.cluster = cluster
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Addrs()...), kgo.Dialer(b.Dial))
	if err != nil {
		cluster.Close()
		return fmt.Errorf("connect to the broker: %w", err)
	}
	b.admin = kadm.NewClient(client)
	return nil
}

// openDir locks the folder, which kfake itself does not, and checks its format.
func openDir(dir string) (*datadir.Held, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create the broker's folder: %w", err)
	}
	lock, err := datadir.Lock(dir)
	if err != nil {
		return nil, err
	}
	if err := stamp(filepath.Join(dir, formatFile)); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

func stamp(file string) error {
	found, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return datadir.WriteFile(file, []byte(format), 0o600)
	}
	if err != nil {
		return fmt.Errorf("read the broker's format: %w", err)
	}
	if string(found) != format {
		return fmt.Errorf("%s holds %q, this program reads %q: use the version of shopmesh that wrote it, or remove %s (events under way are then published again)",
			file, found, format, filepath.Dir(file))
	}
	return nil
}

// kfakeLog passes on kfake's warnings and errors; the rest is one line per request.
type kfakeLog struct {
	logger *slog.Logger
	limit  *loglimit.Limiter
}

// Logf implements kfake.Logger.
func (l kfakeLog) Logf(level kfake.LogLevel, format string, args ...any) {
	switch level {
	case kfake.LogLevelError, kfake.LogLevelWarn:
		line := fmt.Sprintf(format, args...)
		if l.limit.Repeated(line) {
			return
		}
		if level == kfake.LogLevelError {
			l.logger.Error("broker: " + line)
			return
		}
		l.logger.Warn("broker: " + line)
	case kfake.LogLevelNone, kfake.LogLevelInfo, kfake.LogLevelDebug:
	}
}
