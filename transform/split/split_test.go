package split

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"tracekit/internal/spill"
	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/reference"
	"tracekit/internal/testkit/tracegen"
	"tracekit/trace"
	"tracekit/transform/slice"
	"tracekit/transform/steps"
	"tracekit/transform/window"
)

// memory is a folder in memory. Of more than room files it is full.
type memory struct {
	files map[string][]byte
	room  int
	open  atomic.Int32 // files that are neither committed nor aborted
}

func newMemory() *memory { return &memory{files: map[string][]byte{}, room: 1 << 30} }

var errFull = errors.New("no space left")

func (m *memory) Create(name string, _ bool) (File, error) {
	m.open.Add(1)
	return &memoryFile{folder: m, name: name}, nil
}

func (m *memory) Begin(*Manifest) error { return nil }
func (m *memory) End() error            { return nil }

type memoryFile struct {
	bytes.Buffer
	folder *memory
	name   string
}

func (f *memoryFile) Close() error { return nil }

func (f *memoryFile) Trace() *trace.Writer { return trace.NewWriter(f) }

func (f *memoryFile) Commit() (int64, error) {
	if len(f.folder.files) >= f.folder.room {
		return 0, errFull
	}
	f.folder.open.Add(-1)
	f.folder.files[f.name] = f.Bytes()
	return int64(f.Len()), nil
}

func (f *memoryFile) Abort() { f.folder.open.Add(-1) }

func source(t *testing.T, data []byte) *trace.Source {
	t.Helper()
	s, err := trace.NewSource(bytes.NewReader(data), int64(len(data)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func splitInto(t *testing.T, data []byte, o Options) (*Manifest, *memory) {
	t.Helper()
	dir := newMemory()
	m, err := Run(context.Background(), source(t, data), dir, func() (*spill.File, error) { return spill.Create("") }, o)
	if err != nil {
		t.Fatal(err)
	}
	return m, dir
}

// sliced is what slice makes of the window of a piece.
func sliced(t *testing.T, data []byte, q *Piece, d slice.Device) []byte {
	t.Helper()
	var r window.Range
	var err error
	if r.From, err = window.Parse("@" + string(q.Start)); err != nil {
		t.Fatal(err)
	}
	if r.To, err = window.Parse("@" + string(q.End)); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := slice.Run(context.Background(), source(t, data), trace.NewWriter(&out), slice.Options{Range: r, Device: d}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func comparePieces(t *testing.T, data []byte, o Options, what string) *Manifest {
	t.Helper()
	var told []float64 // how often the trace is still read
	o.Expect = func(readings float64) { told = append(told, readings) }
	o.rereadMost = 1
	m, aside := splitInto(t, data, o)
	if !slices.Equal(told, []float64{1}) {
		t.Errorf("%s: to keep pieces aside takes %v readings, want one", what, told)
	}
	told = nil
	o.rereadMost, o.eventsOfCell = math.MaxInt64, 3
	again, direct := splitInto(t, data, o)
	passes := 2.0
	if o.Device == slice.Launched {
		passes++
	}
	if len(told) != 1 || told[0] < passes*float64(textOf(direct))/2/float64(len(data)) {
		t.Errorf("%s: %d bytes of pieces from %d take %v readings", what, textOf(direct), len(data), told)
	}
	cmptest.Same(t, what+": the manifest, of pieces that are read again", m.Pieces, again.Pieces)
	for i := range m.Pieces {
		q := &m.Pieces[i]
		want := sliced(t, data, q, o.Device)
		for from, dir := range map[string]*memory{"kept aside": aside, "read again": direct} {
			got := dir.files[q.File]
			if bytes.Equal(got, want) {
				continue
			}
			n := 0
			for n < min(len(got), len(want)) && got[n] == want[n] {
				n++
			}
			t.Fatalf("%s, piece %d of %d, [%s, %s), device %d, %s: at byte %d\n%s\nslice makes of it\n%s", what, i, len(m.Pieces), q.Start, q.End, o.Device, from,
				n, got[max(n-300, 0):min(n+300, len(got))], want[max(n-300, 0):min(n+300, len(want))])
		}
	}
	return m
}

// textOf is how many bytes the pieces in a folder have.
func textOf(m *memory) (n int) {
	for _, text := range m.files {
		n += len(text)
	}
	return n
}

func TestPiecesAreWhatSliceMakes(t *testing.T) {
	n := uint64(60)
	if testing.Short() {
		n = 15
	}
	pieces := uint64(0)
	for seed := range n {
		rng := rand.New(rand.NewPCG(seed, 8))
		data := reference.Random(rng, 5+int(seed%60))
		parsed, err := reference.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		zero, ok := reference.Zero(parsed)
		end, _ := reference.End(parsed)
		if !ok || end-zero < 10 {
			continue
		}
		o := Options{By: Time, Time: trace.Time(1 + rng.Int64N((end-zero)/2) + (end-zero)/20)}
		for _, o.Device = range []slice.Device{slice.ByTime, slice.Launched} {
			pieces += uint64(len(comparePieces(t, data, o, fmt.Sprint("seed ", seed)).Pieces))
		}
	}
	if pieces < 4*n {
		t.Fatalf("only %d pieces were compared", pieces)
	}
}

// Of a trace of many blocks each piece reads some, with begins in one and ends in another.
func TestPiecesOfManyBlocks(t *testing.T) {
	const seeds = 6
	for seed := range uint64(seeds) {
		rng := rand.New(rand.NewPCG(seed, 9))
		data := reference.Random(rng, 150)
		parsed, err := reference.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		zero, _ := reference.Zero(parsed)
		end, _ := reference.End(parsed)
		// White space is a part of the text of the event behind it.
		data = bytes.ReplaceAll(data, []byte("},"), []byte("},"+strings.Repeat(" ", 20<<10)))
		o := Options{By: Time, Time: trace.Time((end-zero)/4 + 1)}
		for _, o.Device = range []slice.Device{slice.ByTime, slice.Launched} {
			comparePieces(t, data, o, fmt.Sprint("seed ", seed))
		}
	}
}

func realTraces(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("../../testdata/*.json.gz")
	if err != nil || len(files) == 0 {
		t.Fatalf("no real traces: %v", err)
	}
	all := map[string][]byte{}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := b.ReadFrom(z); err != nil {
			t.Fatal(err)
		}
		f.Close()
		all[name] = b.Bytes()
	}
	return all
}

func TestRealTracesInPieces(t *testing.T) {
	for name, data := range realTraces(t) {
		parsed, err := reference.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		zero, _ := reference.Zero(parsed)
		end, _ := reference.End(parsed)
		o := Options{By: Time, Time: trace.Time((end-zero)/7 + 1)}
		for _, o.Device = range []slice.Device{slice.ByTime, slice.Launched} {
			if m := comparePieces(t, data, o, name); len(m.Pieces) != 7 {
				t.Errorf("%s: %d pieces", name, len(m.Pieces))
			}
		}
	}
}

// The size of pieces is that of their JSON: none exceeds the limit, all but the
// last come close to it.
func TestPiecesOfASize(t *testing.T) {
	for name, data := range realTraces(t) {
		if len(data) < 300_000 {
			continue
		}
		limit := int64(len(data) / 4)
		m := comparePieces(t, data, Options{By: Size, Size: limit}, name)
		for i, q := range m.Pieces {
			if q.Bytes > limit {
				t.Errorf("%s: piece %d has %d bytes, the limit is %d", name, i, q.Bytes, limit)
			}
			if q.Bytes < limit*9/10 && i < len(m.Pieces)-1 {
				t.Errorf("%s: piece %d of %d has %d bytes only, the limit is %d", name, i, len(m.Pieces), q.Bytes, limit)
			}
		}
		m = comparePieces(t, data, Options{By: Events, Events: 500}, name)
		for i, q := range m.Pieces {
			if q.Events > 500 {
				t.Errorf("%s: piece %d has %d events", name, i, q.Events)
			}
		}
	}
}

// An event decades before all others does not make bins so wide that pieces
// of a size are too large.
func TestAStrayEventCostsNothing(t *testing.T) {
	var data bytes.Buffer
	data.WriteString(`[{"ph":"i","name":"stray","pid":1,"tid":1,"ts":0}`)
	for i := range 30_000 {
		fmt.Fprintf(&data, `,{"ph":"X","name":"n","pid":1,"tid":1,"ts":%d.5,"dur":3}`, 1_700_000_000_000_000+10*i)
	}
	data.WriteString("]")
	m, _ := splitInto(t, data.Bytes(), Options{By: Events, Events: 1000})
	if n := len(m.Pieces); n < 30 || n > 33 {
		t.Errorf("%d pieces", n)
	}
	for i, q := range m.Pieces {
		if q.Events > 1000 || q.Events < 900 && i > 0 && i < len(m.Pieces)-1 {
			t.Errorf("piece %d has %d events", i, q.Events)
		}
	}
}

// Bins widen as the trace grows in time, and still tell of everything.
func TestBinsWiden(t *testing.T) {
	d := newDensity()
	for i := range 100_000 {
		d.add(trace.Time(i)*1e9-trace.Time(5e12), bin{events: 1, bytes: 2})
	}
	var sum bin
	before := int64(math.MinInt64)
	for n, b := range d.each() {
		if n <= before {
			t.Fatalf("bin %d comes after %d", n, before)
		}
		before = n
		sum.add(b)
	}
	if len(d.pages) > maxPages || sum != (bin{events: 100_000, bytes: 200_000}) {
		t.Errorf("%d pages, %+v", len(d.pages), sum)
	}
}

// Every event is in one piece, counting the parts of one that was cut as one.
func TestPiecesHoldEverythingOnce(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 9))
		var data bytes.Buffer
		data.WriteString(`{"traceEvents":[`)
		n := 20 + rng.IntN(50)
		for i := range n {
			if i > 0 {
				data.WriteString(",\n")
			}
			phase, dur := "X", fmt.Sprintf(`,"dur":%d`, 1+rng.IntN(400))
			if rng.IntN(3) == 0 {
				phase, dur = "i", ""
			}
			fmt.Fprintf(&data, `{"ph":"%s","name":"n%d","pid":1,"tid":%d,"ts":%d%s}`, phase, i, i, rng.IntN(1000), dur)
		}
		data.WriteString("]}")
		m, dir := splitInto(t, data.Bytes(), Options{By: Time, Time: trace.Time(1 + rng.IntN(300_000) + 20_000)})
		seen := map[string]int{}
		for _, q := range m.Pieces {
			var doc struct {
				TraceEvents []struct {
					Name string
					TS   float64
					Args map[string]float64
				}
			}
			if err := json.Unmarshal(dir.files[q.File], &doc); err != nil {
				t.Fatal(err)
			}
			for _, e := range doc.TraceEvents {
				if began, cut := e.Args["tracekit.ts"]; !cut || began == e.TS {
					seen[e.Name]++
				}
			}
		}
		if len(seen) != n {
			t.Fatalf("seed %d: %d of %d events", seed, len(seen), n)
		}
		for name, times := range seen {
			if times != 1 {
				t.Fatalf("seed %d: %s began %d times", seed, name, times)
			}
		}
	}
}

// The generator writes down the steps that it makes: there is a piece for each.
func TestStepsOfGeneratedTraces(t *testing.T) {
	for _, producer := range []tracegen.Producer{tracegen.Gaudi, tracegen.CUDA} {
		data, truth := tracegen.Text(t, tracegen.Config{Seed: 3, Producer: producer, Steps: 6, Layers: 2, Hardware: true})
		for _, o := range []Options{{By: Step, Device: slice.Launched}, {By: Step, Every: 4}, {By: Phase}} {
			m := comparePieces(t, data, o, string(producer))
			n := 0
			for i := range m.Pieces {
				if q := &m.Pieces[i]; q.Steps != nil {
					n += q.Steps.Count
				}
				if i > 0 && m.Pieces[i].Start != m.Pieces[i-1].End {
					t.Errorf("%s: piece %d begins at %s, the one before ends at %s", producer, i, m.Pieces[i].Start, m.Pieces[i-1].End)
				}
			}
			if n != len(truth.Steps) {
				t.Errorf("%s by %s: %d steps, want %d", producer, o.By, n, len(truth.Steps))
			}
			if m.Pieces[0].Start != m.Start || m.Pieces[len(m.Pieces)-1].End != micros(end(t, m)+1) {
				t.Errorf("%s by %s: the pieces do not cover the trace", producer, o.By)
			}
		}
	}
}

// Where pieces leave something out, each is still what slice makes.
func TestPiecesThatLeaveSomethingOut(t *testing.T) {
	only := steps.Decode
	for _, producer := range []tracegen.Producer{tracegen.Gaudi, tracegen.CUDA} {
		data := made(t, producer)
		for _, o := range []Options{
			{By: Step, DropGaps: true, Device: slice.Launched}, {By: Step, Steady: 2, Device: slice.Launched}, {By: Phase, Only: &only},
		} {
			m := comparePieces(t, data, o, string(producer))
			for i := range m.Pieces {
				q := &m.Pieces[i]
				if q.Steps == nil && !o.DropGaps || o.Only != nil && q.Phase != "decode" || o.Steady > 0 && q.Steps.Count != 2 {
					t.Errorf("%s by %s: piece %+v", producer, o.By, q)
				}
			}
			if len(m.Pieces) == 0 || o.Steady > 0 && (len(m.Pieces) != 1 || m.Why == "") {
				t.Errorf("%s by %s: %d pieces, %q", producer, o.By, len(m.Pieces), m.Why)
			}
		}
	}
}

func end(t *testing.T, m *Manifest) trace.Time {
	t.Helper()
	at, ok := trace.ParseMicros([]byte(m.End))
	if !ok {
		t.Fatal(m.End)
	}
	return at
}

func TestProcesses(t *testing.T) {
	const data = `{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":9},{"ph":"X","name":"b","pid":"../../etc/passwd","tid":1,"ts":1,"dur":9},
{"ph":"M","name":"process_name","pid":1,"args":{"name":"one"}},{"ph":"X","name":"c","pid":1,"tid":2,"ts":5,"dur":9}]}`
	m, dir := splitInto(t, []byte(data), Options{By: Process})
	if len(m.Pieces) != 2 || len(dir.files) != 4 {
		t.Fatalf("%d pieces, %d files", len(m.Pieces), len(dir.files))
	}
	for i, want := range []int{3, 1} {
		q := &m.Pieces[i]
		if strings.Contains(q.File, "/") || strings.Contains(q.File, "..") {
			t.Errorf("file name %q", q.File)
		}
		if n := strings.Count(string(dir.files[q.File]), `"ph"`); n != want || q.Events != int64(want) {
			t.Errorf("%s has %d events, %d by the manifest, want %d", q.File, n, q.Events, want)
		}
	}
}

func TestManifestOfAFullDiskListsWholePieces(t *testing.T) {
	dir := newMemory()
	dir.room = 2
	const data = `[{"ph":"X","name":"a","pid":1,"tid":1,"ts":0,"dur":100},{"ph":"i","name":"b","pid":1,"tid":1,"ts":100}]`
	m, err := Run(context.Background(), source(t, []byte(data)), dir, func() (*spill.File, error) { return spill.Create("") }, Options{By: Time, Time: 20_000})
	if !errors.Is(err, errFull) || len(m.Pieces) != 2 || len(dir.files) != 2 || dir.open.Load() != 0 {
		t.Fatalf("%v, %d pieces in the manifest, %d files", err, len(m.Pieces), len(dir.files))
	}
	for _, q := range m.Pieces {
		if dir.files[q.File] == nil {
			t.Errorf("%s is not there", q.File)
		}
	}
}

func TestThereIsNothingToSplit(t *testing.T) {
	_, err := Plan(context.Background(), source(t, []byte(`{"traceEvents":[]}`)), Options{By: Time, Time: 1})
	if !errors.Is(err, ErrNothing) {
		t.Error(err)
	}
	_, err = Plan(context.Background(), source(t, []byte(`[{"ph":"X","ts":0,"dur":1e9,"name":"a"}]`)), Options{By: Time, Time: 1})
	var tooMany *TooManyError
	if !errors.As(err, &tooMany) || tooMany.Pieces != 1e12+1 || tooMany.Most != MaxPieces {
		t.Error(err)
	}
}
