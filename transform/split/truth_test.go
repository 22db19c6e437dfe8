package split

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/tracegen"
	"tracekit/transform/requests"
	"tracekit/transform/slice"
	"tracekit/transform/steps"
)

// What the manifest says of steps is what the generator wrote down.
func TestManifestHasTheStepsOfTheGenerator(t *testing.T) {
	for _, producer := range []tracegen.Producer{tracegen.Gaudi, tracegen.CUDA, tracegen.SGLang} {
		t.Run(string(producer), func(t *testing.T) {
			data, truth := madeWithTruth(t, producer)
			m, _ := splitInto(t, data, Options{By: Step, Device: slice.Launched})
			var told []*Piece
			for i := range m.Pieces {
				if q := &m.Pieces[i]; q.Kind == "step" {
					told = append(told, q)
				}
			}
			if len(told) != len(truth.Steps) {
				t.Fatalf("%d steps, there are %d", len(told), len(truth.Steps))
			}
			for i := range truth.Steps {
				compareStep(t, told[i], &truth.Steps[i], producer)
			}
		})
	}
}

// stepFacts are what the generator knows of the piece of a step.
type stepFacts struct {
	Label, Phase string
	Number       int64
	Start, Host  Micros
	Warmup       bool
	Requests     int64
	Recompiled   int
	Load         [6]int64 // of the only batch: tokens, buckets and lengths
}

func compareStep(t *testing.T, q *Piece, want *tracegen.Step, producer tracegen.Producer) {
	t.Helper()
	have := stepFacts{Label: q.Label, Phase: q.Phase, Number: q.Steps.First, Start: q.Start}
	should := stepFacts{Label: fmt.Sprintf("step %d %s", want.Index, want.Phase), Phase: want.Phase, Number: int64(want.Index), Start: micros(ns(want.StartNS))}
	if want.Warmup {
		should.Label += " warmup"
	} else {
		have.Requests, should.Requests = int64(*q.Steps.Requests), int64(want.PrefillRequests+want.DecodeRequests)
	}
	if busy := q.DeviceBusy; busy == "" || busy == "0.000" {
		t.Errorf("step %d: the device was never busy", want.Index)
	}
	if producer == tracegen.Gaudi {
		have.Warmup, have.Host, have.Recompiled = q.Steps.Warmup, q.Steps.Host, int(q.Steps.Recompiled)
		should.Warmup, should.Host = want.Warmup, micros(ns(want.EndNS-want.StartNS))
		for _, b := range want.Batches {
			if b.Compile != nil {
				should.Recompiled = 1
			}
		}
		if len(want.Batches) == 1 {
			b, l := &want.Batches[0], q.Steps.Load
			have.Load = [6]int64{int64(*l.Tokens), int64(*l.BucketBatch), int64(*l.BucketSeq), int64(*l.BucketCtx), int64(*l.SeqLen), int64(*l.CtxLen)}
			should.Load = [6]int64{int64(b.Tokens), int64(b.BucketSize), int64(b.BucketSeq), int64(b.BucketCtx), int64(b.MaxLen), int64(b.SumLen)}
		}
	}
	cmptest.Same(t, fmt.Sprintf("step %d", want.Index), should, have)
}

func TestPhasesAreThoseOfTheTruth(t *testing.T) {
	data, truth := madeWithTruth(t, tracegen.Gaudi)
	m, _ := splitInto(t, data, Options{By: Phase})
	var runs []string
	for i, s := range truth.Steps {
		if i == 0 || s.Phase != truth.Steps[i-1].Phase || s.Warmup != truth.Steps[i-1].Warmup {
			runs = append(runs, fmt.Sprint(s.Phase, " from ", s.Index))
		}
	}
	var got []string
	for _, q := range m.Pieces {
		if q.Kind == "phase" {
			got = append(got, fmt.Sprint(q.Phase, " from ", q.Steps.First))
		}
	}
	cmptest.Same(t, "the list of phases", runs, got)
	decode := steps.Decode
	m, _ = splitInto(t, data, Options{By: Phase, Only: &decode})
	for _, q := range m.Pieces {
		if q.Phase != "decode" || q.Steps.Warmup {
			t.Errorf("piece %s", q.Label)
		}
	}
}

// Pieces of requests are what slice makes of their windows, whether ids tell of
// them or batches.
func TestRequestsOfTheTruth(t *testing.T) {
	for _, producer := range []tracegen.Producer{tracegen.Gaudi, tracegen.CUDA} {
		data, truth := madeWithTruth(t, producer)
		m := comparePieces(t, data, Options{By: Request, Device: slice.Launched}, string(producer))
		if len(m.Pieces) != len(truth.Requests) {
			t.Errorf("%s: %d requests, there are %d", producer, len(m.Pieces), len(truth.Requests))
		}
		for i, q := range m.Pieces {
			if want := truth.Requests[i]; q.Inferred || q.Start != micros(ns(want.StartNS)) || q.Steps.First != int64(want.FirstStep) || q.Unfinished != want.Unfinished {
				t.Errorf("%s: request %+v, want %+v", producer, q, want)
			}
		}
	}
	data := bytes.ReplaceAll(made(t, tracegen.Gaudi), []byte("cmpl-"), nil) // async pairs that name nobody
	data = bytes.ReplaceAll(data, []byte(`"request`), []byte(`"nothing`))
	m := comparePieces(t, data, Options{By: Request, Device: slice.Launched}, "inferred")
	if len(m.Pieces) == 0 {
		t.Error("no requests are inferred")
	}
	for _, q := range m.Pieces {
		if !q.Inferred {
			t.Errorf("request %s is not inferred", q.Label)
		}
	}
}

func TestARequestOutsideIsListed(t *testing.T) {
	records, err := requests.ReadFile(strings.NewReader("id,start,end\nearly,@1,@2\nin,@100,@110\nlate,@9e9,@9.1e9\n"), requests.FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	m, _ := splitInto(t, []byte(`[{"ph":"X","name":"a","pid":1,"tid":1,"ts":50,"dur":100}]`), Options{By: Request, Requests: requests.Options{Records: records}})
	if len(m.Pieces) != 1 || m.Pieces[0].Label != "in" || len(m.Outside) != 2 || m.Outside[0].Label != "early" || m.Outside[1].Label != "late" {
		t.Errorf("pieces %+v, outside %+v", m.Pieces, m.Outside)
	}
}

// The table has what the list has, under the same names.
func TestTableAndManifestSayTheSame(t *testing.T) {
	data := made(t, tracegen.Gaudi)
	m, dir := splitInto(t, data, Options{By: Step})
	rows, err := csv.NewReader(bytes.NewReader(dir.files["manifest.csv"])).ReadAll()
	if err != nil || len(rows) != len(m.Pieces)+1 {
		t.Fatalf("%d rows, error %v", len(rows), err)
	}
	var doc struct{ Pieces []map[string]any }
	d := json.NewDecoder(bytes.NewReader(dir.files["manifest.json"]))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	for i, row := range rows[1:] {
		fields := doc.Pieces[i]
		if s, ok := fields["steps"].(map[string]any); ok {
			for k, v := range s {
				fields[map[string]string{"first": "first_step", "last": "last_step", "count": "steps"}[k]] = v
				fields[k] = v
			}
			for _, k := range []string{"first", "last", "count", ""} {
				delete(fields, k)
			}
			fields["steps"] = s["count"]
		}
		for k, name := range rows[0] {
			want := fmt.Sprint(fields[name])
			if fields[name] == nil {
				want = map[bool]string{true: row[k], false: ""}[row[k] == "0" || row[k] == "false"]
			}
			if row[k] != want {
				t.Errorf("row %d, %s: %q, want %q", i, name, row[k], want)
			}
			delete(fields, name)
		}
		if len(fields) > 0 {
			t.Errorf("row %d lacks %v", i, fields)
		}
	}
}

func TestResnetHasFiveSteps(t *testing.T) {
	const name = "../../../shared/traces/resnet_ddp_epoch_ts.pt.trace.json.gz"
	data, err := os.ReadFile(name)
	if err != nil {
		t.Skip("there is no such trace")
	}
	m, _ := splitInto(t, data, Options{By: Step, Device: slice.Launched})
	var labels []string
	for _, q := range m.Pieces {
		labels = append(labels, q.Label)
	}
	if got := strings.Join(labels, ", "); got != "prologue, step 101, step 102, step 103, step 104, step 105, epilogue" {
		t.Error(got)
	}
}
