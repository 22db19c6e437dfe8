package page

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tracekit/filter"
	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/reference"
	"tracekit/internal/testkit/tracegen"
	"tracekit/trace"
	"tracekit/transform/requests"
	"tracekit/transform/slice"
	"tracekit/transform/steps"
	"tracekit/transform/window"
)

func source(t testing.TB, data []byte) *trace.Source {
	t.Helper()
	s, err := trace.NewSource(bytes.NewReader(data), int64(len(data)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func collect(t testing.TB, data []byte) *Data {
	t.Helper()
	d, err := Collect(t.Context(), source(t, data), steps.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d.Name, d.Packed = "trace.json", -1
	return d
}

// TestBinsHoldWhatLiesInThem widens to both sides and asks for every time where
// it went.
func TestBinsHoldWhatLiesInThem(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		s := &scale{bins: maxBins}
		counted := make(sums, maxBins)
		s.series = []widener{&counted}
		reach := int64(1) << (4 + rng.IntN(50))
		var times []trace.Time
		for range 200 {
			at := trace.Time(rng.Int64N(2*reach) - rng.Int64N(reach))
			times = append(times, at)
			s.reach(at)
			counted[s.index(at)]++
			if rng.IntN(20) == 0 && reach < 1<<58 {
				reach *= 2
			}
		}
		want := make(sums, maxBins)
		for _, at := range times {
			i := s.index(at)
			if at < s.start(i) || at >= s.start(i+1) {
				t.Fatalf("seed %d: %d is in the bin from %d to %d", seed, at, s.start(i), s.start(i+1))
			}
			want[i]++
		}
		cmptest.Same(t, fmt.Sprintf("seed %d: what is in each bin", seed), want, counted)
	}
}

// TestRandomTracesAgreeWithTheNaiveReference counts again what stands in each bin.
func TestRandomTracesAgreeWithTheNaiveReference(t *testing.T) {
	for seed := range uint64(150) {
		rng := rand.New(rand.NewPCG(seed, 2))
		data := reference.Random(rng, 5+rng.IntN(80))
		parsed, err := reference.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		c := NewCollector(newFinder(t), filter.Given{})
		v, err := source(t, data).SurveyParts(func(p *trace.Part) error { c.Part(p); return nil })
		if err != nil {
			t.Fatal(err)
		}
		d := c.Finish(v)
		if d.scale.shift == 0 {
			continue
		}
		events, open := make(sums, maxBins), make(sums, maxBins)
		lanes, total := int64(0), int64(0)
		for i := range parsed.Events {
			e := &parsed.Events[i]
			if total++; !e.HasTS || e.TS < 0 || strings.Contains("M s t f", e.Phase) {
				continue
			}
			if e.Phase != "C" {
				lanes++
			}
			from, to := d.scale.index(trace.Time(e.TS)), d.scale.index(trace.Time(e.TS+e.Span))
			events[from]++
			if to > from {
				open[from]++
				open[to]--
			}
		}
		parsed.Events = slices.DeleteFunc(parsed.Events, func(e reference.Event) bool { return e.HasTS && e.TS < 0 })
		for _, flow := range reference.Flows(parsed) {
			for _, i := range flow {
				events[d.scale.index(trace.Time(parsed.Events[i].TS))]++
			}
		}
		if d := cmptest.Diff(events, d.load.events) + cmptest.Diff(open, d.load.openEvents); d != "" {
			t.Fatalf("seed %d: the bins hold other events (- want, + got)\n%s\n%s", seed, d, data)
		}
		for _, n := range c.lanes.all {
			lanes -= n.total
		}
		if lanes != 0 || d.Events != total {
			t.Fatalf("seed %d: %d events are on no lane, %d of %d counted", seed, lanes, d.Events, total)
		}
	}
}

func TestBusyTimeIsThatOfTheUnion(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	var text []string
	var at, busy, end int64
	for range 5000 {
		at += rng.Int64N(30)
		length := rng.Int64N(60)
		text = append(text, fmt.Sprintf(`{"ph":"X","cat":"cpu_op","name":"x","pid":1,"tid":1,"ts":%d,"dur":%d}`, at, length))
		if at+length > end {
			busy += at + length - max(at, end)
			end = at + length
		}
	}
	d := collect(t, []byte("["+strings.Join(text, ",")+"]"))
	sum := int64(0)
	for _, permille := range d.Lanes[0].Busy {
		sum += permille * int64(d.scale.width()) / 1000
	}
	// Each bin is rounded up to a thousandth.
	if most := int64(len(d.Lanes[0].Busy)) * int64(d.scale.width()) / 500; sum < busy*1000-most || sum > busy*1000+most {
		t.Errorf("busy for about %d ns, want %d", sum, busy*1000)
	}
	if d.Lanes[0].Total != 5000 || len(d.Lanes) != 1 {
		t.Errorf("%d lanes, %d events", len(d.Lanes), d.Lanes[0].Total)
	}
}

func TestCountersKeepTheirSpikes(t *testing.T) {
	var text []string
	rng := rand.New(rand.NewPCG(5, 5))
	values := map[int64]float64{}
	for at := int64(0); at < 100_000; at += 1 + rng.Int64N(20) {
		values[at] = math.Round(rng.NormFloat64() * 1000)
		text = append(text, fmt.Sprintf(`{"ph":"C","name":"batch","pid":1,"ts":%d,"args":{"size":%v,"text":"none","still":4}}`, at, values[at]))
	}
	rng.Shuffle(len(text), func(i, j int) { text[i], text[j] = text[j], text[i] })
	d := collect(t, []byte("["+strings.Join(text, ",")+"]"))
	if len(d.Counters) != 1 || d.Counters[0].Name != "batch size" {
		t.Fatalf("%d counters: %+v", len(d.Counters), d.Counters)
	}
	from, to := d.bins()
	for i := from; i < to; i++ {
		low, high := math.Inf(1), math.Inf(-1)
		for at, v := range values {
			if d.scale.index(trace.Time(at*1000)) == i {
				low, high = min(low, v), max(high, v)
			}
		}
		c := &d.Counters[0]
		if low <= high && (*c.Low[i-from] != low || *c.High[i-from] != high) {
			t.Fatalf("bin %d goes from %v to %v, want %v to %v", i, *c.Low[i-from], *c.High[i-from], low, high)
		}
	}
}

// TestEstimatesAreWhatSliceGives cuts ranges and compares.
func TestEstimatesAreWhatSliceGives(t *testing.T) {
	for _, c := range []tracegen.Config{
		{Steps: 40, Hardware: true, Python: true, Layers: 4},
		{Producer: tracegen.CUDA, Steps: 40, Hardware: true, Layers: 4},
	} {
		data, truth := tracegen.Text(t, c)
		d := collect(t, data)
		for _, share := range [][2]int64{{0, 4}, {1, 2}, {1, 4}, {3, 4}} {
			length := truth.MaxNS - truth.MinNS
			from := trace.Time(truth.MinNS + length*share[0]/4)
			to := trace.Time(truth.MinNS + length*share[1]/4)
			if to <= from {
				continue
			}
			events, size := d.Slice(from, to)
			gotEvents, gotSize := sliced(t, data, from, to)
			if off(events, gotEvents) > .05 || off(size, gotSize) > .05 {
				t.Errorf("%s, %d to %d quarters: about %d events and %d bytes; slice gives %d and %d",
					c.Producer, share[0], share[1], events, size, gotEvents, gotSize)
			}
		}
	}
}

func off(a, b int64) float64 { return math.Abs(float64(a-b)) / float64(max(b, 1)) }

func sliced(t *testing.T, data []byte, from, to trace.Time) (events, size int64) {
	t.Helper()
	bound := func(at trace.Time) window.Bound {
		b, err := window.Parse("@" + string(trace.AppendMicros(nil, at)))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	var out bytes.Buffer
	w := trace.NewWriter(&out)
	r, err := slice.Run(t.Context(), source(t, data), w, slice.Options{Range: window.Range{From: bound(from), To: bound(to)}})
	if err != nil {
		t.Fatal(err)
	}
	return r.EventsOut, r.BytesOut
}

func TestStepsAndCompilationsAreMarked(t *testing.T) {
	data, truth := tracegen.Text(t, tracegen.Config{Steps: 300, Layers: 1})
	d := collect(t, data)
	if len(d.Bands) != len(truth.Steps) {
		t.Fatalf("%d bands, want %d", len(d.Bands), len(truth.Steps))
	}
	n := 0
	for i, s := range truth.Steps {
		want := s.Phase
		if s.Warmup {
			want = "warm-up"
		}
		if b := &d.Bands[i]; int64(b.Start) != s.StartNS || int64(b.End) != s.EndNS || b.Phase != want {
			t.Fatalf("band %+v, want %+v", b, s)
		}
		for _, b := range s.Batches {
			if b.Compile == nil {
				continue
			}
			if m := d.Compiles[n]; int64(m.Start) != b.Compile.StartNS || m.Label != b.Compile.Recipe {
				t.Fatalf("mark %+v, want %+v", m, b.Compile)
			}
			n++
		}
	}
	if n != len(d.Compiles) || n == 0 {
		t.Errorf("%d compilations, want %d", len(d.Compiles), n)
	}
}

func TestLongGapsAreThoseThatStandOut(t *testing.T) {
	r := &steps.Run{}
	at := trace.Time(0)
	for i := range 50 {
		r.Steps = append(r.Steps, steps.Step{Index: i, Start: at, End: at + 100})
		at += 105
		if i == 20 {
			at += 50
		}
	}
	gaps := longGaps(r)
	if len(gaps) != 1 || gaps[0].Start != r.Steps[20].End || gaps[0].End != r.Steps[21].Start {
		t.Errorf("%+v", gaps)
	}
}

// TestAFullPageIsSmall fills it with as much as it may ever hold.
func TestAFullPageIsSmall(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	c := NewCollector(newFinder(t), filter.Given{})
	d := &Data{Name: strings.Repeat("名", 200), Forecast: c.forecast, Last: pageBins<<30 - 1, Markers: strings.Repeat("<", 10_000)}
	d.last = d.Last
	d.scale.shift = 30
	c.forecast.load.countFlows(d.scale)
	numbers := func() (n []int64) {
		for range pageBins {
			n = append(n, rng.Int64N(1e8))
		}
		return n
	}
	for i := range pageBins {
		d.load.events[i], d.load.bytes[i] = 1e8, 1e11
		d.load.openEvents[i], d.load.openBytes[i] = -1e7, -1e10
	}
	long := strings.Repeat("\x01<", 500)
	for range shownLanes {
		d.Lanes = append(d.Lanes, Lane{Process: long, Name: long, Kind: "host", Events: numbers(), Busy: numbers()})
	}
	for range shownCounters {
		n := Counter{Name: long}
		for range pageBins {
			v := -rng.Float64() * 1e-200
			n.Low, n.High = append(n.Low, &v), append(n.High, &v)
		}
		d.Counters = append(d.Counters, n)
	}
	for i := range shownBands {
		d.Bands = append(d.Bands, Band{trace.Time(i) * 1e8, trace.Time(i+1) * 1e8, "decode", long, 1, int64(i)})
	}
	for range shownMarks {
		d.Gaps = append(d.Gaps, Mark{1e17, 2e17, long})
		d.Compiles = append(d.Compiles, Mark{1e17, 2e17, long})
	}
	var page bytes.Buffer
	if err := Write(&page, d); err != nil {
		t.Fatal(err)
	}
	if page.Len() > 5_000_000 {
		t.Errorf("the page has %d bytes", page.Len())
	}
}

func TestNothingOfATraceEscapesIntoThePage(t *testing.T) {
	const evil = `</script><script>alert(1)</script><!--\u2028 onload=x`
	text := strings.ReplaceAll(`[{"ph":"X","cat":"EVIL","name":"EVIL","pid":"EVIL","tid":"EVIL","ts":0,"dur":9},
{"ph":"X","cat":"EVIL","name":"EVIL","pid":"EVIL","tid":"EVIL","ts":1,"dur":9},
{"ph":"X","cat":"user_annotation","name":"step[DECODE bs=1 EVIL]","pid":"EVIL","tid":"EVIL","ts":2,"dur":9},
{"ph":"X","name":"GRAPH COMPILE: EVIL","pid":"EVIL","tid":3,"ts":2,"dur":9},
{"ph":"C","name":"EVIL","pid":1,"ts":3,"args":{"EVIL":1}},{"ph":"C","name":"EVIL","pid":1,"ts":4,"args":{"EVIL":2}},
{"ph":"M","name":"process_name","pid":"EVIL","args":{"name":"EVIL"}},{"ph":"M","name":"thread_name","pid":"EVIL","tid":"EVIL","args":{"name":"EVIL"}}]`, "EVIL", evil)
	d := collect(t, []byte(text))
	d.Name = evil
	var page bytes.Buffer
	if err := Write(&page, d); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(page.String(), "<script"); n != 3 {
		t.Errorf("%d scripts in the page", n)
	}
	if strings.Contains(page.String(), "alert(1)<") || strings.Count(page.String(), "<!--") != 1 {
		t.Error("text of the trace stands in the page as it is")
	}
	_, rest, _ := strings.Cut(page.String(), `id="data">`)
	data, _, _ := strings.Cut(rest, "</script>")
	var loose map[string]any
	if err := json.Unmarshal([]byte(data), &loose); err != nil {
		t.Fatal(err)
	}
	if name := loose["name"]; name != evil {
		t.Errorf("the name reads %q", name)
	}
}

// TestRealTracesMakePages writes a page of each, and the same one twice.
func TestRealTracesMakePages(t *testing.T) {
	files, _ := filepath.Glob("../../testdata/*.json.gz")
	more, _ := filepath.Glob("../../../shared/traces/*.json.gz")
	for _, name := range append(files, more...) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var first, second bytes.Buffer
		for _, page := range []*bytes.Buffer{&first, &second} {
			if err := Write(page, collect(t, data)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("%s: two pages of it differ", name)
		}
	}
}

func TestATraceOfNothingMakesAPage(t *testing.T) {
	for _, text := range []string{`[]`, `{"traceEvents":[]}`, `[{"ph":"M","name":"process_name","pid":1,"args":{"name":"x"}}]`, `[{"ph":"i","ts":5}]`} {
		var page bytes.Buffer
		if err := Write(&page, collect(t, []byte(text))); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestThousandsOfThreadsShareLanes(t *testing.T) {
	var text []string
	for i := range 4000 {
		for k := range 4 {
			text = append(text, fmt.Sprintf(`{"ph":"X","name":"x","pid":%d,"tid":%d,"ts":%d,"dur":1}`, i/3, i, i+k))
		}
	}
	d := collect(t, []byte("["+strings.Join(text, ",")+"]"))
	sum := int64(0)
	for _, n := range d.Lanes {
		sum += n.Total
	}
	if len(d.Lanes) != shownLanes || sum != 16000 {
		t.Errorf("%d lanes with %d events", len(d.Lanes), sum)
	}
	if !slices.IsSortedFunc(d.Categories, func(a, b Category) int { return cmp.Compare(b.Bytes, a.Bytes) }) {
		t.Error("categories are in no order")
	}
}

func BenchmarkCollect(b *testing.B) {
	data, _ := tracegen.Text(b, tracegen.Config{TargetBytes: 20 << 20, Hardware: true, Python: true})
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		collect(b, data)
	}
}

func newFinder(t testing.TB) *requests.Finder {
	t.Helper()
	f, err := requests.NewFinder(requests.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}
