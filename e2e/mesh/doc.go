// Package mesh shows, row by row, that the shop holds on Kubernetes with Istio, with real
// traffic. `make mesh-test` runs it; docs/mesh.md lists the rows.
package mesh
