package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Group is a consumer group of the broker's.
type Group struct {
	// State is the broker's word, such as "Stable".
	State string `json:"state"`
	// Members are the partitions that each member has, as topic/partition, by the member's id.
	Members map[string][]string `json:"members"`
}

// groups asks the broker about consumer groups, and returns them by their names.
func groups(ctx context.Context, args []string) (any, error) {
	var brokers, names string
	if err := parse("groups", args, func(f *flag.FlagSet) {
		f.StringVar(&brokers, "brokers", "", "host:port, separated by commas")
		f.StringVar(&names, "groups", "", "names, separated by commas")
	}); err != nil {
		return nil, err
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(brokers, ",")...))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	described, err := kadm.NewClient(client).DescribeGroups(ctx, strings.Split(names, ",")...)
	if err = errors.Join(err, described.Error()); err != nil {
		return nil, fmt.Errorf("describe groups: %w", err)
	}
	all := map[string]Group{}
	for name, d := range described {
		group := Group{State: d.State, Members: map[string][]string{}}
		for _, member := range d.Members {
			has := []string{}
			if assigned, ok := member.Assigned.AsConsumer(); ok {
				for _, t := range assigned.Topics {
					for _, partition := range t.Partitions {
						has = append(has, fmt.Sprintf("%s/%d", t.Topic, partition))
					}
				}
			}
			slices.Sort(has)
			group.Members[member.MemberID] = has
		}
		all[name] = group
	}
	return all, nil
}
