// Package peer calls other contexts of the shop: within the process where the
// context runs here, else over gRPC at its URL. Calls show which context makes them, and
// for whom. Fault reads the refusal that a peer answered with.
package peer
