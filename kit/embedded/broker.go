package embedded

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
)

// BrokerConfig says where the embedded broker lives.
type BrokerConfig struct {
	// Dir is the folder that it owns, usually [DataDir.Broker].
	Dir string
	// TrimInterval is how often consumed events are removed. 0: a minute.
	TrimInterval time.Duration
	// Logger gets the broker's own warnings. Nil: slog.Default.
	Logger *slog.Logger
}

// Broker speaks Kafka's protocol inside this process alone: no port is open, so no other user of the machine can forge
// an event. It writes every batch before it acknowledges it, and leaves it to the system when that reaches the disk, as
// Kafka does: the end of the process loses nothing, a power cut the last events, which are asked for again. It keeps an event until all groups that hear its
// topic have committed it, and the newest of every partition for ever; compacted topics keep each key's last event.
type Broker struct {
	cluster  *kfake.Cluster
	network  *kfake.VirtualNetwork
	admin    *kadm.Client
	lock     *os.File
	logger   *slog.Logger
	interval time.Duration

	compacted map[string]int64 // size of a compacted topic after its last compaction, in bytes; upkeep's own
	stop      context.CancelFunc
	done      chan struct{}
}

const (
	// brokerFormat changes with what kfake writes: it reads its own last format only.
	brokerFormat      = "shopmesh broker format 1\n"
	brokerFormatFile  = "format"
	brokerPort        = 9092 // of a network that exists in this process only
	defaultTrimPeriod = time.Minute
	// segmentBytes is small because a trimmed log shrinks by whole segments, and a start reads every segment whole.
	segmentBytes = 1 << 20
)

// StartBroker opens the broker on its folder and returns when it serves. A group whose commit lies beyond its
// partition's end, where a crash or a lost file left it, starts that partition anew: a replay changes nothing, whereas
// the records up to the commit would silently never be read.
func StartBroker(ctx context.Context, config BrokerConfig) (*Broker, error) {
	logger := config.Logger
	if logger == nil {
		logger = slog.Default()
	}
	interval := config.TrimInterval
	if interval == 0 {
		interval = defaultTrimPeriod
	}
	lock, err := openBrokerDir(config.Dir)
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

// Addrs returns the addresses to begin with. They mean something to Dial only.
func (b *Broker) Addrs() []string { return b.cluster.ListenAddrs() }

// Dial connects to the broker; it is what a client uses for its network.
func (b *Broker) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return b.network.DialContext(ctx, network, address)
}

// Close stops the broker. Its clients are closed before: one that stays sees its connection end.
func (b *Broker) Close() error {
	b.stop()
	<-b.done
	b.admin.Close()
	b.cluster.Close()
	if err := b.lock.Close(); err != nil {
		return fmt.Errorf("give the broker's folder free: %w", err)
	}
	return nil
}

func (b *Broker) open(dir string) error {
	cluster, err := kfake.NewCluster(
		kfake.Ports(brokerPort),
		kfake.ListenFn(b.network.Listen),
		kfake.DataDir(dir),
		kfake.WithLogger(brokerLog{b.logger, &quiet{}}),
		kfake.BrokerConfigs(map[string]string{
			// Its own retention would remove a partition's last record, after which a killed broker counts from 0
			// again and a group's commit skips what is new. It is off; see trim.
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

// openBrokerDir locks the folder, which kfake itself does not, and stamps it with the format.
func openBrokerDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create the broker's folder: %w", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	if err := stampBrokerDir(filepath.Join(dir, brokerFormatFile)); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

func stampBrokerDir(file string) error {
	found, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return writeFileDurably(file, []byte(brokerFormat), 0o600)
	}
	if err != nil {
		return fmt.Errorf("read the broker's format: %w", err)
	}
	if string(found) != brokerFormat {
		return fmt.Errorf("%s says %q, this program reads %q: use the version of shopmesh that wrote it, or remove %s (events under way are then republished)",
			file, found, brokerFormat, filepath.Dir(file))
	}
	return nil
}

// brokerLog passes on what kfake warns of; the rest is one line per request.
type brokerLog struct {
	logger *slog.Logger
	quiet  *quiet
}

// Logf implements kfake.Logger.
func (l brokerLog) Logf(level kfake.LogLevel, format string, args ...any) {
	switch level {
	case kfake.LogLevelError, kfake.LogLevelWarn:
		line := fmt.Sprintf(format, args...)
		if l.quiet.again(line) {
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
