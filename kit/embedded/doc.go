// Package embedded groups what Shopmesh needs from outside and runs itself, in one
// process tree and without an installation:
//
//   - datadir: the data directory, which one process at a time holds
//   - postgres: PostgreSQL as a child process
//   - broker: a broker of Kafka's protocol in this process
//   - inbox: an SMTP server that keeps the mails it takes, and shows them
//   - backup: backup and restore of a data directory
//
// PostgreSQL, broker and inbox are durable: what they acknowledged is there again
// after a kill of this process or of PostgreSQL. The package itself holds tests of
// all of them together.
package embedded
