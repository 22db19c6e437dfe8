package trace

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// at is an event that is shown.
type at struct{ ts, dur Time }

// many are events of a microsecond each, some apart.
func many(n int, from, apart Time) []at {
	var all []at
	for i := range Time(n) {
		all = append(all, at{from + i*apart, 1000})
	}
	return all
}

func TestExtent(t *testing.T) {
	const (
		base  = 6520430064204583000 / 1000 * 1000 // ns: 75 days
		epoch = 1712195495406752750
		ms    = Time(1e6)
	)
	capture := many(100, base, ms)
	for _, c := range []struct {
		name    string
		events  [][]at
		stated  *at
		zero    Time
		last    Time
		outside int64
	}{
		{"nothing", nil, nil, 0, 0, 0},
		{"one", [][]at{{{5, 7}}}, nil, 5, 12, 0},
		{"one at 0", [][]at{{{0, 7}}}, nil, 0, 7, 0},
		{"relative", [][]at{many(10, 0, ms)}, nil, 0, 9*ms + 1000, 0},
		{"broken zeros", [][]at{capture, many(20, 0, 0)}, nil, base, base + 99*ms + 1000, 20},
		{"broken zeros first", [][]at{many(20, 0, 0), capture}, nil, base, base + 99*ms + 1000, 20},
		{"as many zeros as else", [][]at{capture, many(100, 0, 0)}, nil, base, base + 99*ms + 1000, 100},
		{"zeros that last up to the rest", [][]at{capture, {{0, base}}}, nil, base, base + 99*ms + 1000, 1},
		{"zeros before the epoch's time", [][]at{many(100, epoch, ms), many(3, 0, 0)}, nil, epoch, epoch + 99*ms + 1000, 3},
		{"zeros before days of the epoch's time", [][]at{many(100, epoch, day/3), many(3, 0, 0)}, nil, epoch, epoch + 33*day + 1000, 3},
		{"zeros, warm-up days before the stated capture", [][]at{capture, many(5, base-9*day, ms), many(20, 0, 0)}, &at{base, 99 * ms}, base - 9*day, base + 99*ms + 1000, 20},
		{"more zeros than else, but a stated capture", [][]at{capture, many(200, 0, 0)}, &at{base, 99 * ms}, base, base + 99*ms + 1000, 200},
		{"nearly all at 0", [][]at{many(100, 0, 0), {{epoch, 0}}}, nil, 0, 1000, 1},
		{"a clock that begins at 0, and a pause", [][]at{{{0, 10}}, many(100, 50*minute, ms)}, nil, 0, 50*minute + 99*ms + 1000, 0},
		{"a clock that begins at 0, hours of work", [][]at{{{0, 10}}, many(100, 10*hour, minute)}, nil, 0, 10*hour + 99*minute + 1000, 0},
		{"a stated capture near 0", [][]at{{{0, 10}}, many(100, 5*second, ms)}, &at{5 * second, 99 * ms}, 0, 5*second + 99*ms + 1000, 0},
		{"warm-up weeks before the capture", [][]at{many(50, base-40*day, ms), capture}, &at{base, 99 * ms}, base - 40*day, base + 99*ms + 1000, 0},
		{"others of years later", [][]at{capture, many(7, epoch, ms)}, nil, base, base + 99*ms + 1000, 7},
		{"others of years before", [][]at{many(100, epoch, ms), many(7, base, ms)}, nil, epoch, epoch + 99*ms + 1000, 7},
		{"200 days apart", [][]at{capture, many(2, base+200*day, ms)}, nil, base, base + 99*ms + 1000, 2},
		{"200 days apart in years of work", [][]at{many(100, base, 10*day), many(2, base+1200*day, ms)}, nil, base, base + 1200*day + ms + 1000, 0},
		{"a slice of 30 days", [][]at{many(3, 1000, 20_000), {{100_000, 30 * day}}}, nil, 1000, 42_000, 1},
		{"slices of 30 days and 236 years", [][]at{many(3, 1000, 20_000), {{100_000, 30 * day}, {120_000, 86195 * day}}}, nil, 1000, 42_000, 2},
		{"a slice of 7 days in a stated capture", [][]at{many(100, base, 100*ms), {{base + 5*ms, 7 * day}}}, &at{base, 10 * second}, base, base + 9900*ms + 1000, 1},
		{"a slice of 30 days in a month of work", [][]at{many(100, base, hour), {{base, 30 * day}}}, nil, base, base + 30*day, 0},
		{"a job of 25 hours beside shorter ones", [][]at{{{base, hour}, {base + ms, 2 * hour}, {base + 2*ms, 25 * hour}}}, nil, base, base + 2*ms + 25*hour, 0},
		{"nothing but long ones", [][]at{{{base, 30 * day}, {base + 5, 31 * day}, {base + 9, 29 * day}}}, nil, base, base + 5 + 31*day, 0},
		{"a long one alone", [][]at{{{base, 300 * day}}}, nil, base, base + 300*day, 0},
		{"a slice of 7 days from 0 on", [][]at{many(100, 0, ms), {{0, 7 * day}}}, nil, 0, 99*ms + 1000, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var times Times
			all := slices.Concat(c.events...)
			for _, e := range all {
				times.Add(e.ts, e.dur)
			}
			if c.stated != nil {
				times.State([]byte("PyTorch Profiler (0)"), c.stated.ts, c.stated.dur)
			}
			x, groups := times.Extent()
			if x.Zero != c.zero || x.Last != c.last || x.Outside != c.outside {
				t.Errorf("from %d to %d, %d outside, want %d to %d, %d", x.Zero, x.Last, x.Outside, c.zero, c.last, c.outside)
			}
			out, ruler := int64(0), MaxTime
			for _, e := range all {
				ruler = min(ruler, e.ts)
				if !x.Holds(e.ts, e.dur) {
					out++
				}
			}
			var grouped int64
			for _, g := range groups {
				grouped += g.n
			}
			if out != x.Outside || grouped != x.Outside {
				t.Errorf("%d events are not held, %d in groups, and %d counted as outside", out, grouped, x.Outside)
			}
			if len(all) > 0 && x.Ruler != ruler {
				t.Errorf("the ruler begins at %d, want %d", x.Ruler, ruler)
			}
		})
	}
}

// However events come in blocks, and whether they are kept or only summed up, the
// extent is that of all of them.
func TestExtentOfParts(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 11))
	starts := []Time{0, 1, 5000, hour, 75 * day, 75*day + second, 19800 * day, MaxTime - 5}
	durs := []Time{0, 10, second, day, 30 * day, MaxTime}
	for range 300 {
		var text strings.Builder
		var all Times
		text.WriteString("[")
		lead := ""
		for range 1 + rng.IntN(60) {
			ts, dur := starts[rng.IntN(1+rng.IntN(len(starts)))]+Time(rng.IntN(3)), durs[rng.IntN(1+rng.IntN(len(durs)))]
			ph := "XXXXiEM"[rng.IntN(7)]
			fmt.Fprintf(&text, `%s{"ph":"%c","name":"a","cat":"c","pid":1,"tid":1,"ts":%s,"dur":%s}`, lead, ph, AppendMicros(nil, ts), AppendMicros(nil, dur))
			lead = ",\n"
			switch ph {
			case 'X':
				all.Add(ts, dur)
			case 'i':
				all.Add(ts, 0)
			case 'E':
				all.AddEnd(ts)
			}
		}
		if rng.IntN(2) == 0 {
			fmt.Fprintf(&text, `%s{"ph":"X","name":"PyTorch Profiler (0)","cat":"Trace","pid":"Spans","tid":"PyTorch Profiler","ts":%s,"dur":1000}`, lead, AppendMicros(nil, 75*day))
			all.Add(75*day, ms1)
			all.State([]byte("PyTorch Profiler (0)"), 75*day, ms1)
		}
		text.WriteString("]")
		want, _ := all.Extent()
		for _, visit := range []func(*Event) error{nil, func(*Event) error { return nil }} {
			s, err := NewSource(strings.NewReader(text.String()), int64(text.Len()), SourceOptions{})
			if err != nil {
				t.Fatal(err)
			}
			v, err := s.Survey(visit)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, v.Extent); diff != "" {
				t.Fatalf("read whole: %v\n%s\n%s", visit != nil, diff, text.String())
			}
		}
	}
}

const ms1 = Time(1e6)

// The end of a begin is judged as that of a complete slice.
func TestExtentOfEnds(t *testing.T) {
	for _, c := range []struct {
		name    string
		begins  []at
		end     Time
		last    Time
		outside int64
	}{
		{"an end within", many(100, second, second), 50 * second, 100*second + 1000, 0},
		{"an end 30 days behind a hundred seconds", many(100, second, second), 30 * day, 100*second + 1000, 1},
		{"an end 30 days behind two days", many(100, second, day/50), 30 * day, 30 * day, 0},
		{"an end alone", nil, 30 * day, 30 * day, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var times Times
			times.AddEnd(c.end)
			for _, e := range c.begins {
				times.Add(e.ts, e.dur)
			}
			if x, _ := times.Extent(); x.Outside != c.outside || c.begins != nil && x.Last != c.last {
				t.Errorf("%d outside, last %d; want %d, %d", x.Outside, x.Last, c.outside, c.last)
			}
		})
	}
}
