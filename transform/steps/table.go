package steps

import (
	"cmp"
	"encoding/binary"
	"slices"

	"tracekit/filter/producer"
)

// row is a line of the table of markers: who writes them, and how they read.
type row struct {
	producer string
	rank     producer.Rank
	forms    []form
}

type form struct {
	producer.Form
	phase   Phase // that the form itself tells
	pattern producer.Pattern
}

// Rows that need more than a form.
var (
	gaudi    = rowOf(producer.VLLMGaudi.Name) // steps are made of several events each
	stackRow = rowOf(PythonStack)
	xlaRow   = rowOf(producer.XLA.Name) // slices of a thread
)

const chosenByUser = 255 // no row: what Options.Marker matches

// givenExpression is the producer of such markers.
const givenExpression = "the given expression"

// Producers of a Run that did not write the steps of a server: PythonStack if
// they are frames of Python stacks.
const PythonStack = "the Python stack"

// Profiler is PyTorch's.
var Profiler = producer.PyTorch.Name

// table of markers. At equal numbers the upper row wins.
var table = rows()

// begins has the first bytes of all forms: most names have none of them.
var begins = func() (first [256]bool) {
	for _, r := range table {
		for _, f := range r.forms {
			first[f.Text[0]] = true
		}
	}
	return first
}()

// rows are the markers of all producers, by rank.
func rows() []row {
	all := []row{{PythonStack, producer.Stack, nil}}
	for _, p := range producer.All {
		for _, m := range p.Markers {
			r := row{m.Producer, m.Rank, nil}
			for _, f := range m.Forms {
				r.forms = append(r.forms, form{f, phaseNamed(f.Phase), f.Pattern()})
			}
			all = append(all, r)
		}
	}
	slices.SortStableFunc(all, func(a, b row) int { return cmp.Compare(a.rank, b.rank) })
	return all
}

func rowOf(name string) uint8 {
	return uint8(slices.IndexFunc(table, func(r row) bool { return r.producer == name }))
}

// phaseNamed is the phase that the table calls so, Other if it tells none.
func phaseNamed(name string) Phase { return Phase(max(0, slices.Index(phaseNames[:], name))) }

// part is what an event says about a step of vLLM on Gaudi.
type part = producer.Part

const (
	noPart    = producer.NoPart
	prepare   = producer.Prepare
	prompts   = producer.PromptBatch
	decodes   = producer.DecodeBatch
	flatBatch = producer.FlatBatch
	rankBatch = producer.RankBatch
	model     = producer.Model
	logits    = producer.Logits
	sampler   = producer.Sampler
	after     = producer.After
	warmup    = producer.Warmup
	compile   = producer.Compile
)

// frames are the row for Python stacks.
var frames = func() (all []producer.Frame) {
	for _, p := range producer.All {
		all = append(all, p.Frames...)
	}
	return all
}()

// frameEnds are the last four bytes of the names of frames.
var frameEnds = func() (all []uint32) {
	for _, f := range frames {
		end := "): " + f.Function
		all = append(all, binary.LittleEndian.Uint32([]byte(end[len(end)-4:])))
	}
	slices.Sort(all)
	return slices.Compact(all)
}()

// modes are the phases by the words for them.
var modes = ofAll(func(p *producer.Producer) map[string]string { return p.Modes }, phaseNamed)

// fields are the names that stand in forms.
var fields = map[string]field{
	"": skip, "mode": mode, "keys": keys, "number": number, "requests": requests, "tokens": tokens, "context": context,
	"prompts": promptRequests, "prompt tokens": promptTokens, "prompt context": promptContext,
	"decodes": decodeRequests, "decode tokens": decodeTokens, "decode context": decodeContext,
}

// keyFields are the words before = in markers.
var keyFields = ofAll(func(p *producer.Producer) map[string]string { return p.Keys }, func(name string) field { return fields[name] })

// gauges are the members of Gaudi's utils counter behind prompt_ or decode_.
var gauges = ofAll(func(p *producer.Producer) map[string]string { return p.Gauges }, func(name string) gaugeField { return gaugeFields[name] })

var gaugeFields = map[string]gaugeField{
	"requests":     gaugeRequests,
	"bucket batch": gaugeBucketBatch,
	"bucket seq":   gaugeBucketSeq,
	"bucket ctx":   gaugeBucketCtx,
	"seq len":      gaugeSeqLen,
	"ctx len":      gaugeCtxLen,
	"utilization":  gaugeUtilization,
}

// ofAll joins what all producers say.
func ofAll[T any](of func(*producer.Producer) map[string]string, as func(string) T) map[string]T {
	all := map[string]T{}
	for _, p := range producer.All {
		for word, name := range of(p) {
			all[word] = as(name)
		}
	}
	return all
}
