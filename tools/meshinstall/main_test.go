package main

import (
	"testing"

	"go.yaml.in/yaml/v3"
)

// What is stated is added to what is there, however often it is merged.
func TestMergingKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	held := "rootNamespace: istio-system\naccessLogFile: \"\"\ndefaultConfig: {discoveryAddress: istiod, proxyStatsMatcher: {inclusionRegexps: [a]}}\nextensionProviders: [{name: other, prometheus: {}}]\n"
	over := "accessLogFile: /dev/stdout\ndefaultConfig: {concurrency: 2, proxyStatsMatcher: {inclusionRegexps: [b]}}\nextensionProviders: [{name: otlp, opentelemetry: {port: 4317}}]\n"
	want := "accessLogFile: /dev/stdout\ndefaultConfig:\n    concurrency: 2\n    discoveryAddress: istiod\n    proxyStatsMatcher:\n        inclusionRegexps:\n            - a\n            - b\n" +
		"extensionProviders:\n    - name: other\n      prometheus: {}\n    - name: otlp\n      opentelemetry:\n        port: 4317\nrootNamespace: istio-system\n"
	for range 2 {
		merged, err := merge([]byte(held), []byte(over))
		if err != nil {
			t.Fatal(err)
		}
		var got, wanted any
		if yaml.Unmarshal(merged, &got) != nil || yaml.Unmarshal([]byte(want), &wanted) != nil {
			t.Fatalf("%s is no YAML", merged)
		}
		first, _ := yaml.Marshal(got)
		second, _ := yaml.Marshal(wanted)
		if string(first) != string(second) {
			t.Fatalf("merged to\n%s\nwant\n%s", first, second)
		}
		held = string(merged)
	}
}
