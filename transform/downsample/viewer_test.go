package downsample

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"tracekit/trace"
	"tracekit/transform/check"
)

// clean reports whether a viewer would show all of a trace as it is.
func clean(t *testing.T, data []byte) (bool, string) {
	t.Helper()
	rep, err := check.Run(context.Background(), bytes.NewReader(data), int64(len(data)), check.Options{Temp: create})
	if err != nil {
		t.Fatal(err)
	}
	return rep.Clean, fmt.Sprint(rep.Findings)
}

// forest makes slices that nest, of which many begin and end together, some with
// begins and ends and some complete.
type forest struct {
	rng  *rand.Rand
	text []string
}

func (f *forest) grow(from, to, depth int) {
	for from < to {
		start := from + f.rng.IntN(2)*f.rng.IntN(to-from)
		end := start + 1 + f.rng.IntN(to-start)
		name := string(rune('a' + f.rng.IntN(3)))
		if f.rng.IntN(3) > 0 {
			f.add(`{"ph":"B","name":"%s","pid":1,"tid":1,"ts":%d}`, name, start)
		} else {
			f.add(`{"ph":"X","name":"%s","pid":1,"tid":1,"ts":%d,"dur":%d}`, name, start, end-start)
			name = ""
		}
		if depth > 0 {
			f.grow(start, end, depth-1)
		}
		if name != "" {
			f.add(`{"ph":"E","name":"%s","pid":1,"tid":1,"ts":%d}`, name, end)
		}
		from = end + f.rng.IntN(3)
	}
}

func (f *forest) add(format string, args ...any) {
	f.text = append(f.text, fmt.Sprintf(format, args...))
}

// What a viewer shows whole, it shows whole after slices were merged.
func TestMergingCutsNothingInAViewer(t *testing.T) {
	const known = `{"traceEvents":[{"ph":"B","name":"outer","pid":1,"tid":1,"ts":10},{"ph":"B","name":"x","pid":1,"tid":1,"ts":10},` +
		`{"ph":"E","pid":1,"tid":1,"ts":12},{"ph":"B","name":"x","pid":1,"tid":1,"ts":13},{"ph":"E","pid":1,"tid":1,"ts":15},{"ph":"E","pid":1,"tid":1,"ts":100}]}`
	if ok, why := clean(t, runOn(t, []byte(known), Options{Resolution: ns(5000)})); !ok {
		t.Error(why)
	}
	judged := 0
	for seed := range uint64(300) {
		f := &forest{rng: rand.New(rand.NewPCG(seed, 3))}
		f.grow(0, 40, 3)
		data := []byte(`{"traceEvents":[` + strings.Join(f.text, ",") + `]}`)
		if ok, _ := clean(t, data); !ok {
			continue // a complete slice begins with a begin around it
		}
		judged++
		options := []Options{{Resolution: ns(int64(1000 * (1 + f.rng.IntN(20))))}, {Resolution: ns(0), MaxEvents: int64(1 + len(f.text)/2)}}
		for _, o := range options {
			out, _, err := try(data, o, sortMemory)
			if err != nil {
				continue // the budget is too small
			}
			if ok, why := clean(t, out); !ok {
				t.Fatalf("seed %d, %+v: %s\n%s\n%s", seed, o, why, data, out)
			}
			want := measure(t, slicesOf(t, parsed(t, data)))
			sameFigures(t, measure(t, slicesOf(t, parsed(t, out))), want)
		}
	}
	if judged < 25 {
		t.Errorf("only %d traces were clean", judged)
	}
}

// overlaps is how many slices a viewer puts on a lane of their own, since they do not
// nest.
func overlaps(t testing.TB, data []byte) int64 {
	t.Helper()
	rep, err := check.Run(context.Background(), bytes.NewReader(data), int64(len(data)), check.Options{Temp: create})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range rep.Findings {
		if f.Kind == check.Overlap {
			return f.Count
		}
	}
	return 0
}

// Slices that nest in a viewer still do when others go or are merged, so that what it
// shows on lanes of their own, or drops, never grows.
func TestOverlapsDoNotGrow(t *testing.T) {
	some := 0
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 9))
		f := &forest{rng: rng}
		for range 3 + rng.IntN(20) {
			start := rng.IntN(60)
			f.add(`{"ph":"X","name":"%c","pid":1,"tid":1,"ts":%d,"dur":%d}`, 'a'+rng.IntN(3), start, rng.IntN(1+rng.IntN(50)))
		}
		data := []byte(`{"traceEvents":[` + strings.Join(f.text, ",") + `]}`)
		before := overlaps(t, data)
		if before > 0 {
			some++
		}
		d := int64(1000 * (1 + rng.IntN(40)))
		for _, o := range []Options{
			{MinDur: trace.Time(d)}, {Resolution: ns(d)}, {MaxDepth: 1 + rng.IntN(3)}, {MaxEvents: int64(1 + len(f.text)/2)},
			{MinDur: trace.Time(d / 2), Resolution: ns(d), MaxDepth: 4},
		} {
			out, _, err := try(data, o, sortMemory)
			if errors.As(err, new(*BudgetError)) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if after := overlaps(t, out); after > before {
				t.Fatalf("seed %d, %+v: %d overlaps, before %d\n%s\n%s", seed, o, after, before, data, out)
			}
			if o.Resolution != nil && o.MinDur == 0 {
				sameFigures(t, measure(t, slicesOf(t, parsed(t, out))), measure(t, slicesOf(t, parsed(t, data))))
			}
		}
	}
	if some < 40 {
		t.Errorf("only %d traces have overlaps", some)
	}
	eachReal(t, func(t *testing.T, data []byte) {
		before := overlaps(t, data)
		for _, o := range []Options{{MinDur: 2000}, {MinDur: 20_000}, {Resolution: ns(2000)}, {Resolution: ns(50_000)}, {MaxDepth: 3}, {MaxEvents: 300}} {
			out, _, err := try(data, o, sortMemory)
			if errors.As(err, new(*BudgetError)) {
				continue
			}
			if after := overlaps(t, out); err != nil || after > before {
				t.Errorf("%+v: %d overlaps, before %d; %v", o, after, before, err)
			}
		}
	})
}

// An end that names another slice than the one that is open closes nothing, in a
// viewer and here.
func TestAnEndClosesWhatItNames(t *testing.T) {
	const doc = `{"traceEvents":[{"ph":"B","name":"long","cat":"c","pid":1,"tid":1,"ts":1},{"ph":"E","name":"other","pid":1,"tid":1,"ts":3},` +
		`{"ph":"E","cat":"d","pid":1,"tid":1,"ts":4},{"ph":"E","name":"long","pid":1,"tid":1,"ts":60},` +
		`{"ph":"B","name":"short","pid":1,"tid":1,"ts":70},{"ph":"E","pid":1,"tid":1,"ts":72}]}`
	out := string(runOn(t, []byte(doc), Options{MinDur: 10_000}))
	if !strings.Contains(out, `"ts":1}`) || !strings.Contains(out, `"ts":60}`) || strings.Contains(out, "short") || strings.Contains(out, `"ts":72}`) {
		t.Error(out)
	}
}
