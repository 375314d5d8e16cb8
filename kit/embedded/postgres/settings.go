package postgres

import (
	"maps"
	"slices"
	"strconv"
)

const (
	defaultMaxConnections = 100
	leastSharedBuffersMB  = 128
	mostSharedBuffersMB   = 256
)

// serverSettings returns PostgreSQL's parameters as arguments of the program. The command
// line wins over any file, so these hold whichever version initialised the data.
func serverSettings(config Config) []string {
	settings := map[string]string{
		"listen_addresses":        "",
		"unix_socket_permissions": "0700",
		"port":                    socketPort,

		"max_connections": strconv.Itoa(orDefault(config.MaxConnections, defaultMaxConnections)),
		"shared_buffers":  strconv.Itoa(orDefault(config.SharedBuffersMB, sharedBuffersFor(machineMemory()))) + "MB",
		// With short transactions, parallel plans and compiled queries cost more than they save;
		// parallel workers also need /dev/shm, which containers keep small.
		"max_parallel_workers_per_gather": "0",
		"jit":                             "off",
		"random_page_cost":                "1.1",
		"autovacuum_naptime":              "10s", // outboxes are emptied all the time
		// Passwords are 192 random bits: more iterations slow connections and add no safety.
		"scram_iterations": "1",

		// fsync, full_page_writes and synchronous_commit keep their safe defaults. The write-ahead
		// log is not compressed: the fetched programs have pglz alone, which took half of the
		// server's CPU time in a shop with much data.
		"checkpoint_timeout": "15min",
		"max_wal_size":       "2GB",
		"max_wal_senders":    "4", // one for a backup, the others for broken ones that have not ended yet

		"timezone":        "UTC",
		"log_timezone":    "UTC",
		"log_destination": "stderr",
		"log_line_prefix": serverLogPrefix,
		"log_checkpoints": "off",
		// Statements and details hold customers' data: the caller has them in its own error.
		"log_min_error_statement": "panic",
		"log_error_verbosity":     "terse",
	}
	maps.Copy(settings, config.Settings)
	var args []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args
}

// sharedBuffersFor returns a 32nd of the machine's memory in MiB, within bounds.
func sharedBuffersFor(memory uint64) int {
	const share = 32 << 20
	return int(min(max(memory/share, leastSharedBuffersMB), mostSharedBuffersMB))
}

func orDefault(value, fallback int) int {
	if value == 0 {
		return fallback
	}
	return value
}
