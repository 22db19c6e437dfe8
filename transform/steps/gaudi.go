package steps

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"strings"
)

// isStepFrame tells a Python function that runs a step by its frame, such as
// vllm/v1/engine/core.py(331): step.
func isStepFrame(name []byte) bool {
	if len(name) < 4 || !slices.Contains(frameEnds, binary.LittleEndian.Uint32(name[len(name)-4:])) {
		return false // as most are, of half of all events
	}
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

// logitsOf reads the phase and the bucket of a batch from the name of its logits:
// compute_logits8_seq1_ctx64, or compute_logits_prompt_bs2_seq128_ctx0 of the V0 fork. A
// decoding request computes a token, or a few that were guessed; a bucket of prompts has a
// block of tokens at least, 128 of them.
func logitsOf(name string) (Phase, Bucket) {
	rest := strings.TrimPrefix(name, "compute_logits")
	switch {
	case strings.HasPrefix(rest, "_prompt_"):
		return Prefill, bucketOf(rest)
	case strings.HasPrefix(rest, "_decode_"):
		return Decode, bucketOf(rest)
	}
	const guessed = 32
	b := bucketOf("_bs" + rest)
	switch {
	case b.Seq < 0:
		return Other, b
	case b.Seq < guessed:
		return Decode, b
	}
	return Prefill, b
}

// flatBucket reads phase and bucket of a batch of unified attention:
// model_forward_csu_qlen256_nsb4_nub8_nlog4. c says that there are prompts, s that blocks are
// used by several tokens, u that others are used by one, as those of a decoding request are
// (unified_batch.py).
func flatBucket(name string) (Phase, Bucket) {
	words, sizes, _ := strings.Cut(strings.TrimPrefix(name, "model_forward_"), "_qlen")
	b := Bucket{Unknown, Unknown, Unknown}
	n, _ := leadingNumber([]byte(sizes))
	b.Seq = count(n)
	blocks := int64(0)
	for _, key := range []string{"_nsb", "_nub"} {
		_, rest, _ := strings.Cut(sizes, key)
		n, _ := leadingNumber([]byte(rest))
		blocks += max(n, 0)
	}
	b.Ctx = count(blocks)
	prompts, alone := strings.Contains(words, "c"), strings.Contains(words, "u")
	switch {
	case prompts && alone:
		return Mixed, b
	case prompts:
		return Prefill, b
	}
	return Decode, b
}

// fillGaudi makes the steps of vLLM on Gaudi.
func (f *Finder) fillGaudi(r *Run, group []mark) {
	all, batches := assemble(group)
	process := f.tracks.All[group[0].track].Process
	f.measure(batches, process)
	for i := range all {
		all[i].sum()
	}
	f.markWarmup(all, process, true)
	markDummies(all)
	f.keepCapture(r, all)
}

// markDummies marks the batches that a data-parallel rank without requests runs beside the
// others: decodes of one request whose context is always of one length, where that of a
// request grows (hpu_model_runner.py, _dummy_run).
func markDummies(all []Step) {
	single := func(i int) int32 {
		if i < 0 || i >= len(all) || all[i].Warmup || all[i].Phase != Decode || all[i].Requests != 1 {
			return Unknown
		}
		return all[i].SeqLen
	}
	length := int32(Unknown)
	var dummies []int
	for i := range all {
		if n := single(i); n > 0 && (n == single(i-1) || n == single(i+1)) {
			length = n
		}
	}
	for i := range all {
		n := single(i)
		if n > 0 && (n == single(i-1) || n == single(i+1) || n == length && single(i-1) != n-1 && single(i+1) != n+1) {
			dummies = append(dummies, i)
		}
	}
	for _, i := range dummies {
		all[i].beDummy()
	}
}

// beDummy says that a step serves no request.
func (s *Step) beDummy() {
	s.Dummy, s.Label = true, "dummy decode"
	for i := range s.Batches {
		s.Batches[i].Load = ofNoRequest(s.Batches[i].Bucket)
	}
	s.Load = ofNoRequest(s.Bucket)
}

func ofNoRequest(b Bucket) Load {
	l := Load{Bucket: b, SeqLen: Unknown, CtxLen: Unknown}
	return l
}

func newBatch(m *mark) Batch {
	b := Batch{Load: nothingKnown, Blocks: Unknown, Start: m.start, End: m.end}
	switch m.part {
	case prompts:
		b.Phase, b.Bucket = Prefill, bucketOf(m.name)
	case decodes:
		b.Phase, b.Bucket = Decode, bucketOf(m.name)
	case flatBatch:
		b.Phase, b.Bucket = flatBucket(m.name)
	}
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
		add(&l.PromptRequests, b.PromptRequests)
		add(&l.PromptTokens, b.PromptTokens)
		add(&l.DecodeRequests, b.DecodeRequests)
		add(&l.DecodeTokens, b.DecodeTokens)
		if b.Phase == Prefill || b.Phase == Mixed {
			prefills++
		}
		if b.Phase == Decode || b.Phase == Mixed {
			decoded = 1
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
	switch {
	case !decoded && prefills == 0:
		return "batch"
	case !decoded:
		return label
	}
	return strings.TrimPrefix(label+" + decode", " + ")
}
