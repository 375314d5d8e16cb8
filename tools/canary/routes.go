package main

import (
	"fmt"
	"slices"
	"strings"
)

// object is a resource of Kubernetes as its API returns it.
type object map[string]any

// servicePort is where the RPCs of others arrive. Operators' calls go to 9090, which stays with
// the service: they name whom they mean.
const servicePort = 8080

// canaryOf is the name of a service's canary, of its Deployment, its Service and its host.
func canaryOf(service string) string { return service + "-canary" }

// hostOf is the name by which routes lead to a Service.
func hostOf(service, namespace string) string {
	return service + "." + namespace + ".svc.cluster.local"
}

// share returns the routes of a VirtualService with weight percent of the calls to a service's
// port led to its canary, and how many of them are led there now. With 0 they are as meshgen
// writes them. names are the routes that it is about; none means all of the service.
func share(virtualService object, service, namespace string, weight int, names []string) (routes []any, led int, err error) {
	spec, _ := virtualService["spec"].(map[string]any)
	routes, _ = spec["http"].([]any)
	routes = slices.Clone(routes)
	for i, each := range routes {
		route, _ := each.(map[string]any)
		name, _ := route["name"].(string)
		if !leadsTo(route, hostOf(service, namespace)) || len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		if strange := others(route, service, namespace); len(strange) > 0 {
			return nil, 0, fmt.Errorf("the route %s leads to %s, too: end what divides it first", name, strings.Join(strange, ", "))
		}
		changed := make(map[string]any, len(route))
		for key, value := range route {
			changed[key] = value
		}
		changed["route"] = destinations(service, namespace, weight)
		routes[i] = changed
		led++
	}
	return routes, led, nil
}

func destinations(service, namespace string, weight int) []any {
	to := func(name string) map[string]any {
		return map[string]any{"destination": map[string]any{"host": hostOf(name, namespace), "port": map[string]any{"number": servicePort}}}
	}
	stable, canary := to(service), to(canaryOf(service))
	if weight == 0 {
		return []any{stable} // without a weight, as it was
	}
	stable["weight"], canary["weight"] = 100-weight, weight
	return []any{stable, canary}
}

// hosts are where a route leads, each with its port.
func hosts(route map[string]any) (to []string) {
	list, _ := route["route"].([]any)
	for _, each := range list {
		one, _ := each.(map[string]any)
		destination, _ := one["destination"].(map[string]any)
		port, _ := destination["port"].(map[string]any)
		to = append(to, fmt.Sprintf("%v:%v", destination["host"], port["number"]))
	}
	return to
}

func leadsTo(route map[string]any, host string) bool {
	return slices.Contains(hosts(route), fmt.Sprintf("%s:%d", host, servicePort))
}

// others are where a route leads beside a service and its canary.
func others(route map[string]any, service, namespace string) []string {
	return slices.DeleteFunc(hosts(route), func(host string) bool {
		return host == fmt.Sprintf("%s:%d", hostOf(service, namespace), servicePort) ||
			host == fmt.Sprintf("%s:%d", hostOf(canaryOf(service), namespace), servicePort)
	})
}
