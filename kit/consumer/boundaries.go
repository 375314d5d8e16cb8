package consumer

import "github.com/shopmesh/shopmesh/kit/crashpoint"

// kinds are the types of a batch's events, for the names of crash points; nil, and
// for nothing, in a build without them.
func kinds(batch []item) []string {
	if !crashpoint.On {
		return nil
	}
	names := make([]string, len(batch))
	for i, it := range batch {
		names[i] = "handles " + crashpoint.Short(it.Type)
	}
	return names
}
