package trace

import (
	"fmt"
	"sync"
	"testing"
)

// TestKnownTracksAreSafeForConcurrentUse: others that know the tracks of one may meet new ones
// at the same time; what all knew keeps its number.
func TestKnownTracksAreSafeForConcurrentUse(t *testing.T) {
	event := func(tid int) *Event {
		text := fmt.Sprintf(`{"pid":1,"tid":%d,"ph":"X"}`, tid)
		var e Event
		if _, st := scanEvent([]byte(text), 0, 0, maxNesting, &e); st != scanned {
			t.Fatal(text)
		}
		return &e
	}
	var first Tracks
	for tid := 1; tid <= 5; tid++ {
		first.Of(event(tid))
	}
	all := []*Tracks{&first, first.Known(), first.Known()}
	var wait sync.WaitGroup
	for n, tracks := range all {
		wait.Go(func() {
			for i := 1; i <= 100; i++ {
				tid := i + n*1000*(i/6) // five that all know, and then each its own
				if got := tracks.Of(event(tid)); got != i-1 {
					t.Errorf("the %d-th thread of the %d-th has the number %d", i, n, got)
				}
			}
		})
	}
	wait.Wait()
	for n, tracks := range all {
		if len(tracks.All) != 100 {
			t.Errorf("the %d-th knows %d threads", n, len(tracks.All))
		}
	}
}

// An event without ids is on a track of process 0, whatever came first.
func TestAnEventWithoutIDsHasItsOwnTrack(t *testing.T) {
	var tracks Tracks
	first, bare := &Event{}, &Event{}
	for e, text := range map[*Event]string{first: `{"ph":"X","pid":1,"tid":2}`, bare: `{"ph":"X"}`} {
		if _, st := scanEvent([]byte(text), 0, 0, maxNesting, e); st != scanned {
			t.Fatal(text)
		}
	}
	if a, b := tracks.Of(first), tracks.Of(bare); a == b || tracks.All[b].Pid != "0" || tracks.Of(bare) != b {
		t.Errorf("tracks %d and %d: %v", a, b, tracks.All)
	}
}
