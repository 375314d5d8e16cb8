package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// A bucket is how often one client may call the RPCs of a limit at one replica of the
// ingress: tokens at once, and fill more of them every interval seconds. They are the rates
// that a shop in one process begins with.
type bucket struct {
	limit                  string
	tokens, fill, interval int
}

// buckets are those of options.proto's Limit; the first counts every call.
func buckets() []bucket {
	return []bucket{
		{"LIMIT_UNSPECIFIED", 6000, 100, 1},
		{"LIMIT_ORDERS", 1200, 20, 1},
		{"LIMIT_SIGN_IN", 10, 1, 6},
		{"LIMIT_MAILS", 20, 1, 180},
	}
}

// limitOf is the name of the limit that an RPC counts as.
func limitOf(m protoreflect.MethodDescriptor, stated protoreflect.Value) string {
	const unspecified = "LIMIT_UNSPECIFIED"
	if !stated.IsValid() {
		return unspecified
	}
	var name string
	m.Options().ProtoReflect().Range(func(field protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if field.FullName() == limitOption {
			name = string(field.Enum().Values().ByNumber(stated.Enum()).Name())
		}
		return name == ""
	})
	return name
}

const limitOption = "shopmesh.options.v1.limit"

// limits is the EnvoyFilter that bounds how often a client calls the ingress: by its address,
// of IPv6 by its /64, as the services count where nothing stands before them. Each limit has a
// filter of its own, because a filter has one set of headers for all that it refuses: when a
// call comes back is told by Retry-After.
func limits(contexts []meshContext) (resource, error) {
	var patches []any
	for i, b := range buckets() {
		var calls [][]any // of every RPC, whatever they are
		if i > 0 {
			if calls = requestsOf(contexts, b.limit); len(calls) == 0 {
				return resource{}, fmt.Errorf("no RPC counts as %s", b.limit)
			}
		}
		patches = append(patches, map[string]any{
			"applyTo": "HTTP_FILTER",
			"match": map[string]any{"context": "GATEWAY", "listener": map[string]any{"filterChain": map[string]any{"filter": map[string]any{
				"name": "envoy.filters.network.http_connection_manager", "subFilter": map[string]any{"name": "envoy.filters.http.router"},
			}}}},
			"patch": map[string]any{"operation": "INSERT_BEFORE", "value": map[string]any{"name": "shopmesh." + b.limit, "typed_config": b.filter(calls)}},
		})
	}
	return resource{"networking.istio.io/v1alpha3", "EnvoyFilter", metadata{"limits", "shop-ingress"}, map[string]any{
		"priority":         10, // after Istio's own filters are there
		"workloadSelector": map[string]any{"labels": map[string]any{"app": "ingress"}},
		"configPatches":    patches,
	}}, nil
}

// filter is the filter of a bucket that counts the calls whose headers match one of calls; all
// of them where there is none.
func (b bucket) filter(calls [][]any) map[string]any {
	client := map[string]any{"masked_remote_address": map[string]any{"v6_prefix_mask_len": 64}}
	entries := []any{map[string]any{"key": "masked_remote_address"}} // without a value: each gets its own
	actions := []any{map[string]any{"actions": []any{client}}}
	if len(calls) > 0 {
		entries = append([]any{map[string]any{"key": "limit", "value": b.limit}}, entries...)
		actions = nil
	}
	for _, headers := range calls {
		match := map[string]any{"descriptor_key": "limit", "descriptor_value": b.limit, "headers": headers}
		actions = append(actions, map[string]any{"actions": []any{map[string]any{"header_value_match": match}, client}})
	}
	return map[string]any{
		"@type":       "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
		"stat_prefix": "http_local_rate_limit",
		// Nobody is refused for what all together send.
		"token_bucket":    map[string]any{"max_tokens": 1000000, "tokens_per_fill": 1000000, "fill_interval": "1s"},
		"filter_enabled":  map[string]any{"default_value": map[string]any{"numerator": 100}},
		"filter_enforced": map[string]any{"default_value": map[string]any{"numerator": 100}},
		"descriptors": []any{map[string]any{"entries": entries, "token_bucket": map[string]any{
			"max_tokens": b.tokens, "tokens_per_fill": b.fill, "fill_interval": fmt.Sprintf("%ds", b.interval),
		}}},
		"rate_limits":             actions,
		"max_dynamic_descriptors": 10000,
		// gRPC's clients read RESOURCE_EXHAUSTED, not UNAVAILABLE, which they would repeat.
		"rate_limited_as_resource_exhausted": true,
		// The longest that it takes until a call is let through again.
		"response_headers_to_add": []any{map[string]any{"header": map[string]any{"key": "retry-after", "value": strconv.Itoa(b.interval)}}},
	}
}

// requestsOf matches the requests of the RPCs that count as a limit: by procedure, and by REST
// path for each method.
func requestsOf(contexts []meshContext, limit string) [][]any {
	paths := map[string][]string{} // by REST method; by procedure under ""
	for _, c := range contexts {
		for _, r := range c.rpcs {
			if !r.public || r.limit != limit {
				continue
			}
			paths[""] = append(paths[""], regexp.QuoteMeta(r.procedure))
			for _, rest := range r.rest {
				text, constant := rest.expression()
				if constant {
					text = regexp.QuoteMeta(text)
				}
				paths[rest.method] = append(paths[rest.method], text)
			}
		}
	}
	var all [][]any
	for _, method := range []string{"", "GET", "POST", "PUT", "PATCH", "DELETE"} {
		if len(paths[method]) == 0 {
			continue
		}
		slices.Sort(paths[method])
		headers := []any{map[string]any{"name": ":path", "string_match": map[string]any{"safe_regex": map[string]any{
			"regex": "(" + strings.Join(paths[method], "|") + `)(\?.*)?`,
		}}}}
		if method != "" {
			headers = append(headers, map[string]any{"name": ":method", "string_match": map[string]any{"exact": method}})
		}
		all = append(all, headers)
	}
	return all
}
