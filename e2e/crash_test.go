//go:build crashpoints

package e2e

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/kit/crashpoint"
)

var (
	crashAt     = flag.String("crash.at", "", "die only at this point: \"STORY: POINT\"")
	crashSample = flag.Int("crash.sample", 0, "die at this many points only, chosen at random; 0 for all")
	crashSeed   = flag.Uint64("crash.seed", uint64(time.Now().UnixNano()), "what the sample is chosen with")
	crashList   = flag.Bool("crash.list", false, "list the crashes, and die nowhere")
	crashEvery  = flag.Bool("crash.every", false, "die at every point of every story, not once at each")
)

// stop is a run of a story in which the shop dies at a point.
type stop struct {
	story crashStory
	point crashpoint.Point
}

func (s stop) String() string { return s.story.name + ": " + string(s.point) }

// The shop is stopped at every boundary that the stories cross, one at a time, and
// started again: the story comes to the same end, and the audit finds nothing. The
// boundaries are those that the running shop reports it crosses; each one that the source
// has must be among them.
func TestCrashPoints(t *testing.T) {
	tpl := newTemplate(t)
	runs := runWhole(t, tpl)
	if t.Failed() {
		return
	}
	stops := plan(runs)
	if *crashAt == "" {
		mustCrossAll(t, runs)
		if *crashList {
			for _, s := range stops {
				report("%s", s)
			}
			return
		}
		if *crashSample > 0 && *crashSample < len(stops) {
			report("%d of %d crashes, chosen with -crash.seed=%d", *crashSample, len(stops), *crashSeed)
			slices.SortFunc(stops, func(a, b stop) int { return strings.Compare(a.String(), b.String()) })
			random := rand.New(rand.NewPCG(*crashSeed, 0))
			random.Shuffle(len(stops), func(i, j int) { stops[i], stops[j] = stops[j], stops[i] })
			stops = stops[:*crashSample]
		}
	}
	all := pointsOf(runs)
	died, passed := runStopped(t, tpl, runs, stops)
	report("%d of %d crash points covered by %d crashes", len(died), len(all), len(stops))
	if *crashAt != "" || *crashSample > 0 {
		return
	}
	for _, p := range all {
		if !died[p] {
			t.Errorf("not covered: %s", p)
		}
	}
	for p := range passed {
		if _, known := slices.BinarySearch(all, p); !known {
			report("passed only by a shop that died before, and not died at: %s", p)
		}
	}
}

// report reports to whoever runs the verb: a test's log is shown only when it fails.
func report(format string, args ...any) { _, _ = fmt.Fprintf(os.Stdout, format+"\n", args...) }

// whole is a story as it goes when nothing dies.
type whole struct {
	story     crashStory
	crossings []crashpoint.Crossing
	// part is how many crossings came before the story's own part; 0 where it has none.
	part int
	end  string
}

// runWhole runs every story (or that of the one point) in a shop of its own.
func runWhole(t *testing.T, tpl template) []whole {
	stories := crashStories()
	if *crashAt != "" {
		name, _, _ := strings.Cut(*crashAt, ": ")
		stories = slices.DeleteFunc(stories, func(s crashStory) bool { return s.name != name })
		if len(stories) == 0 {
			t.Fatalf("-crash.at=%q: no story is called %q", *crashAt, name)
		}
	}
	all := make([]whole, len(stories))
	t.Run("whole", func(t *testing.T) {
		for i, story := range stories {
			t.Run(story.name, func(t *testing.T) {
				t.Parallel()
				s := tpl.revive(t, story, "")
				all[i] = whole{story: story, end: s.runStory(story)}
				all[i].crossings, all[i].part = s.crossings(), s.part
			})
		}
	})
	return all
}

// runStory runs a story to its end, stops the shop, and returns what it left behind. A
// shop that died while it stopped is looked at once more.
func (s *survivor) runStory(story crashStory) string {
	s.t.Helper()
	story.run(s)
	s.quiet()
	end := s.end(story.race)
	if code := s.stop(); code == 0 {
		return end
	}
	s.bury(errorf("SIGTERM"))
	s.begin()
	s.quiet()
	again := s.end(story.race)
	if again != end {
		s.t.Errorf("before the shop stopped:\n%s\nafter it died meanwhile:\n%s", end, again)
	}
	return again
}

// plan chooses where to die: at each point once, in the first story that reaches it, or,
// where every is set, in each; and at each point that a story first reaches in its own
// part, but for those that are named by a caller: timers and the shutdown cross them in
// every story. Several points of one crossing need one death.
func plan(runs []whole) []stop {
	var stops []stop
	seen := map[crashpoint.Point]bool{}
	for _, w := range runs {
		if *crashAt != "" {
			_, point, _ := strings.Cut(*crashAt, ": ")
			return []stop{{w.story, crashpoint.Point(point)}}
		}
		if *crashEvery {
			clear(seen)
		}
		here := map[crashpoint.Point]bool{}
		for i, c := range w.crossings {
			own := w.part > 0 && i >= w.part
			first := ""
			for _, p := range c.Points {
				if first == "" && (!seen[p] || own && !here[p] && !strings.HasPrefix(p.What(), "by ")) {
					first = string(p)
				}
				seen[p], here[p] = true, true
			}
			if first != "" {
				stops = append(stops, stop{w.story, crashpoint.Point(first)})
			}
		}
	}
	return stops
}

func pointsOf(runs []whole) []crashpoint.Point {
	var all []crashpoint.Point
	for _, w := range runs {
		for _, c := range w.crossings {
			all = append(all, c.Points...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// runStopped runs the stories again with a death in each, and returns the points
// at which a process died, and all that were passed.
func runStopped(t *testing.T, tpl template, runs []whole, stops []stop) (died, passed map[crashpoint.Point]bool) {
	var mu sync.Mutex
	died, passed = map[crashpoint.Point]bool{}, map[crashpoint.Point]bool{}
	ends := map[string]string{}
	for _, w := range runs {
		ends[w.story.name] = w.end
	}
	t.Run("stopped", func(t *testing.T) {
		for _, at := range stops {
			t.Run(at.String(), func(t *testing.T) {
				t.Parallel()
				crossings := runUntilDead(t, tpl, at, ends[at.story.name])
				mu.Lock()
				defer mu.Unlock()
				for _, c := range crossings {
					for _, p := range c.Points {
						passed[p] = true
						died[p] = died[p] || c.Died
					}
				}
			})
		}
	})
	maps.DeleteFunc(died, func(_ crashpoint.Point, did bool) bool { return !did })
	return died, passed
}

// attempts is how often a story is run until it reaches its point: what travels
// together in a batch differs from time to time.
const attempts = 5

// runUntilDead runs a story in which the shop dies, compares its end with the
// whole story's, and returns what the shop crossed in both its lives.
func runUntilDead(t *testing.T, tpl template, at stop, end string) []crashpoint.Crossing {
	for range attempts {
		s := tpl.revive(t, at.story, at.point)
		got := s.runStory(at.story)
		if got != end {
			t.Errorf("it ended as\n%s\nand without a crash as\n%s\nreplay: make crashpoints ARGS='-crash.at=\"%s\"'", got, end, at)
		}
		if s.died {
			return s.crossings()
		}
	}
	t.Errorf("the shop did not come to %q in %d attempts", at, attempts)
	return nil
}
