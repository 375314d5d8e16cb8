package main

import "fmt"

// label is on everything that belongs to a service's canary; the service is its value.
const label = "shopmesh.dev/canary"

// copies are what a canary runs with: the Service and the Deployment of a service, and the
// rules that select its pods, each under the canary's name and with its label app.
func copies(service, image string, replicas int, deployment, kubernetesService object, rules []object) ([]object, error) {
	run := copyOf(deployment, service, canaryOf(service))
	spec, _ := run["spec"].(map[string]any)
	spec["replicas"] = replicas
	template, _ := spec["template"].(map[string]any)
	pod, _ := template["spec"].(map[string]any)
	containers, _ := pod["containers"].([]any)
	found := false
	for _, each := range containers {
		if container, _ := each.(map[string]any); container["name"] == "service" {
			container["image"], found = image, true
		}
	}
	if !found {
		return nil, fmt.Errorf("the Deployment %s has no container named service", service)
	}
	reached := copyOf(kubernetesService, service, canaryOf(service))
	addresses, _ := reached["spec"].(map[string]any)
	for _, given := range []string{"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"} {
		delete(addresses, given) // each Service has its own, from Kubernetes
	}
	all := []object{reached}
	for _, rule := range rules {
		if selects(rule, service) {
			all = append(all, copyOf(rule, service, canaryOf(name(rule))))
		}
	}
	return append(all, run), nil
}

// copyOf is a resource under another name, without what Kubernetes wrote into it, for the pods
// of the canary.
func copyOf(of object, service, name string) object {
	metadata, _ := of["metadata"].(map[string]any)
	spec, _ := relabelled(of["spec"], service).(map[string]any)
	return object{
		"apiVersion": of["apiVersion"], "kind": of["kind"],
		"metadata": map[string]any{
			"name": name, "namespace": metadata["namespace"],
			"labels": map[string]any{"app": canaryOf(service), label: service},
		},
		"spec": spec,
	}
}

// relabelled is a copy in which the label app has the canary's name in place of the service's.
func relabelled(value any, service string) any {
	switch value := value.(type) {
	case map[string]any:
		changed := make(map[string]any, len(value))
		for key, inner := range value {
			if key == "app" && inner == service {
				inner = canaryOf(service)
			}
			changed[key] = relabelled(inner, service)
		}
		return changed
	case []any:
		changed := make([]any, len(value))
		for i, inner := range value {
			changed[i] = relabelled(inner, service)
		}
		return changed
	default:
		return value
	}
}

// selects reports whether a rule is about a service's pods alone, however its kind says so.
func selects(rule object, service string) bool {
	spec, _ := rule["spec"].(map[string]any)
	for _, at := range [][2]string{{"selector", "matchLabels"}, {"workloadSelector", "labels"}, {"podSelector", "matchLabels"}} {
		selector, _ := spec[at[0]].(map[string]any)
		labels, _ := selector[at[1]].(map[string]any)
		if labels["app"] == service {
			return true
		}
	}
	return false
}

func name(of object) string {
	metadata, _ := of["metadata"].(map[string]any)
	text, _ := metadata["name"].(string)
	return text
}
