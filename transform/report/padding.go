package report

import (
	"cmp"
	"fmt"
	"slices"

	"tracekit/internal/term"
	"tracekit/transform/steps"
)

// measurePadding adds up what batches that are padded to a size hold. Batches that serve no
// request stay out.
func (m *measure) measurePadding() {
	at := map[Bucket]int{}
	list := []Padding{}
	for i := range m.run.Steps {
		s := &m.run.Steps[i]
		for j := range s.Batches {
			b := &s.Batches[j]
			if s.Dummy || !showsContent(b) || !m.holds(b.Start) {
				continue
			}
			key := bucketOf(&b.Load, s.Warmup)
			k, ok := at[key]
			if !ok {
				k = len(list)
				at[key], list = k, append(list, Padding{Phase: key.Phase, Warmup: key.Warmup, Bucket: key.Bucket})
			}
			list[k].add(b)
		}
	}
	for i := range list {
		list[i].settle()
	}
	slices.SortStableFunc(list, func(a, b Padding) int {
		return cmp.Or(cmp.Compare(b.idle(), a.idle()), cmp.Compare(b.Batches, a.Batches), cmp.Compare(a.Phase, b.Phase), cmp.Compare(a.Bucket, b.Bucket))
	})
	m.report.Padding = list
}

// showsContent reports whether the trace tells what a batch holds of what it is padded to: ranks
// that are no driver tell the latter alone.
func showsContent(b *steps.Batch) bool {
	return b.Requests >= 0 && b.Bucket.Batch >= 0 || b.Tokens >= 0 && paddedTokens(b) >= 0 || b.Blocks >= 0 && b.Bucket.Ctx >= 0
}

func paddedTokens(b *steps.Batch) int64 {
	if b.Bucket.Batch < 0 || b.Bucket.Seq < 0 {
		return steps.Unknown
	}
	return int64(b.Bucket.Batch) * int64(b.Bucket.Seq)
}

func (p *Padding) add(b *steps.Batch) {
	p.Batches++
	addPair(&p.Requests, &p.PaddedRequests, int64(b.Requests), int64(b.Bucket.Batch))
	addPair(&p.Tokens, &p.PaddedTokens, int64(b.Tokens), paddedTokens(b))
	addPair(&p.Blocks, &p.PaddedBlocks, int64(b.Blocks), int64(b.Bucket.Ctx))
}

// addPair adds a batch's numbers if both are known. Merged prompts lie end to end in one
// row, so that more of them than the bucket has are none too many.
func addPair(sum, padded **int64, real, bucket int64) {
	if real < 0 || bucket < 0 {
		return
	}
	if *sum == nil {
		*sum, *padded = new(int64), new(int64)
	}
	**sum += real
	**padded += max(real, bucket)
}

func (p *Padding) settle() {
	if p.PaddedTokens != nil && *p.PaddedTokens > 0 {
		share := float64(p.idle()) / float64(*p.PaddedTokens)
		p.Wasted = &share
	}
}

// idle is the number of tokens computed for nothing.
func (p *Padding) idle() int64 {
	if p.Tokens == nil {
		return 0
	}
	return *p.PaddedTokens - *p.Tokens
}

func (p *printer) padding(r *Report) {
	if len(r.Padding) == 0 {
		return
	}
	t := term.Table{Left: 2, Spare: []int{3, 5}, Head: []string{"padding", term.Heading("bucket", len(r.Padding), p.Rows), "batches",
		"requests", "tokens", "blocks", "tokens wasted"}}
	for i := range r.Padding[:min(p.Rows, len(r.Padding))] {
		b := &r.Padding[i]
		phase, wasted := b.Phase, "-"
		if b.Warmup {
			phase += " (warm-up)"
		}
		if b.Wasted != nil {
			wasted = fmt.Sprintf("%.1f%%", 100**b.Wasted)
		}
		t.Add(phase, b.Bucket, fmt.Sprint(b.Batches), pair(b.Requests, b.PaddedRequests), pair(b.Tokens, b.PaddedTokens), pair(b.Blocks, b.PaddedBlocks), wasted)
	}
	p.table(&t)
}

func pair(real, padded *int64) string {
	if real == nil {
		return "-"
	}
	return fmt.Sprintf("%d of %d", *real, *padded)
}

func (r *Report) paddingTable() Table {
	return Table{"padding.csv", []string{"phase", "warmup", "bucket", "batches", "requests", "padded_requests", "tokens", "padded_tokens",
		"blocks", "padded_blocks", "wasted"},
		len(r.Padding), func(i int) []string {
			p := &r.Padding[i]
			wasted := ""
			if p.Wasted != nil {
				wasted = fmt.Sprintf("%.6f", *p.Wasted)
			}
			return cells(p.Phase, p.Warmup, p.Bucket, p.Batches, opt(p.Requests), opt(p.PaddedRequests), opt(p.Tokens), opt(p.PaddedTokens),
				opt(p.Blocks), opt(p.PaddedBlocks), wasted)
		}}
}
