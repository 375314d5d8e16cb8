// Package e2e drives the shop from outside, as its users do: the same stories
// are run against one process with embedded components (shopmesh up) and to all services
// as processes of their own with Apache Kafka (build tag distributed).
package e2e
