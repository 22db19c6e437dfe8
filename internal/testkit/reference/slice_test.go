package reference

import (
	"strings"
	"testing"

	"tracekit/internal/testkit/cmptest"
)

// sliceCase is a trace, one event a line, and what of it the window from 10 µs
// to 20 µs must leave. Lines of want may begin with "= N", for the source's
// line N as it stands.
type sliceCase struct {
	name     string
	boundary Boundary
	device   Device
	source   string
	want     string
}

func (c sliceCase) run(t *testing.T) {
	lines := strings.Fields(c.source)
	tr, err := Parse([]byte("[" + strings.Join(lines, ",") + "]"))
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	outs := Slice(tr, Options{From: 10_000, To: 20_000, Boundary: c.boundary, Device: c.device})
	for _, o := range outs {
		got = append(got, o.event().Raw)
	}
	for _, w := range strings.Fields(c.want) {
		if n, same := strings.CutPrefix(w, "="); same {
			w = lines[n[0]-'a']
		}
		want = append(want, w)
	}
	cmptest.Same(t, "the list of events", want, got)
	if err := Compare(Render(tr, outs), outs); err != nil {
		t.Errorf("own output: %v", err)
	}
}

func runCases(t *testing.T, cases []sliceCase) {
	for _, c := range cases {
		t.Run(c.name, c.run)
	}
}

// Lines of a source are named a, b, c, … by position.

func TestComplete(t *testing.T) {
	const edges = `
		{"ph":"X","ts":9,"dur":1}
		{"ph":"X","ts":9,"dur":2}
		{"ph":"X","ts":10,"dur":10}
		{"ph":"X","ts":19,"dur":2}
		{"ph":"X","ts":20,"dur":1}
		{"ph":"X","ts":5,"dur":30}`
	runCases(t, []sliceCase{
		{name: "clip cuts what reaches over an edge", source: edges, want: `
			{"ph":"X","ts":10.000,"dur":10.000,"args":{"tracekit.ts":5,"tracekit.dur":30}}
			{"ph":"X","ts":10.000,"dur":1.000,"args":{"tracekit.ts":9,"tracekit.dur":2}}
			{"ph":"X","ts":19,"dur":1.000,"args":{"tracekit.ts":19,"tracekit.dur":2}}
			=c`},
		{name: "keep leaves it whole", boundary: Keep, source: edges, want: `=b =c =d =f`},
		{name: "drop takes it out", boundary: Drop, source: edges, want: `=c`},
		{name: "no duration belongs where it starts", boundary: Drop, source: `
			{"ph":"X","ts":10}
			{"ph":"X","ts":9.999}
			{"ph":"X","ts":20,"dur":0}
			{"ph":"X","ts":19.999,"dur":-5}
			{"ph":"X","ts":9,"dur":0}
			{"ph":"X","ts":10,"dur":0.0004}`, want: `=a =d =f`},
		{name: "thread states are cut as slices are", source: `
			{"ph":"T","ts":9,"dur":1} {"ph":"T","ts":"9.5","dur":"1.0","n":1}`, want: `
			{"ph":"T","ts":10.000,"dur":0.500,"n":1,"args":{"tracekit.ts":"9.5","tracekit.dur":"1.0"}}`},
		{name: "members of args stay, originals go to its end", source: `
			{"ph":"X","args":{"z":1e2,"a":[1,{}]},"ts":9,"dur":2}`, want: `
			{"ph":"X","args":{"z":1e2,"a":[1,{}],"tracekit.ts":9,"tracekit.dur":2},"ts":10.000,"dur":1.000}`},
		{name: "args that are no object are replaced in place", source: `
			{"args":null,"ph":"X","ts":9,"dur":2} {"args":[1],"ph":"X","ts":9,"dur":2}`, want: `
			{"args":{"tracekit.ts":9,"tracekit.dur":2},"ph":"X","ts":10.000,"dur":1.000}
			{"args":{"tracekit.ts":9,"tracekit.dur":2},"ph":"X","ts":10.000,"dur":1.000}`},
		{name: "originals of an earlier cut hold", source: `
			{"ph":"X","ts":9,"dur":2,"args":{"tracekit.dur":7,"x":0}}
			{"ph":"X","ts":9,"dur":2,"args":{"tracekit.ts":1,"tracekit.dur":7}}`, want: `
			{"ph":"X","ts":10.000,"dur":1.000,"args":{"tracekit.dur":7,"x":0,"tracekit.ts":9}}
			{"ph":"X","ts":10.000,"dur":1.000,"args":{"tracekit.ts":1,"tracekit.dur":7}}`},
		{name: "no readable ts", source: `
			{"ph":"X","dur":30} {"ph":"X","ts":null,"dur":30} {"ph":"X","ts":"now","dur":30} {"ph":"i"}`, want: ``},
	})
}

func TestInstants(t *testing.T) {
	var cases []sliceCase
	for _, ph := range strings.Split("i I R P N O D v V c ( ) = , S F p n Q", " ") {
		at := func(ts string) string { return `{"ph":"` + ph + `","ts":` + ts + `,"dur":9}` }
		source := strings.Join([]string{at("9.9995"), at("9.9994"), at("10"), at("19.9994"), at("20"), at("-15")}, " ")
		for _, b := range []Boundary{Clip, Keep, Drop} {
			cases = append(cases, sliceCase{name: ph, boundary: b, source: source, want: "=a =c =d"})
		}
	}
	cases = append(cases, sliceCase{name: "no phase", source: `{"ts":10} {"ts":20}`, want: "=a"})
	runCases(t, cases)
}

func TestPairs(t *testing.T) {
	runCases(t, []sliceCase{
		{name: "inside, wherever they stand", source: `
			{"ph":"E","ts":20} {"ph":"B","ts":10}`, want: `=a =b`},
		{name: "clip moves both ends", source: `
			{"ph":"B","name":"f","ts":8} {"ph":"E","ts":25,"args":{"r":1}}`, want: `
			{"ph":"B","name":"f","ts":10.000,"args":{"tracekit.ts":8}}
			{"ph":"E","ts":20.000,"args":{"r":1,"tracekit.ts":25}}`},
		{name: "keep leaves both", boundary: Keep, source: `
			{"ph":"B","ts":8} {"ph":"E","ts":25} {"ph":"B","ts":1} {"ph":"E","ts":2}`, want: `=a =b`},
		{name: "drop takes both", boundary: Drop, source: `
			{"ph":"B","ts":8} {"ph":"E","ts":15} {"ph":"B","ts":15} {"ph":"E","ts":21} {"ph":"B","ts":11} {"ph":"E","ts":15,"n":1}`, want: `=b =e`},
		{name: "what only touches the window goes", source: `
			{"ph":"B","ts":8} {"ph":"E","ts":10} {"ph":"B","ts":20} {"ph":"E","ts":25}`, want: ``},
		{name: "ends come before beginnings of the same time", source: `
			{"ph":"B","ts":11,"name":"one"} {"ph":"B","ts":12,"name":"two"} {"ph":"E","ts":12,"name":"one"} {"ph":"E","ts":30,"name":"two"}`, want: `
			=a =b =c {"ph":"E","ts":20.000,"name":"two","args":{"tracekit.ts":30}}`},
		{name: "by track", source: `
			{"ph":"B","ts":1,"tid":1,"name":"x"} {"ph":"B","ts":2,"tid":2} {"ph":"E","ts":3,"tid":1} {"ph":"E","ts":4,"tid":2}`, want: ``},
		{name: "an end that names what it ends", source: `
			{"ph":"B","ts":1,"name":"x","cat":"c"} {"ph":"B","ts":2,"name":"y","cat":"c"} {"ph":"E","ts":3,"name":"x"} {"ph":"E","ts":14,"name":"y","cat":"c"}`, want: `
			{"ph":"B","ts":10.000,"name":"y","cat":"c","args":{"tracekit.ts":2}} =d`},
		{name: "what it names is not open", source: `
			{"ph":"B","ts":1,"name":"x","cat":"c"} {"ph":"E","ts":11,"name":"y"} {"ph":"E","ts":12,"name":"x","cat":"d"} {"ph":"E","ts":13}`, want: `
			{"ph":"B","ts":10.000,"name":"x","cat":"c","args":{"tracekit.ts":1}} =b =c =d`},
		{name: "a begin without a name is not what is named", source: `
			{"ph":"B","ts":11} {"ph":"E","ts":12,"name":"x"} {"ph":"i","ts":20.5}`, want: `
			=a =b {"ph":"E","ts":20.000}`},
		{name: "thread 0 of a process is its main thread", source: `
			{"ph":"B","ts":8,"pid":7,"tid":0} {"ph":"E","ts":9,"pid":7} {"ph":"B","ts":8,"pid":7} {"ph":"E","ts":9,"pid":7,"tid":7}`, want: ``},
		{name: "by JSON text 1 is not its string", source: `
			{"ph":"B","ts":11,"pid":1,"tid":1} {"ph":"E","ts":12,"pid":"1","tid":1} {"ph":"i","ts":0}`, want: `=a =b`},
		{name: "never closed, something after", source: `
			{"ph":"B","ts":8,"pid":3,"tid":"a"} {"ph":"B","ts":12,"pid":3,"tid":"a"} {"ph":"B","ts":20,"pid":3,"tid":"a"} {"ph":"i","ts":20.001}`, want: `
			{"ph":"B","ts":10.000,"pid":3,"tid":"a","args":{"tracekit.ts":8}} =b
			{"ph":"E","pid":3,"tid":"a","ts":20.000} {"ph":"E","pid":3,"tid":"a","ts":20.000}`},
		{name: "never closed, nothing after", source: `
			{"ph":"B","ts":8} {"ph":"X","ts":12,"dur":7.999} {"ph":"f","ts":99} {"ph":"M","ts":99,"pid":5}`, want: `
			{"ph":"B","ts":10.000,"args":{"tracekit.ts":8}} =b`},
		{name: "never closed, the trace ends where the window does", source: `
			{"ph":"B","ts":8} {"ph":"X","ts":12,"dur":8}`, want: `
			{"ph":"B","ts":10.000,"args":{"tracekit.ts":8}} =b {"ph":"E","ts":20.000}`},
		{name: "never closed, keep", boundary: Keep, source: `
			{"ph":"B","ts":8} {"ph":"B","ts":20} {"ph":"i","ts":30}`, want: `=a`},
		{name: "never closed, drop", boundary: Drop, source: `
			{"ph":"B","ts":12} {"ph":"i","ts":20}`, want: ``},
		{name: "never closed, drop, window past the end", boundary: Drop, source: `
			{"ph":"B","ts":12} {"ph":"B","ts":9} {"ph":"i","ts":19}`, want: `=a =c`},
		{name: "an end without a beginning is a point", source: `
			{"ph":"E","ts":9} {"ph":"E","ts":10} {"ph":"E","ts":20}`, want: `=b`},
		{name: "an end without a time closes nothing", source: `
			{"ph":"B","ts":11} {"ph":"E"} {"ph":"E","ts":12}`, want: `=a =c`},
	})
}

func TestNestingOfMovedPairs(t *testing.T) {
	runCases(t, []sliceCase{
		{name: "beginnings, outermost first", source: `
			{"ph":"i","ts":10} {"ph":"B","ts":3,"name":"in"} {"ph":"i","ts":11} {"ph":"B","ts":2,"name":"out"}
			{"ph":"E","ts":12} {"ph":"E","ts":13}`, want: `
			{"ph":"B","ts":10.000,"name":"out","args":{"tracekit.ts":2}} {"ph":"B","ts":10.000,"name":"in","args":{"tracekit.ts":3}}
			=a =c =e =f`},
		{name: "before one that begins with the window", source: `
			{"ph":"i","ts":10} {"ph":"B","ts":10,"name":"in"} {"ph":"B","ts":2,"name":"out"} {"ph":"E","ts":12} {"ph":"E","ts":13}`, want: `
			{"ph":"B","ts":10.000,"name":"out","args":{"tracekit.ts":2}} =a =b =d =e`},
		{name: "before a flow that starts with the window", source: `
			{"ph":"s","id":1,"ts":10} {"ph":"B","ts":2} {"ph":"f","bp":"e","id":1,"ts":11} {"ph":"E","ts":13}`, want: `
			{"ph":"B","ts":10.000,"args":{"tracekit.ts":2}} =a =c =d`},
		{name: "ends, innermost first", source: `
			{"ph":"B","ts":12,"name":"out"} {"ph":"B","ts":13,"name":"in"} {"ph":"E","ts":32,"name":"out"} {"ph":"i","ts":11}
			{"ph":"E","ts":31,"name":"in"} {"ph":"i","ts":14}`, want: `
			=a =b =d =f {"ph":"E","ts":20.000,"name":"in","args":{"tracekit.ts":31}} {"ph":"E","ts":20.000,"name":"out","args":{"tracekit.ts":32}}`},
		{name: "ends behind those that end with the window", source: `
			{"ph":"E","ts":32} {"ph":"B","ts":12} {"ph":"B","ts":13} {"ph":"E","ts":20}`, want: `
			=b =c =d {"ph":"E","ts":20.000,"args":{"tracekit.ts":32}}`},
		{name: "async, in order of time", source: `
			{"ph":"b","id":1,"ts":3} {"ph":"b","id":2,"ts":2} {"ph":"b","id":1,"ts":1} {"ph":"e","id":1,"ts":14} {"ph":"e","id":1,"ts":15} {"ph":"e","id":2,"ts":16}`, want: `
			{"ph":"b","id":1,"ts":10.000,"args":{"tracekit.ts":1}} {"ph":"b","id":2,"ts":10.000,"args":{"tracekit.ts":2}}
			{"ph":"b","id":1,"ts":10.000,"args":{"tracekit.ts":3}} =d =e =f`},
	})
}

// A viewer takes complete slices before begins of the same time, so it took one
// that is cut with the pair around it for the outer one.
func TestPairsAroundCompleteSlices(t *testing.T) {
	runCases(t, []sliceCase{
		{name: "one that is cut", source: `
			{"ph":"B","name":"out","ts":5,"args":{"a":1}} {"ph":"X","name":"in","ts":8,"dur":4} {"ph":"E","ts":15,"args":{"a":2,"b":3}}`, want: `
			{"ph":"X","name":"out","ts":10.000,"args":{"a":1,"b":3,"tracekit.ts":5,"tracekit.dur":10.000},"dur":5.000}
			{"ph":"X","name":"in","ts":10.000,"dur":2.000,"args":{"tracekit.ts":8,"tracekit.dur":4}}`},
		{name: "one that begins with the window", source: `
			{"ph":"E","ts":25} {"ph":"X","name":"in","ts":10,"dur":4} {"ph":"B","name":"out","ts":5}`, want: `
			{"ph":"X","name":"out","ts":10.000,"args":{"tracekit.ts":5,"tracekit.dur":20.000},"dur":10.000} =b`},
		{name: "never closed, it lasts to the trace's end", source: `
			{"ph":"B","name":"out","ts":5} {"ph":"X","name":"in","ts":10,"dur":4} {"ph":"i","ts":19}`, want: `
			{"ph":"X","name":"out","ts":10.000,"args":{"tracekit.ts":5},"dur":9.000} =b =c`},
		{name: "never closed, one inside of it ends where it does", source: `
			{"ph":"B","name":"out","ts":5} {"ph":"X","name":"in","ts":10,"dur":4} {"ph":"B","ts":15} {"ph":"B","ts":19} {"ph":"B","tid":2,"ts":15} {"ph":"i","ts":19}`, want: `
			{"ph":"X","name":"out","ts":10.000,"args":{"tracekit.ts":5},"dur":9.000} =b =c =d =e =f {"ph":"E","ts":19.000}`},
		{name: "an earlier cut's marks hold", source: `
			{"ph":"B","ts":5,"args":{"tracekit.ts":1}} {"ph":"X","ts":10,"dur":4} {"ph":"E","ts":15,"args":{"tracekit.ts":31}}`, want: `
			{"ph":"X","ts":10.000,"args":{"tracekit.ts":1,"tracekit.dur":30.000},"dur":5.000} =b`},
		{name: "not one around, before, later, elsewhere", source: `
			{"ph":"B","ts":5} {"ph":"X","ts":5,"dur":12} {"ph":"X","ts":6,"dur":4} {"ph":"X","ts":11,"dur":4} {"ph":"X","tid":2,"ts":10,"dur":4} {"ph":"E","ts":15}`, want: `
			{"ph":"X","ts":10.000,"dur":7.000,"args":{"tracekit.ts":5,"tracekit.dur":12}}
			{"ph":"B","ts":10.000,"args":{"tracekit.ts":5}} =d =e =f`},
		{name: "not by other boundaries", boundary: Keep, source: `
			{"ph":"B","ts":5} {"ph":"X","ts":8,"dur":4} {"ph":"E","ts":15}`, want: `=a =b =c`},
		{name: "not async", source: `
			{"ph":"b","id":1,"ts":5} {"ph":"X","ts":8,"dur":4} {"ph":"e","id":1,"ts":15}`, want: `
			{"ph":"X","ts":10.000,"dur":2.000,"args":{"tracekit.ts":8,"tracekit.dur":4}}
			{"ph":"b","id":1,"ts":10.000,"args":{"tracekit.ts":5}} =c`},
	})
}

func TestAsync(t *testing.T) {
	runCases(t, []sliceCase{
		{name: "slices of one id that overlap", source: `
			{"ph":"b","id":1,"name":"queue","ts":5} {"ph":"b","id":1,"name":"prefill","ts":6} {"ph":"e","id":1,"name":"queue","ts":7} {"ph":"e","id":1,"name":"prefill","ts":12}`, want: `
			{"ph":"b","id":1,"name":"prefill","ts":10.000,"args":{"tracekit.ts":6}} =d`},
		{name: "by category and id, on any thread", source: `
			{"ph":"b","cat":"c","id":1,"tid":1,"ts":8} {"ph":"b","cat":"d","id":1,"ts":1} {"ph":"e","cat":"d","id":1,"ts":9} {"ph":"e","cat":"c","id":1,"tid":2,"ts":15}`, want: `
			{"ph":"b","cat":"c","id":1,"tid":1,"ts":10.000,"args":{"tracekit.ts":8}} =d`},
		{name: "local ids belong to a process", source: `
			{"ph":"b","id2":{"local":1},"pid":1,"ts":8} {"ph":"e","id2":{"local":1},"pid":2,"ts":9} {"ph":"e","id2":{"local":1},"pid":1,"ts":10}`, want: ``},
		{name: "global ids do not", source: `
			{"ph":"b","id2":{"global":1},"pid":1,"ts":8} {"ph":"e","id2":{"global":1},"pid":2,"ts":9} {"ph":"e","id2":{"global":1},"pid":1,"ts":10}`, want: `=c`},
		{name: "never closed", source: `
			{"ph":"b","cat":"c","id":"0x1","pid":1,"tid":2,"name":"r","ts":11,"args":{}} {"ph":"b","id2":{"local":4},"pid":1,"ts":12} {"ph":"i","ts":30}`, want: `=a =b
			{"ph":"e","cat":"c","id":"0x1","pid":1,"tid":2,"name":"r","ts":20.000}
			{"ph":"e","id2":{"local":4},"pid":1,"ts":20.000}`},
		{name: "never closed twice, innermost first", source: `
			{"ph":"b","id":1,"name":"out","ts":11} {"ph":"b","id":1,"name":"in","ts":12} {"ph":"i","ts":30}`, want: `=a =b
			{"ph":"e","id":1,"name":"in","ts":20.000} {"ph":"e","id":1,"name":"out","ts":20.000}`},
		{name: "keep", boundary: Keep, source: `
			{"ph":"b","id":1,"ts":1} {"ph":"e","id":1,"ts":30} {"ph":"n","id":1,"ts":5}`, want: `=a =b`},
		{name: "drop", boundary: Drop, source: `
			{"ph":"b","id":1,"ts":1} {"ph":"e","id":1,"ts":30} {"ph":"n","id":1,"ts":15}`, want: `=c`},
	})
}

func TestNames(t *testing.T) {
	runCases(t, []sliceCase{
		{name: "processes and threads in use, whatever their ts", source: `
			{"ph":"M","name":"process_name","pid":1,"ts":99}
			{"ph":"M","name":"thread_name","pid":1,"tid":1,"ts":0}
			{"ph":"M","name":"thread_name","pid":1,"tid":2}
			{"ph":"M","name":"process_name","pid":2}
			{"ph":"M","name":"thread_sort_index","pid":2,"tid":2,"ts":15}
			{"ph":"X","pid":1,"tid":1,"ts":11,"dur":1}
			{"ph":"X","pid":1,"tid":2,"ts":21,"dur":1}
			{"ph":"M","name":"process_sort_index","pid":1,"tid":8}`, want: `=a =b =f =h`},
		{name: "metadata does not keep metadata", source: `
			{"ph":"M","name":"process_name","pid":1} {"ph":"M","name":"process_labels","pid":1}`, want: ``},
		{name: "other names go by process, or stay without one", source: `
			{"ph":"M","name":"num_cpus"} {"ph":"M","name":"num_cpus","pid":1} {"ph":"M","name":"num_cpus","pid":2} {"ph":"i","ts":11,"pid":2}`, want: `=a =c =d`},
		{name: "thread 0 is the main thread", source: `
			{"ph":"M","name":"thread_name","pid":5,"tid":0} {"ph":"M","name":"thread_name","pid":5} {"ph":"i","ts":11,"pid":5,"tid":5}`, want: `=a =b =c`},
		{name: "a carried counter uses its process", source: `
			{"ph":"M","name":"process_name","pid":1} {"ph":"C","pid":1,"name":"c","ts":1,"args":{"a":1}}`, want: `
			{"ph":"C","pid":1,"name":"c","ts":10.000,"args":{"a":1}} =a`},
	})
}
