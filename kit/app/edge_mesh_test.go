package app_test

import (
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	edgev1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/edge/v1"
	"github.com/shopmesh/shopmesh/kit/limit"
	"github.com/shopmesh/shopmesh/kit/settings"
)

// The ingress of the mesh limits clients as one process does: the same quotas in the same times.
func TestTheMeshLimitsAsOneProcess(t *testing.T) {
	t.Parallel()
	const file = "../../mesh/istio/gen/limits.yaml"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defaults := settings.Defaults[*edgev1.Settings]()
	want := map[string]limit.Rate{}
	for name, text := range map[string]string{
		"": defaults.GetReadsRate(), "LIMIT_ORDERS": defaults.GetOrdersRate(), "LIMIT_SIGN_IN": defaults.GetSignInRate(), "LIMIT_MAILS": defaults.GetMailsRate(),
	} {
		if want[name], err = limit.ParseRate(text); err != nil {
			t.Fatal(err)
		}
	}
	bucket := regexp.MustCompile(`(?:value: (LIMIT_\w+)\n\s+)?- key: masked_remote_address\n\s+token_bucket:\n\s+fill_interval: (\d+s)\n\s+max_tokens: (\d+)\n\s+tokens_per_fill: (\d+)`)
	number := func(text string) int {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	found := bucket.FindAllStringSubmatch(string(text), -1)
	if len(found) != len(want) {
		t.Errorf("%s has %d limits by address, want %d", file, len(found), len(want))
	}
	for _, b := range found {
		rate, ok := want[b[1]]
		if !ok {
			t.Errorf("%s limits %q, which one process does not", file, b[1])
			continue
		}
		every, err := time.ParseDuration(b[2])
		if err != nil {
			t.Fatal(err)
		}
		most, each := number(b[3]), number(b[4])
		if most != rate.Quota || time.Duration(most/each)*every != rate.Window {
			t.Errorf("%s allows %d calls of %q in %v, one process %d in %v", file, most, b[1], time.Duration(most/each)*every, rate.Quota, rate.Window)
		}
	}
}
