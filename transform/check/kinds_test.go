package check

import (
	"fmt"
	"strings"
	"testing"

	"tracekit/internal/testkit/cmptest"
)

// inArray is a document of these events.
func inArray(events string) string { return `{"traceEvents":[` + events + `]}` }

// examples show each kind of finding in the smallest text that has it.
var examples = map[Kind]string{
	FormatUnknown:   `[]`,
	SyntaxError:     inArray(`{"ph":"X" "name":"a"}`),
	Incomplete:      `{"traceEvents":[`,
	AfterEnd:        inArray(``) + strings.Repeat("\n", chunkSize),
	SurrogateName:   inArray(`{"name":"\ud83d\ude00"}`),
	BadMemberNumber: inArray(`{"ts":NaN}`),
	UnreadableDur:   inArray(`{"ph":"X","ts":1,"dur":null}`),
	ArgsHang:        inArray(`{"ph":"C","ts":1,"args":{"a":NaN}}`),
	Crash:           inArray(`{"ph":"C","ts":1,"args":{"a":[}}`),

	RestDropped:    `[{"ph":"X","ts":1,"dur":null}]`,
	NoPhase:        inArray(`{"name":"a"}`),
	NoTime:         inArray(`{"ph":"X","dur":1}`),
	BadID2:         inArray(`{"ph":"b","pid":1,"ts":1,"id2":{"local":NaN}}`),
	BadSampleID:    inArray(`{"ph":"P","ts":1,"id":"zz"}`),
	NoDur:          inArray(`{"ph":"X","ts":1}`),
	NoID:           inArray(`{"ph":"b","pid":1,"ts":1}`),
	NoTid:          inArray(`{"ph":"i","pid":1,"ts":1}`),
	BadCounter:     inArray(`{"ph":"C","ts":1,"args":{"a":null}}`),
	BadMeta:        inArray(`{"ph":"M","name":"process_name","args":{"name":5}}`),
	BadState:       inArray(`{"ph":"T","ts":1,"dur":1,"args":{"a":NaN}}`),
	NegativeTime:   inArray(`{"ph":"X","ts":-1,"dur":1}`),
	NegativeDur:    inArray(`{"ph":"X","ts":1,"dur":-1}`),
	ImpossibleTime: inArray(`{"ph":"X","ts":1,"dur":1},{"ph":"X","ts":1700000000000000,"dur":1}`),
	ImpossibleDur:  inArray(`{"ph":"X","ts":1,"dur":4},{"ph":"X","ts":6,"dur":4},{"ph":"X","tid":2,"ts":7,"dur":99999999999999}`),
	TimeOverflow:   inArray(`{"ph":"X","ts":9300000000000000,"dur":1}`),
	OverlapRounded: inArray(`{"ph":"X","ts":1712170298000021.633,"dur":8.426},{"ph":"X","ts":1712170298000030.059,"dur":7.603}`),
	Overlap:        inArray(`{"ph":"X","ts":1,"dur":4},{"ph":"X","ts":3,"dur":4}`),
	TooDeep:        inArray(strings.Repeat(`{"ph":"X","ts":1,"dur":4},`, 513)),
	MisplacedEnd:   inArray(`{"ph":"X","ts":1,"dur":4},{"ph":"B","name":"b","ts":2},{"ph":"E","ts":9}`),
	FlowNoSlice:    inArray(`{"ph":"s","id":1,"ts":1}`),
	FlowDuplicate:  inArray(`{"ph":"X","ts":1,"dur":4},{"ph":"s","id":1,"ts":1},{"ph":"s","id":1,"ts":1}`),
	FlowBadID:      inArray(`{"ph":"s","id":"zz","ts":1}`),
	FlowAimless:    inArray(`{"ph":"X","ts":1,"dur":4,"bind_id":1}`),
	CutArgs:        inArray(`{"ph":"X","ts":1,"dur":4,"args":{"a":NaN,"b":1}}`),
	Garbled:        inArray(`{"ph":"X","ts":1,"dur":4,"args":{"a":18446744073709551615}}`),
	BadEscape:      inArray(`{"ph":"X","name":"\q","ts":1,"dur":4}`),
	IDOutOfRange:   inArray(`{"ph":"X","pid":-1,"ts":1,"dur":4}`),
	UnfinishedTail: `[{"ph":"X","ts":1,"dur":4},{"ph`,
	TrailingText:   inArray(``) + "x",

	NoEvents: `{"a":1}`,

	OverlapOlder: inArray(`{"ph":"X","ts":1,"dur":4},{"ph":"X","ts":3,"dur":4}`),

	ControlChar:     inArray("{\"ph\":\"X\",\"name\":\"a\tb\",\"ts\":1,\"dur\":4}"),
	BadUTF8:         inArray("{\"ph\":\"X\",\"name\":\"a\xff\",\"ts\":1,\"dur\":4}"),
	TrailingComma:   inArray(`{"ph":"X","ts":1,"dur":4},`),
	MissingComma:    inArray(`{"ph":"X","ts":1,"dur":4}{"ph":"X","ts":6,"dur":4}`),
	Unclosed:        `[{"ph":"X","ts":1,"dur":4}`,
	NotJSON:         `{"a":{"b":NaN},"traceEvents":[]}`,
	DuplicateKey:    inArray(`{"ph":"X","ts":1,"dur":4,"dur":5}`),
	DuplicateEvents: `{"traceEvents":[],"traceEvents":[]}`,

	UnclosedBegin: inArray(`{"ph":"B","ts":1}`),
	UnescapedPath: inArray(`{"ph":"X","name":"C:\temp\new\run.py(1): f","ts":1,"dur":4}`),
	QuotedNumber:  inArray(`{"ph":"X","ts":"1","dur":4}`),
	WrongProcess: inArray(`{"ph":"M","name":"process_name","pid":1,"args":{"name":"vLLM"}},` +
		`{"ph":"X","name":"decode","pid":2,"tid":3,"ts":1,"dur":4}`),

	LoneEnd:         inArray(`{"ph":"E","ts":1}`),
	FlowNoStart:     inArray(`{"ph":"X","ts":1,"dur":4},{"ph":"f","bp":"e","id":1,"ts":1}`),
	FlowStepNoStart: inArray(`{"ph":"X","ts":1,"dur":4},{"ph":"t","id":1,"ts":1}`),
	Ignored:         inArray(`{"ph":"O","ts":1}`),
	CoarseTime:      inArray(`{"ph":"X","ts":1700000000000000.123,"dur":4}`),
	OtherFormat:     "# tracer: nop\n#\n",
	KernelInside:    inArray(`{"ph":"X","cat":"kernel","ts":1,"dur":9},{"ph":"X","cat":"kernel","ts":3,"dur":2}`),
	SystemTrace:     `{"systemTraceEvents":"","traceEvents":[]}`,
}

func TestKinds(t *testing.T) {
	for kind, info := range kinds {
		text, shown := examples[kind]
		if !shown && kind != CutCompression {
			t.Errorf("%s is not shown", kind)
			continue
		}
		if !shown {
			continue
		}
		r := inBlocks(t, []byte(text), blockSize, runRecords)
		if r.Count(kind) == 0 {
			t.Errorf("%s is not found in %.200s", kind, text)
			continue
		}
		if r.Loads != (info.level != Fails) {
			t.Errorf("%s: loads %v", kind, r.Loads)
		}
		if n := r.stats[info.stat]; info.stat != "" && info.level == Lost && n != r.Count(kind) {
			t.Errorf("%s: %s is %d, want %d", kind, info.stat, n, r.Count(kind))
		}
		for _, f := range r.Findings {
			if len(f.First) == 0 || f.First[0].Line != int64(1+strings.Count(text[:f.First[0].Offset], "\n")) {
				t.Errorf("%s: first place %+v of %.200s", kind, f.First, text)
			}
		}
	}
}

// The places of findings lead to the event.
func TestPlacesOfFindingsLeadToTheirEvents(t *testing.T) {
	text := "{\"traceEvents\":[\n"
	for i := range 5 {
		text += fmt.Sprintf("{\"ph\":\"X\",\"name\":\"e%d\",\"ts\":%d},\n", i, i)
	}
	text += `{"ph":"X","name":"last","ts":9,"dur":1}]}`
	r := inBlocks(t, []byte(text), 16, 2)
	f := r.finds[NoDur]
	if f == nil || f.Count != 5 || len(f.First) != firstPlaces {
		t.Fatalf("%+v", f)
	}
	for i, p := range f.First {
		if want := fmt.Sprintf(`{"ph":"X","name":"e%d"`, i); !strings.HasPrefix(text[p.Offset:], want) || p.Line != int64(i+2) {
			t.Errorf("place %d: %+v", i, p)
		}
	}
}

// Where several names are wrong, they are told in the same order each time.
func TestWrongNamesKeepTheirOrder(t *testing.T) {
	events := `{"ph":"X","name":"decode","pid":4711,"tid":3,"ts":1,"dur":1}`
	for pid := range 8 {
		events += fmt.Sprintf(`,{"ph":"M","name":"process_name","pid":%d,"args":{"name":"vLLM"}}`, pid+1)
	}
	want := shown(inBlocks(t, []byte(inArray(events)), blockSize, runRecords))
	if want.Clean || len(want.Findings) != 1 || want.Findings[0].Count != 8 {
		t.Fatalf("%+v", want)
	}
	for range 10 {
		cmptest.Same(t, "a report of the same trace", want, shown(inBlocks(t, []byte(inArray(events)), blockSize, runRecords)))
	}
}
