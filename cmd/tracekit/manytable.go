package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"tracekit/internal/jsondoc"
	"tracekit/internal/remote"
	"tracekit/internal/term"
	"tracekit/trace"
	"tracekit/transform/merge"
	measured "tracekit/transform/report"
)

// manyFiles is the JSON of a verb about several inputs.
type manyFiles struct {
	Files []manyFile `json:"files"`
}

// manyFile is what the verb says of one of them, as it says of a file alone.
type manyFile struct {
	File   string   `json:"file"`
	Status int      `json:"status"`
	Result jsonText `json:"result,omitempty"`
}

// jsonText is JSON that is printed as it is.
type jsonText []byte

// MarshalJSON returns the text.
func (t jsonText) MarshalJSON() ([]byte, error) { return t, nil }

// filesOf is the JSON of all, of what is written of each.
func filesOf(all []done, text func(*done) []byte) manyFiles {
	doc := manyFiles{Files: []manyFile{}}
	for i := range all {
		f := manyFile{File: remote.Shown(all[i].name), Status: all[i].status}
		if text := text(&all[i]); json.Valid(text) {
			f.Result = text
		}
		doc.Files = append(doc.Files, f)
	}
	return doc
}

// table writes what a verb says of all inputs.
func (m *many) table(all []done) error {
	if m.json {
		return writeError(jsondoc.Write(m.std.out, filesOf(all, func(d *done) []byte { return d.out.Bytes() })))
	}
	if m.Command.Name == "check" && m.Bool("quiet") {
		return nil
	}
	t := term.Table{Left: 1}
	row := map[string]func(*term.Table, *done) ([]string, error){"info": infoRow, "check": checkRow}[m.Command.Name]
	called := map[string]int{}
	for i := range all {
		called[baseName(all[i].name)]++
	}
	for i := range all {
		cells, err := row(&t, &all[i])
		if err != nil {
			cells = []string{"failed"}
		}
		name := baseName(all[i].name)
		if called[name] > 1 {
			name = remote.Shown(all[i].name)
		}
		t.Add(append([]string{name}, cells...)...)
	}
	if t.Head == nil {
		return nil // all have failed, and it was said why
	}
	for i := range t.Rows {
		for len(t.Rows[i]) < len(t.Head) {
			t.Rows[i] = append(t.Rows[i], "-")
		}
	}
	w := bufio.NewWriter(m.std.out)
	t.Write(w, screen(m.std.out))
	return writeError(w.Flush())
}

func infoRow(t *term.Table, d *done) ([]string, error) {
	var r struct {
		Format      string
		Size, Bytes int64
		Events      int64
		Start       int64  `json:"start_ns"`
		End         int64  `json:"end_ns"`
		Wall        string `json:"wall_clock"`
		Producer    string
		Hints       []struct{ Key, Value string }
		Steps       *struct{ Count int64 }
	}
	if err := json.Unmarshal(d.out.Bytes(), &r); err != nil {
		return nil, err
	}
	t.Head, t.Left, t.Spare = []string{"file", "rank", "made by", "begins", "time", "events", "JSON", "packed", "steps", "damage"}, 4, []int{3, 7}
	rank, steps, packed, damage := cmp.Or(merge.RankInName(baseName(d.name)), "-"), "-", "-", "-"
	if d.status == exitDamaged {
		damage = "some"
	}
	for _, h := range r.Hints {
		if h.Key == "rank" {
			rank = h.Value
		}
	}
	if r.Steps != nil && r.Steps.Count > 0 {
		steps = fmt.Sprint(r.Steps.Count)
	}
	if r.Format != "plain" && r.Size > 0 {
		packed = term.Bytes(r.Size)
	}
	begins := r.Wall
	if begins == "" {
		begins = fmt.Sprintf("@%s", trace.AppendMicros(nil, trace.Time(r.Start)))
	}
	return []string{rank, r.Producer, begins, measured.Amount(trace.Time(r.End - r.Start)), fmt.Sprint(r.Events), term.Bytes(r.Bytes), packed, steps, damage}, nil
}

func checkRow(t *term.Table, d *done) ([]string, error) {
	var r struct {
		Loads                 bool
		Events, Slices, Flows int64
		Findings              []struct {
			Kind, Level string
			Count       int64
		}
	}
	if err := json.Unmarshal(d.out.Bytes(), &r); err != nil {
		return nil, err
	}
	t.Head, t.Left = []string{"file", "verdict", "findings", "events", "slices", "flows"}, 3
	verdict := "loads"
	if !r.Loads {
		verdict = "does not load"
	}
	var found []string
	for _, f := range r.Findings {
		if f.Level != "note" && f.Level != "odd" {
			found = append(found, fmt.Sprintf("%s %s × %d", f.Level, f.Kind, f.Count))
		}
	}
	if len(found) == 0 {
		found = []string{"-"}
	}
	return []string{verdict, strings.Join(found, ", "), fmt.Sprint(r.Events), fmt.Sprint(r.Slices), fmt.Sprint(r.Flows)}, nil
}
