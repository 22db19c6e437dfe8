package split

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"tracekit/internal/spill"
	"tracekit/trace"
)

// writing is a trace that is written event by event.
type writing struct{ strings.Builder }

func (m *writing) add(format string, args ...any) {
	if m.Len() == 0 {
		m.WriteString(`{"schemaVersion": 1, "traceEvents": [`)
	} else {
		m.WriteString(",\n")
	}
	fmt.Fprintf(m, format, args...)
}

func (m *writing) document() []byte { return []byte(m.String() + `], "displayTimeUnit": "ms"}`) }

// work is n slices on a few threads.
func (m *writing) work(n int) {
	for i := range n {
		m.add(`{"ph": "X", "cat": "cpu_op", "name": "aten::mm", "pid": 1, "tid": %d, "ts": %d.125, "dur": 8.5, "args": {"External id": %d}}`, i%4, 10*i, i)
	}
}

// Traces of which pieces have much to carry, or that are hard to cut.
var hardToCut = map[string]func(m *writing, n int){
	"threads, each at work once": func(m *writing, n int) {
		for i := range n {
			m.add(`{"ph": "M", "name": "thread_name", "pid": 1, "tid": %d, "args": {"name": "thread %d (python)"}}`, i, i)
			m.add(`{"ph": "X", "name": "work", "pid": 1, "tid": %d, "ts": %d, "dur": 20}`, i, 10*i)
		}
	},
	"threads at work now and then": func(m *writing, n int) {
		rng := rand.New(rand.NewPCG(1, 2))
		for i := range n {
			m.add(`{"ph": "M", "name": "thread_name", "pid": 1, "tid": %d, "args": {"name": "thread %d"}}`, i, i)
		}
		for i := range 4 * n {
			m.add(`{"ph": "X", "name": "work that has a name of some length, so that it weighs more than what names its thread", "pid": 1, "tid": %d, "ts": %d, "dur": 20}`, rng.IntN(n), 10*i)
		}
	},
	"processes": func(m *writing, n int) {
		for i := range n {
			m.add(`{"ph": "X", "name": "work", "pid": %d, "tid": 1, "ts": %d, "dur": 20}`, i, 10*i)
			m.add(`{"ph": "M", "name": "process_name", "pid": %d, "args": {"name": "python %d"}}`, i, i)
		}
	},
	"open begins": func(m *writing, n int) {
		for i := range n {
			m.add(`{"ph": "B", "name": "begun", "pid": 1, "tid": 9, "ts": %d}`, 10*i)
		}
		m.work(n)
	},
	"begins and ends": func(m *writing, n int) {
		for i := range n {
			m.add(`{"ph": "B", "name": "begun", "pid": 1, "tid": %d, "ts": %d}`, 9+i%7, 10*i)
			m.add(`{"ph": "E", "pid": 1, "tid": %d, "ts": %d}`, 9+i%7, 10*i+65)
		}
	},
	"open async events": func(m *writing, n int) {
		for i := range n {
			m.add(`{"ph": "b", "cat": "req", "id": %d, "name": "request", "pid": 1, "tid": 9, "ts": %d}`, i, 10*i)
		}
		m.work(n)
	},
	"slices as long as the trace": func(m *writing, n int) {
		for i := range n / 10 {
			m.add(`{"ph": "X", "name": "long", "pid": 1, "tid": %d, "ts": %d, "dur": %d}`, 9+i, i, 20*n)
		}
		m.work(n)
	},
	"metadata": func(m *writing, n int) {
		for i := range 3 * n {
			m.add(`{"ph": "M", "name": "process_labels", "pid": 1, "tid": %d, "args": {"labels": "CPU"}}`, i%24)
			if i%3 == 0 {
				m.add(`{"ph": "X", "name": "work", "pid": 1, "tid": %d, "ts": %d, "dur": 20}`, i%24, 10*i)
			}
		}
	},
	"counters": func(m *writing, n int) {
		for i := range n {
			m.add(`{"ph": "C", "name": "counter %d", "pid": 1, "ts": %d, "args": {"bytes %d": %d}}`, i%100, 10*i, i%3, i)
		}
	},
	"one event of much": func(m *writing, n int) {
		m.work(n / 2)
		m.add(`{"ph": "i", "name": "%s", "pid": 1, "tid": 1, "ts": %d, "s": "g"}`, strings.Repeat("much ", 120*n), 5*n)
		for i := range n / 2 {
			m.add(`{"ph": "X", "name": "more", "pid": 1, "tid": 1, "ts": %d, "dur": 5}`, 5*n+10*i)
		}
	},
	"bursts": func(m *writing, n int) {
		for i := range n {
			m.add(`{"ph": "X", "name": "kernel", "pid": 1, "tid": 1, "ts": %d, "dur": 0.5}`, i/100*1_000_000+i%100)
		}
	},
}

var threads = flag.Int("threads", 15_000, "how many threads, processes or open begins a trace has that is hard to cut; 100,000 is promised")

// A piece of a size lies within a twentieth below it, and exceeds it by no more than one
// event explains, whatever the trace. Where what is in many pieces takes more than a
// tenth of them the plan says so, and where there is no room for it that fails.
func TestPiecesKeepTheirBound(t *testing.T) {
	n := *threads
	if testing.Short() {
		n = 4_000
	}
	for name, write := range hardToCut {
		t.Run(name, func(t *testing.T) {
			m := &writing{}
			write(m, n)
			data := m.document()
			events, largest := count(t, data)
			for _, parts := range []int64{3, 11} {
				for _, o := range []Options{{By: Size, Size: int64(len(data)) / parts}, {By: Events, Events: events / parts}} {
					judgeBound(t, data, o, largest)
				}
			}
		})
	}
}

func judgeBound(t *testing.T, data []byte, o Options, largest int64) {
	t.Helper()
	m, dir, err := tryInto(t, data, o)
	target, of := o.Size, func(q *Piece) int64 { return q.Bytes }
	if o.By == Events {
		target, largest, of = o.Events, 1, func(q *Piece) int64 { return q.Events }
	}
	var carry *CarryError
	if errors.As(err, &carry) {
		if carry.Carry < target*9/10 {
			t.Errorf("by %s of %d: %v", o.By, target, err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for i := range m.Pieces {
		q := &m.Pieces[i]
		size := of(q)
		if size != int64(len(dir.files[q.File])) && o.By == Size {
			t.Fatalf("piece %d has %d bytes, and %d are told", i, len(dir.files[q.File]), size)
		}
		if size > target+largest {
			t.Errorf("by %s: piece %d of %d has %d, the target is %d", o.By, i, len(m.Pieces), size, target)
		}
		if size < target*95/100 && i+1 < len(m.Pieces) && m.Carried == 0 && size+largest < target*95/100 {
			t.Errorf("by %s: piece %d of %d has %d only, the target is %d", o.By, i, len(m.Pieces), size, target)
		}
	}
}

func tryInto(t *testing.T, data []byte, o Options) (*Manifest, *memory, error) {
	t.Helper()
	dir := newMemory()
	m, err := Run(context.Background(), source(t, data), dir, func() (*spill.File, error) { return spill.Create("") }, o)
	return m, dir, err
}

// count is how many events there are, and how large the largest is.
func count(t *testing.T, data []byte) (events, largest int64) {
	t.Helper()
	v, err := source(t, data).Survey(func(e *trace.Event) error {
		largest = max(largest, int64(e.Size())+1)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return v.Events, largest
}
