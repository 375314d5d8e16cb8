package kafka

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/shopmesh/shopmesh/kit/crashpoint"
)

// boundaries marks a group member's offset commits, in a build with crash points.
func boundaries(group string) []kgo.Opt {
	before := func(*kmsg.OffsetCommitRequest) error {
		crashpoint.Cross("before offset commit", group)
		return nil
	}
	return []kgo.Opt{
		kgo.WithContext(kgo.PreCommitFnContext(context.Background(), before)),
		kgo.WithHooks(offsetCommits{group}),
	}
}

// offsetCommits sees the answers to offset commits.
type offsetCommits struct{ group string }

// OnBrokerRead is after each answer of the broker.
func (o offsetCommits) OnBrokerRead(_ kgo.BrokerMetadata, key int16, _ int, _, _ time.Duration, err error) {
	if key == kmsg.NewPtrOffsetCommitRequest().Key() && err == nil {
		crashpoint.Cross("after offset commit", o.group)
	}
}
