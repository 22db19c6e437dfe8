package steps

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"tracekit/trace"
)

// isStepFrame tells a Python function that runs a step by its frame, such as
// vllm/v1/engine/core.py(331): step.
func isStepFrame(name []byte) bool {
	for _, f := range frames {
		at := len(name) - len(f.Function)
		if at < 3 || string(name[at:]) != f.Function || string(name[at-3:at]) != "): " {
			continue
		}
		open := bytes.LastIndexByte(name[:at], '(')
		if open >= 0 && bytes.HasSuffix(name[:open], []byte(f.File)) {
			return true
		}
	}
	return false
}

// partOf tells what an event says about a step, by its name.
func partOf(name []byte) part {
	for _, p := range parts {
		if begin, more := strings.CutSuffix(p.Name, "*"); more {
			if len(name) > len(begin) && string(name[:len(begin)]) == begin {
				return p.Part
			}
		} else if string(name) == p.Name {
			return p.Part
		}
	}
	return noPart
}

// bucketOf reads a bucket such as bs4_seq256_ctx0 from a name.
func bucketOf(name string) Bucket {
	b := Bucket{Unknown, Unknown, Unknown}
	for _, f := range []struct {
		key string
		to  *int32
	}{{"_bs", &b.Batch}, {"_seq", &b.Seq}, {"_ctx", &b.Ctx}} {
		if _, rest, ok := strings.Cut(name, f.key); ok {
			n, _ := leadingNumber([]byte(rest))
			*f.to = count(n)
		}
	}
	return b
}

// iterations joins the parts of a track into steps, and counts them. A step
// begins with prepare_input_tensors, or with a batch that can't belong to the
// step before: there is one decode batch at most, behind those of prompts.
func iterations(group []mark, grow func(begins bool, m *mark, inside bool)) (n int) {
	var end, batchEnd trace.Time = trace.MinTime, trace.MinTime // of the step and its last batch
	decoded, isAfter := false, false
	for i := range group {
		m := &group[i]
		inside := m.end <= batchEnd
		batch := (m.part == prompts || m.part == decodes) && !inside
		begins := batch && (n == 0 || decoded || isAfter) || m.part == prepare && m.end > end
		switch {
		case begins:
			n++
			end, decoded, isAfter = m.end, false, false
		case n == 0, m.part == model && !inside, m.part == warmup, m.part == compile:
			continue
		}
		end = max(end, m.end)
		if batch {
			batchEnd, decoded = m.end, m.part == decodes
		}
		isAfter = isAfter || m.part == after
		if grow != nil {
			grow(begins, m, inside)
		}
	}
	return n
}

// fillGaudi makes the steps of vLLM on Gaudi.
func (f *Finder) fillGaudi(r *Run, group []mark) {
	var batches []Batch
	var firsts []int
	iterations(group, func(begins bool, m *mark, inside bool) {
		if begins {
			r.Steps = append(r.Steps, Step{Load: nothingKnown, Index: len(r.Steps), Number: Unknown, Start: m.start})
			firsts = append(firsts, len(batches))
		}
		s := &r.Steps[len(r.Steps)-1]
		s.End = max(s.End, m.end)
		switch {
		case m.part == model, m.part == prompts && inside, m.part == decodes && inside:
			batches[len(batches)-1].Bucket = bucketOf(m.name)
		case m.part == prompts, m.part == decodes:
			batches = append(batches, newBatch(m))
		}
	})
	for i := range r.Steps {
		to := len(batches)
		if i+1 < len(firsts) {
			to = firsts[i+1]
		}
		r.Steps[i].Batches = batches[firsts[i]:to:to]
	}
	f.measure(batches, f.tracks.All[group[0].track].Process)
	for i := range r.Steps {
		r.Steps[i].sum()
	}
}

func newBatch(m *mark) Batch {
	b := Batch{Load: nothingKnown, Start: m.start, End: m.end}
	b.Phase = Decode
	if m.part == prompts {
		b.Phase = Prefill
	}
	b.Bucket = bucketOf(m.name)
	b.ofOnePhase()
	return b
}

// measureChosen gives steps whose markers are batches, as a user may want
// them, what is known of these.
func (f *Finder) measureChosen(r *Run, group []mark) {
	var batches []Batch
	outermost(group, func(m *mark) {
		if m.part == prompts || m.part == decodes {
			batches = append(batches, newBatch(m))
		}
	})
	f.measure(batches, f.tracks.All[group[0].track].Process)
	for i, next := 0, 0; i < len(r.Steps) && next < len(batches); i++ {
		if s := &r.Steps[i]; s.Start == batches[next].Start {
			s.Load = batches[next].Load
			next++
		}
	}
}

// sum makes a step's load of its batches', and its label.
func (s *Step) sum() {
	l := &s.Load
	if len(s.Batches) == 0 {
		s.Label = "prepare_input_tensors"
		return
	}
	l.Requests, l.Tokens, l.CtxLen = 0, 0, 0
	l.PromptRequests, l.PromptTokens, l.DecodeRequests, l.DecodeTokens = 0, 0, 0, 0
	prefills, decoded := 0, int64(0)
	for i := range s.Batches {
		b := &s.Batches[i]
		add(&l.Requests, b.Requests)
		add(&l.Tokens, b.Tokens)
		add(&l.CtxLen, b.CtxLen)
		if b.Phase == Prefill {
			prefills++
			add(&l.PromptRequests, b.Requests)
			add(&l.PromptTokens, b.Tokens)
		} else {
			decoded = 1
			add(&l.DecodeRequests, b.Requests)
			add(&l.DecodeTokens, b.Tokens)
		}
		l.Bucket.Batch = max(l.Bucket.Batch, b.Bucket.Batch)
		l.Bucket.Seq = max(l.Bucket.Seq, b.Bucket.Seq)
		l.Bucket.Ctx = max(l.Bucket.Ctx, b.Bucket.Ctx)
		l.SeqLen = max(l.SeqLen, b.SeqLen)
	}
	l.Phase = phaseOf(int64(prefills), decoded)
	s.Label = gaudiLabel(prefills, decoded > 0)
}

func add(to *int32, n int32) {
	if n < 0 || *to < 0 || *to > math.MaxInt32-n {
		*to = Unknown
		return
	}
	*to += n
}

// gaudiLabel names a step after its parts, as 2 prefill + decode.
func gaudiLabel(prefills int, decoded bool) string {
	label := ""
	switch {
	case prefills == 1:
		label = "prefill"
	case prefills > 1:
		label = strconv.Itoa(prefills) + " prefill"
	}
	if !decoded {
		return label
	}
	return strings.TrimPrefix(label+" + decode", " + ")
}
