// Package events translates between identity and the broker.
package events

// AccountTopic holds the newest AccountChanged of each account. It is compacted, and
// carries no personal data.
const AccountTopic = "shopmesh.identity.account.v1"
