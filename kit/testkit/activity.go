package testkit

import (
	"testing"

	activityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/activity/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
)

// Recorded returns the entries of the activity log that were published on the topics of
// events, once there are count.
func Recorded(tb testing.TB, events *Events, count int) []*activityv1.Activity {
	tb.Helper()
	var entries []*activityv1.Activity
	for _, event := range events.Wait(count, func(e consumer.Event) bool { return e.Type == "shopmesh.activity.v1.ActivityRecorded" }) {
		var recorded activityv1.ActivityRecorded
		if err := consumer.Decode(event, &recorded); err != nil {
			tb.Fatal(err)
		}
		if id := recorded.GetActivity().GetId(); id != event.Key.String() {
			tb.Errorf("the entry %s has the key %s", id, event.Key)
		}
		entries = append(entries, recorded.GetActivity())
	}
	return entries
}

// Described writes an entry's RPC, resource and changes in one line, for comparisons.
func Described(entry *activityv1.Activity) string {
	text := entry.GetRpc() + " " + entry.GetResource() + ":"
	for _, c := range entry.GetChanges() {
		if text += " " + c.GetPath(); c.GetRedacted() {
			text += "=(redacted)"
			continue
		}
		text += "=" + c.GetOldValue() + "→" + c.GetNewValue()
	}
	return text
}
