//go:build mesh

package mesh

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// group is one of consumers, as the broker describes it: its members' partitions.
type group struct {
	State   string
	Members map[string][]string
}

// partitions are all that a group's members have, sorted.
func (g group) partitions() []string {
	var all []string
	for _, has := range g.Members {
		all = append(all, has...)
	}
	slices.Sort(all)
	return all
}

// consumers are the services whose consumers are moved, and their groups.
var consumers = map[string]string{"notification": "shopmesh.notification", "payment": "shopmesh.payment"} //nolint:gochecknoglobals // a constant

// movedWithin is how long partitions may take to find another member.
const movedWithin = 15 * time.Second

// groups asks the broker.
func groups(t *testing.T) map[string]group {
	t.Helper()
	return drive[map[string]group](t, brokerAdmin, "groups", "-brokers", "kafka.shop-data.svc.cluster.local:9092",
		"-groups", strings.Join(slices.Sorted(maps.Values(consumers)), ","))
}

// moved waits until each group has so many members, each with a part of the partitions, and
// none of the partitions is left out. It returns the groups and how long it took.
func moved(t *testing.T, members int, all map[string][]string) (map[string]group, time.Duration) {
	t.Helper()
	began := time.Now()
	var now map[string]group
	eventually(t, movedWithin, func() error {
		now = groups(t)
		for name, g := range now {
			if g.State != "Stable" || len(g.Members) != members {
				return fmt.Errorf("%s is %s with %d members, want %d", name, g.State, len(g.Members), members)
			}
			for member, has := range g.Members {
				if len(has) == 0 {
					return fmt.Errorf("%s: the member %s has no partition of %v", name, member, g.Members)
				}
			}
			if want := all[name]; want != nil && !slices.Equal(g.partitions(), want) {
				return fmt.Errorf("%s: its members have %v, want %v", name, g.partitions(), want)
			}
		}
		return nil
	})
	return now, time.Since(began)
}

// scale sets how many replicas of the consumers there are, and waits for them: those that went
// are gone, too.
func scale(t *testing.T, n int) {
	t.Helper()
	for service := range consumers {
		kubectl(t, "-n", "shop", "scale", "deployment/"+service, fmt.Sprintf("--replicas=%d", n))
	}
	eventually(t, patience, func() error {
		for service := range consumers {
			pods := replicasOf(t, part{namespace: "shop", app: service})
			if len(pods) != n {
				return fmt.Errorf("there are %d pods of %s", len(pods), service)
			}
			for _, p := range pods {
				if err := p.ready(); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Row 15: consumers go from one replica to four and to two, and one stands still meanwhile:
// others have its partitions soon, and nothing has its effect twice.
func TestRow15Consumers(t *testing.T) {
	stock(t)
	defer scale(t, 2) // before the test's context ends
	scale(t, 1)
	one, _ := moved(t, 1, nil)
	all := map[string][]string{}
	for name, g := range one {
		all[name] = g.partitions()
	}
	client := sell(t)
	defer client.remove(t)

	scale(t, 4)
	_, joined := moved(t, 4, all)

	var paused []string
	for service := range consumers {
		paused = append(paused, replicasOf(t, part{namespace: "shop", app: service})[0].id("service"))
	}
	const pause = 20 * time.Second // less than the probes need to have it started again
	signal(t, "-containers", strings.Join(paused, ","), "-signal", "STOP", "-pause", pause.String())
	resumed := time.Now().Add(pause)
	_, missed := moved(t, 3, all)
	wait(t, time.Until(resumed))
	_, returned := moved(t, 4, all)

	scale(t, 2)
	_, left := moved(t, 2, all)
	t.Logf("row 15: the partitions of %v were moved within %v (1→4), %v (one paused), %v (it goes on), %v (4→2); %s",
		slices.Sorted(maps.Keys(consumers)), round(joined), round(missed), round(returned), round(left), client.end(t).judge(t))
}

func round(d time.Duration) time.Duration { return d.Round(100 * time.Millisecond) }
