// Package peer calls other contexts of the shop: within the process where the
// context runs here, else over gRPC at its URL. Fault reads the refusal that a peer
// answered with.
package peer
