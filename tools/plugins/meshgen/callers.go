package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// call is that a service calls an RPC of another.
type call struct {
	caller, callee string
	rpc            rpc
}

// everyService stands in callers.yaml for all services but the one that is called.
const everyService = "*"

// withoutRPCs is a service that has pages and no RPC: it calls, and no contract names it.
const withoutRPCs = "storefront"

// readCallers reads callers.yaml: by caller and callee the RPCs, as "OrderService/GetOrder".
func readCallers(text []byte, contexts []meshContext) ([]call, error) {
	var written map[string]map[string][]string
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&written); err != nil {
		return nil, err
	}
	known := map[string]meshContext{}
	for _, c := range contexts {
		known[c.name] = c
	}
	services := slices.Sorted(maps.Keys(known))
	if _, listed := written[withoutRPCs]; listed {
		services = append(services, withoutRPCs)
	}
	var calls []call
	for _, caller := range slices.Sorted(maps.Keys(written)) {
		callers := []string{caller}
		if caller == everyService {
			callers = services
		} else if !slices.Contains(services, caller) {
			return nil, fmt.Errorf("there is no service %s", caller)
		}
		for _, callee := range slices.Sorted(maps.Keys(written[caller])) {
			for _, name := range written[caller][callee] {
				i := slices.IndexFunc(known[callee].rpcs, func(r rpc) bool { return r.service+"/"+r.method == name })
				if i < 0 {
					return nil, fmt.Errorf("%s calls %s of %s, which has no such RPC", caller, name, callee)
				}
				for _, from := range callers {
					if from != callee {
						calls = append(calls, call{from, callee, known[callee].rpcs[i]})
					}
				}
			}
		}
	}
	slices.SortFunc(calls, func(a, b call) int {
		return strings.Compare(a.callee+" "+a.caller+" "+a.rpc.procedure, b.callee+" "+b.caller+" "+b.rpc.procedure)
	})
	for i := 1; i < len(calls); i++ {
		if a, b := calls[i-1], calls[i]; a.caller == b.caller && a.rpc.procedure == b.rpc.procedure {
			return nil, fmt.Errorf("%s calls %s twice", a.caller, a.rpc.procedure)
		}
	}
	return calls, nil
}
