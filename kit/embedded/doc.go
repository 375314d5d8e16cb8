// Package embedded runs what Shopmesh needs from outside inside its own process tree: PostgreSQL as a direct child,
// a Kafka-protocol broker in this process, and an SMTP server that keeps the mails it takes. All three are durable:
// what they acknowledged is there again after any kill of this process or of the database.
//
// They live in one data directory (see [OpenDataDir]), which one process at a time may hold.
package embedded
