package filter

import (
	"strings"
	"testing"

	"tracekit/trace"
)

// loaded is a real trace with Python stacks, all its events at hand.
func loaded(b *testing.B) (all []trace.Event, bytes int64) {
	for _, path := range sharedTraces(b) {
		if strings.Contains(path, "graph_capture_pystack") {
			readTrace(b, readFile(b, path), func([]byte) {}, func(e *trace.Event) {
				all = append(all, e.Clone())
				bytes += int64(e.Size())
			})
		}
	}
	if len(all) == 0 {
		b.Skip("no trace with Python stacks at hand")
	}
	return all, bytes
}

func BenchmarkMatch(b *testing.B) {
	all, bytes := loaded(b)
	for _, c := range []struct{ name, src string }{
		{"plain", `cat == "kernel" && dur > 10us`},
		{"name", `name contains "scheduler"`},
		{"regexp", `name =~ "sched.*(step|run)"`},
		{"args", `args."Python id" > 1000`},
		{"mixed", `args.correlation == 7 && cat == "kernel"`},
	} {
		b.Run(c.name, func(b *testing.B) {
			x := mustParse(b, c.src)
			env := &Env{}
			b.SetBytes(bytes)
			b.ReportAllocs()
			for b.Loop() {
				for i := range all {
					x.Match(&all[i], env)
				}
			}
		})
	}
}

func BenchmarkKindsOf(b *testing.B) {
	all, bytes := loaded(b)
	b.SetBytes(bytes)
	b.ReportAllocs()
	for b.Loop() {
		for i := range all {
			KindsOf(&all[i])
		}
	}
}

func BenchmarkRecognizer(b *testing.B) {
	all, bytes := loaded(b)
	b.SetBytes(bytes)
	b.ReportAllocs()
	for b.Loop() {
		var r Recognizer
		for i := range all {
			r.Learn(&all[i])
			r.Side(&all[i])
		}
	}
}

func BenchmarkDropArgs(b *testing.B) {
	all, bytes := loaded(b)
	for _, names := range []string{"stack", "shapes"} {
		b.Run(names, func(b *testing.B) {
			drop := ArgKeys(names)
			var out []byte
			b.SetBytes(bytes)
			b.ReportAllocs()
			for b.Loop() {
				for i := range all {
					out, _ = DropArgs(out[:0], &all[i], drop)
				}
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	_, bytes := loaded(b)
	for _, path := range sharedTraces(b) {
		if strings.Contains(path, "graph_capture_pystack") {
			data := readFile(b, path)
			b.SetBytes(bytes)
			for b.Loop() {
				readTrace(b, data, func([]byte) {}, func(*trace.Event) {})
			}
		}
	}
}
