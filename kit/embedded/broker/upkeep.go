package broker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
)

// keepUp trims and compacts regularly until the context ends.
func (b *Broker) keepUp(ctx context.Context) {
	defer close(b.done)
	ticker := time.NewTicker(b.interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := b.trim(ctx); err != nil && ctx.Err() == nil {
			b.logger.Warn("consumed events are not removed; trying again", "error", err, "pause", b.interval)
		}
	}
}

// trim removes what all have consumed, and compacts the topics that keep their keys' last events.
func (b *Broker) trim(ctx context.Context) error {
	topics, err := b.admin.ListTopics(ctx)
	if err != nil {
		return fmt.Errorf("list the broker's topics: %w", err)
	}
	groups, err := b.groups(ctx)
	if err != nil {
		return err
	}
	var grown bool
	for _, name := range topics.Names() {
		topic := b.cluster.TopicInfo(name)
		if topic == nil { // deleted meanwhile
			continue
		}
		partitions := b.cluster.PartitionInfos(name)
		if isCompacted(topic) {
			grown = b.hasGrown(name, partitions) || grown
			continue
		}
		if err := b.trimTopic(name, partitions, groups); err != nil {
			return err
		}
	}
	if grown {
		b.compact(topics.Names())
	}
	return nil
}

func (b *Broker) trimTopic(name string, partitions []*kfake.PartitionInfo, groups []*kfake.GroupInfo) error {
	for _, partition := range partitions {
		to, ok := trimTarget(name, partition, groups)
		if !ok {
			continue
		}
		if err := b.cluster.DeleteRecords(name, partition.Partition, to); err != nil {
			return fmt.Errorf("trim %s/%d to %d: %w", name, partition.Partition, to, err)
		}
	}
	return nil
}

// trimTarget returns the new first offset of a partition: one before the lowest commit of
// all groups that consume the topic, so that the last record always stays. ok is false
// while such a group has not committed here, and for a topic that no group consumes.
func trimTarget(topic string, partition *kfake.PartitionInfo, groups []*kfake.GroupInfo) (int64, bool) {
	lowest, consumed := partition.HighWatermark, false
	for _, group := range groups {
		if !consumes(group, topic) {
			continue
		}
		commit, ok := group.Commits[topic][partition.Partition]
		if !ok {
			return 0, false
		}
		lowest, consumed = min(lowest, commit.Offset), true
	}
	to := lowest - 1
	return to, consumed && to > partition.LogStartOffset
}

// consumes reports whether a group reads the topic, or did: one without members may come back.
func consumes(group *kfake.GroupInfo, topic string) bool {
	if len(group.Commits[topic]) > 0 {
		return true
	}
	return slices.ContainsFunc(group.Members, func(member kfake.GroupMember) bool {
		return slices.Contains(member.SubscribedTopics, topic)
	})
}

func (b *Broker) groups(ctx context.Context) ([]*kfake.GroupInfo, error) {
	listed, err := b.admin.ListGroups(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the broker's groups: %w", err)
	}
	var groups []*kfake.GroupInfo
	for _, name := range listed.Groups() {
		if group := b.cluster.GroupInfo(name); group != nil {
			groups = append(groups, group)
		}
	}
	return groups, nil
}

func isCompacted(topic *kfake.TopicInfo) bool {
	policy := topic.Configs["cleanup.policy"]
	return policy != nil && strings.Contains(*policy, "compact")
}

// worthCompacting is the size in bytes below which a topic is left alone.
const worthCompacting = 4 << 20

// hasGrown reports whether a compacted topic is twice as large as its last compaction left
// it. Compaction is rare because it rewrites the whole topic while nothing else runs, and
// a kill in the middle of it loses the partition.
func (b *Broker) hasGrown(topic string, partitions []*kfake.PartitionInfo) bool {
	return size(partitions) > max(worthCompacting, 2*b.compacted[topic])
}

func (b *Broker) compact(topics []string) {
	b.cluster.Compact()
	for _, name := range topics {
		if topic := b.cluster.TopicInfo(name); topic != nil && isCompacted(topic) {
			b.compacted[name] = size(b.cluster.PartitionInfos(name))
		}
	}
}

func size(partitions []*kfake.PartitionInfo) int64 {
	var sum int64
	for _, partition := range partitions {
		sum += partition.NumBytes
	}
	return sum
}

// rewindCommits sets every commit that lies beyond its partition's end back to the partition's start.
func (b *Broker) rewindCommits(ctx context.Context) error {
	groups, err := b.groups(ctx)
	if err != nil {
		return err
	}
	for _, group := range groups {
		lost := b.commitsBeyondEnd(group)
		if len(lost) == 0 {
			continue
		}
		b.logger.Warn("the broker lost events that a group had read; the group reads what is left again",
			"group", group.Group, "partitions", lost.KOffsets())
		if err := b.admin.CommitAllOffsets(ctx, group.Group, lost); err != nil {
			return fmt.Errorf("set group %s back: %w", group.Group, err)
		}
	}
	return nil
}

func (b *Broker) commitsBeyondEnd(group *kfake.GroupInfo) kadm.Offsets {
	lost := kadm.Offsets{}
	for topic, commits := range group.Commits {
		for partition, commit := range commits {
			info := b.cluster.PartitionInfo(topic, partition)
			if info != nil && commit.Offset > info.HighWatermark {
				lost.AddOffset(topic, partition, info.LogStartOffset, -1)
			}
		}
	}
	return lost
}
