package trace_test

import (
	"strings"
	"testing"

	"go.opentelemetry.io/otel/trace"

	kittrace "github.com/shopmesh/shopmesh/kit/trace"
)

const example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

// What is written into a row is read again as the same span.
func TestATraceSurvivesARow(t *testing.T) {
	t.Parallel()
	span := kittrace.Parse(example)
	if !span.IsValid() || !span.IsRemote() || !span.IsSampled() {
		t.Fatalf("read %v", span)
	}
	if got := kittrace.Format(span); got != example {
		t.Errorf("wrote %q", got)
	}
	if got := kittrace.FromContext(trace.ContextWithRemoteSpanContext(t.Context(), kittrace.Parse(example))); got != example {
		t.Errorf("went on as %q", got)
	}
	if got := kittrace.ID(example); got != "4bf92f3577b34da6a3ce929d0e0e4736" {
		t.Errorf("id %q", got)
	}
}

// A later version of the header may hold more fields: what is known of it is used, as
// the standard wants.
func TestALaterVersionIsRead(t *testing.T) {
	t.Parallel()
	if got := kittrace.ID("cc" + strings.TrimPrefix(example, "00") + "-what-comes-later"); got != "4bf92f3577b34da6a3ce929d0e0e4736" {
		t.Errorf("id %q", got)
	}
}

func TestWhatIsNoTrace(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "00-zz", strings.ToUpper(example), example + "-more", "ff" + strings.TrimPrefix(example, "00"),
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
	} {
		if kittrace.Parse(text).IsValid() || kittrace.ID(text) != "" {
			t.Errorf("%q became a trace", text)
		}
	}
	if kittrace.Format(trace.SpanContext{}) != "" || kittrace.IDOf(trace.SpanContext{}) != "" || kittrace.FromContext(t.Context()) != "" {
		t.Error("nothing became a trace")
	}
}

// What others wrote is kept as it is where it has the form of today, and formatted again or
// dropped where it has not.
func TestATraceparentOfOthersIsReadOnce(t *testing.T) {
	t.Parallel()
	const id, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	const today = "00-" + id + "-" + span + "-01"
	for given, want := range map[string]string{
		today: today, "01-" + id + "-" + span + "-01-what-comes-later": today, "": "", "00-" + id: "", "00-" + strings.ToUpper(id) + "-" + span + "-01": "",
		"00-00000000000000000000000000000000-" + span + "-01": "",
	} {
		got, parsed := kittrace.Read(given)
		if got != want || parsed.IsValid() != (want != "") || kittrace.Format(parsed) != want {
			t.Errorf("%q: %q, %v, want %q", given, got, parsed, want)
		}
	}
}
