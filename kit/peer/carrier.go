package peer

import "connectrpc.com/connect/v2"

// Carrier lets an OpenTelemetry propagator read and write the headers of an RPC.
type Carrier struct{ Header *connect.Header }

// Get implements propagation.TextMapCarrier.
func (c Carrier) Get(key string) string { return c.Header.Get(key) }

// Set implements propagation.TextMapCarrier.
func (c Carrier) Set(key, value string) { c.Header.Set(key, value) }

// Keys implements propagation.TextMapCarrier.
func (c Carrier) Keys() []string {
	keys := make([]string, 0, c.Header.Len())
	for key := range c.Header.All() {
		keys = append(keys, key)
	}
	return keys
}
