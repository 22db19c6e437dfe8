package split

import (
	"bytes"
	"strconv"

	table "tracekit/internal/term"
)

// columns of the manifest as a table, each with its name and what a piece has in
// it.
var columns = []struct {
	name string
	of   func(q *Piece) string
}{
	{"file", func(q *Piece) string { return q.File }},
	{"kind", func(q *Piece) string { return q.Kind }},
	{"index", func(q *Piece) string { return strconv.Itoa(q.Index) }},
	{"label", func(q *Piece) string { return q.Label }},
	{"phase", func(q *Piece) string { return q.Phase }},
	{"first_step", ofSteps(func(s *Steps) string { return strconv.FormatInt(s.First, 10) })},
	{"last_step", ofSteps(func(s *Steps) string { return strconv.FormatInt(s.Last, 10) })},
	{"steps", ofSteps(func(s *Steps) string { return strconv.Itoa(s.Count) })},
	{"warmup", ofSteps(func(s *Steps) string { return strconv.FormatBool(s.Warmup) })},
	{"recompiled", ofSteps(func(s *Steps) string { return strconv.Itoa(s.Recompiled) })},
	{"requests", ofLoad(func(l *Load) *int32 { return l.Requests })},
	{"tokens", ofLoad(func(l *Load) *int32 { return l.Tokens })},
	{"prompt_requests", ofLoad(func(l *Load) *int32 { return l.PromptRequests })},
	{"prompt_tokens", ofLoad(func(l *Load) *int32 { return l.PromptTokens })},
	{"decode_requests", ofLoad(func(l *Load) *int32 { return l.DecodeRequests })},
	{"decode_tokens", ofLoad(func(l *Load) *int32 { return l.DecodeTokens })},
	{"bucket_batch_size", ofLoad(func(l *Load) *int32 { return l.BucketBatch })},
	{"bucket_seq_len", ofLoad(func(l *Load) *int32 { return l.BucketSeq })},
	{"bucket_ctx_blocks", ofLoad(func(l *Load) *int32 { return l.BucketCtx })},
	{"seq_len", ofLoad(func(l *Load) *int32 { return l.SeqLen })},
	{"ctx_len", ofLoad(func(l *Load) *int32 { return l.CtxLen })},
	{"inferred", func(q *Piece) string { return strconv.FormatBool(q.Inferred) }},
	{"begun", func(q *Piece) string { return strconv.FormatBool(q.Begun) }},
	{"unfinished", func(q *Piece) string { return strconv.FormatBool(q.Unfinished) }},
	{"start", func(q *Piece) string { return string(q.Start) }},
	{"end", func(q *Piece) string { return string(q.End) }},
	{"wall_clock", func(q *Piece) string { return q.Wall }},
	{"events", func(q *Piece) string { return strconv.FormatInt(q.Events, 10) }},
	{"bytes", func(q *Piece) string { return strconv.FormatInt(q.Bytes, 10) }},
	{"packed_bytes", func(q *Piece) string { return strconv.FormatInt(q.Packed, 10) }},
	{"host", ofSteps(func(s *Steps) string { return string(s.Host) })},
	{"device_busy", func(q *Piece) string { return string(q.DeviceBusy) }},
	{"device_lag", func(q *Piece) string { return string(q.DeviceLag) }},
}

// ofSteps is a column that is empty for pieces without steps.
func ofSteps(of func(*Steps) string) func(*Piece) string {
	return func(q *Piece) string {
		if q.Steps == nil {
			return ""
		}
		return of(q.Steps)
	}
}

// ofLoad is a column that is empty where the trace does not tell.
func ofLoad(of func(*Load) *int32) func(*Piece) string {
	return ofSteps(func(s *Steps) string {
		if s.Load == nil || of(s.Load) == nil {
			return ""
		}
		return strconv.Itoa(int(*of(s.Load)))
	})
}

// table is the list of pieces as CSV.
func (m *Manifest) table() ([]byte, error) {
	var b bytes.Buffer
	w := table.NewCSV(&b)
	row := make([]string, len(columns))
	for i := range columns {
		row[i] = columns[i].name
	}
	w.Row(row)
	for i := range m.Pieces {
		for k := range columns {
			row[k] = columns[k].of(&m.Pieces[i])
		}
		w.Row(row)
	}
	err := w.Close()
	return b.Bytes(), err
}
