package main

import (
	"fmt"
	"regexp"
	"slices"
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
// of IPv6 by its /64, as the services count where nothing stands before them.
func limits(contexts []meshContext) (resource, error) {
	client := map[string]any{"masked_remote_address": map[string]any{"v6_prefix_mask_len": 64}}
	var descriptors, actions []any
	for i, b := range buckets() {
		entries := []any{map[string]any{"key": "masked_remote_address"}} // without a value: each gets its own
		kinds := [][]any{{client}}
		if i > 0 {
			entries = append([]any{map[string]any{"key": "limit", "value": b.limit}}, entries...)
			kinds = nil
			for _, match := range requestsOf(contexts, b.limit) {
				kinds = append(kinds, []any{map[string]any{"header_value_match": map[string]any{
					"descriptor_key": "limit", "descriptor_value": b.limit, "headers": match,
				}}, client})
			}
			if len(kinds) == 0 {
				return resource{}, fmt.Errorf("no RPC counts as %s", b.limit)
			}
		}
		descriptors = append(descriptors, map[string]any{"entries": entries, "token_bucket": map[string]any{
			"max_tokens": b.tokens, "tokens_per_fill": b.fill, "fill_interval": fmt.Sprintf("%ds", b.interval),
		}})
		for _, kind := range kinds {
			actions = append(actions, map[string]any{"actions": kind})
		}
	}
	filter := map[string]any{
		"@type":       "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
		"stat_prefix": "http_local_rate_limit",
		// Nobody is refused for what all together send.
		"token_bucket":            map[string]any{"max_tokens": 1000000, "tokens_per_fill": 1000000, "fill_interval": "1s"},
		"filter_enabled":          map[string]any{"default_value": map[string]any{"numerator": 100}},
		"filter_enforced":         map[string]any{"default_value": map[string]any{"numerator": 100}},
		"descriptors":             descriptors,
		"rate_limits":             actions,
		"max_dynamic_descriptors": 10000,
		// gRPC's clients read RESOURCE_EXHAUSTED, not UNAVAILABLE, which they would repeat.
		"rate_limited_as_resource_exhausted": true,
		"response_headers_to_add":            []any{map[string]any{"header": map[string]any{"key": "retry-after", "value": "6"}}},
	}
	return resource{"networking.istio.io/v1alpha3", "EnvoyFilter", metadata{"limits", "shop-ingress"}, map[string]any{
		"priority":         10, // after Istio's own filters are there
		"workloadSelector": map[string]any{"labels": map[string]any{"app": "ingress"}},
		"configPatches": []any{map[string]any{
			"applyTo": "HTTP_FILTER",
			"match": map[string]any{"context": "GATEWAY", "listener": map[string]any{"filterChain": map[string]any{"filter": map[string]any{
				"name": "envoy.filters.network.http_connection_manager", "subFilter": map[string]any{"name": "envoy.filters.http.router"},
			}}}},
			"patch": map[string]any{"operation": "INSERT_BEFORE", "value": map[string]any{"name": "envoy.filters.http.local_ratelimit", "typed_config": filter}},
		}},
	}}, nil
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
