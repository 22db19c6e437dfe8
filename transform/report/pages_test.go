package report

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/trace"
)

// A map judges pages, whatever number of cells take turns.
func TestPagesAreAMap(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 3))
		var p pages
		want := map[cellKey]trace.Time{}
		cells := 1 + rng.IntN(200)
		for range 2000 {
			cell := int32(rng.IntN(cells))
			p.turn(cell)
			for range rng.IntN(5) {
				number, d := int32(rng.IntN(40)), trace.Time(1+rng.IntN(100))
				p.add(number, d)
				want[cellKey{number, cell}] += d
			}
		}
		cmptest.Same(t, fmt.Sprint("seed ", seed), want, maps.Collect(p.sums()))
	}
}

// A map judges the spots of launches, whatever their numbers are.
func TestLaunchSpotsAreAMap(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 4))
	var l launchSpots
	want := map[int32]int32{}
	number := func() int32 {
		if rng.IntN(2) == 0 {
			return int32(rng.Uint32())
		}
		return int32(rng.IntN(100) - 50)
	}
	for range 3000 {
		if n := number(); n != 0 {
			want[n] = int32(rng.IntN(50))
			l.set(n, want[n])
		}
		n := number()
		spot, ok := want[n]
		if !ok {
			spot = -1
		}
		if got := l.of(n); got != spot {
			t.Fatalf("launch %d: spot %d, want %d", n, got, spot)
		}
	}
}

// Where the last one stood says nothing of what a correlation is.
func TestCorrelationsAreFoundWhereverTheyStand(t *testing.T) {
	var c correlations
	all := []struct {
		args string
		want int32
	}{
		{`{"stream":7,"correlation":12}`, 12}, {`{"stream":7,"correlation":13,"a":1}`, 13}, {`{"stream":17,"correlation": 14}`, 14},
		{`{}`, 0}, {`{"correlation":"15"}`, 15}, {`{"stream":7,"Correlation":16}`, 0}, {`{"stream":7,"correlation":17}`, 17}, {`{"stream":7,"correlation":"x"}`, 0},
	}
	var text []string
	for _, f := range all {
		text = append(text, fmt.Sprintf(`{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":1,"args":%s}`, f.args))
	}
	at := 0
	doc := "[" + strings.Join(text, ",") + "]"
	s, err := trace.NewSource(strings.NewReader(doc), int64(len(doc)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = s.SurveyParts(func(p *trace.Part) error {
		for i := range p.Events {
			if got := c.of(&p.Events[i]); got != all[at].want {
				t.Errorf("%s: %d, want %d", all[at].args, got, all[at].want)
			}
			at++
		}
		return nil
	})
	if err != nil || at != len(all) {
		t.Errorf("%d events: %v", at, err)
	}
}
