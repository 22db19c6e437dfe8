package launches

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"tracekit/filter"
	"tracekit/trace"
)

// merged is a file of ranks, each a host with calls and a device with their work, whose ids
// begin again for each rank or go on, whose clocks are apart or not.
func merged(ranks, calls int, collide bool, apart, lag int, rng *rand.Rand) (text string, of map[string]int) {
	var events []string
	of = map[string]int{}
	for r := range ranks {
		host, device := fmt.Sprint(100+r), fmt.Sprint(r)
		of[host], of[device] = r, r
		for i := range calls {
			id := i + 1
			if !collide {
				id += r * calls
			}
			ts := r*apart + i*100 + rng.IntN(50)
			event := `{"ph":"X","cat":"%s","name":"x","pid":%s,"tid":7,"ts":%d,"dur":5,"args":{"correlation":%d}}`
			events = append(events, fmt.Sprintf(event, "cuda_runtime", host, ts, id), fmt.Sprintf(event, "kernel", device, ts+1+rng.IntN(lag), id))
		}
	}
	rng.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	return `{"traceEvents":[` + strings.Join(events, ",\n") + `]}`, of
}

func settled(t *testing.T, text string) *Launches {
	t.Helper()
	s, err := trace.NewSource(strings.NewReader(text), int64(len(text)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	l := New(filter.Given{})
	if _, err := s.SurveyParts(func(p *trace.Part) error { l.Learn(p); return nil }); err != nil {
		t.Fatal(err)
	}
	l.AssignRanks()
	return l
}

// Where the ids of ranks collide, work is of the rank whose calls came before it, whatever the
// order of the file.
func TestRanksByCollidingIDs(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, apart := range []int{0, 13, 37, 5000, -5000} {
		for _, calls := range []int{8, 300} {
			text, of := merged(3, calls, true, apart, 40, rng)
			l := settled(t, text)
			byRank := map[int]int32{}
			for process, pid := range l.Tracks.Processes {
				rank := l.rankOf(process)
				if rank == 0 {
					t.Fatalf("pid %s has no rank", pid)
				}
				if of := of[pid]; byRank[of] == 0 {
					byRank[of] = rank
				} else if byRank[of] != rank && apart != 0 {
					t.Errorf("%d calls, clocks %d µs apart: pid %s is not of rank %d", calls, apart, pid, of)
				}
			}
			if byRank[0] == byRank[1] || byRank[1] == byRank[2] {
				t.Errorf("%d calls, clocks %d µs apart: ranks %v", calls, apart, byRank)
			}
		}
	}
}

func TestNoRanksWhereIDsDoNotCollide(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	one, _ := merged(1, 300, true, 0, 40, rng)
	apart, _ := merged(3, 300, false, 13, 40, rng)
	few, _ := merged(2, leastMet-1, true, 13, 40, rng)
	// Kineto shows waits for a stream on the device, by the ids of their calls.
	waits := one
	for i := range 40 {
		waits = strings.Replace(waits, "[", fmt.Sprintf(`[{"ph":"X","cat":"cuda_sync","name":"Stream Sync","pid":0,"tid":7,"ts":%d,"dur":1,"args":{"correlation":%d}},`, i*100, i+1), 1)
	}
	for name, text := range map[string]string{"one rank": one, "ids of their own": apart, "a chance": few, "waits on the device": waits} {
		l := settled(t, text)
		for process, pid := range l.Tracks.Processes {
			if rank := l.rankOf(process); rank != 0 {
				t.Errorf("%s: pid %s is of rank %d", name, pid, rank)
			}
		}
	}
}
