package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// kind says what of a run differs.
type kind string

// The kinds. The last two never fail by themselves, the first two always do.
const (
	panics  kind = "panic"
	hangs   kind = "hang"
	bytesOf kind = "bytes"   // a trace
	indexOf kind = "index"   // a file that only tracekit reads
	tableOf kind = "table"   // in CSV
	packing kind = "packing" // the same text, packed into other bytes
	names   kind = "names"   // metadata events of a trace, and nothing else of it
	jsonOf  kind = "json"    // keys or values of a document that is not a trace
	textOf  kind = "text"    // what is laid out for people
	filesOf kind = "files"   // which files there are
	exit    kind = "exit"
	stderr  kind = "stderr"
	help    kind = "help"
)

// kinds are those that a line under meant/ may have.
var kinds = []kind{bytesOf, indexOf, packing, names, jsonOf, tableOf, textOf, filesOf, exit, stderr, help}

// difference is what the program of now does otherwise.
type difference struct {
	kind kind
	at   string // keys that lead to a value of JSON, such as .steps[].index; else the name of a file
	what string // the first of it, in a line or two
}

// String is how a line under meant/ says it.
func (d difference) String() string {
	if d.kind == jsonOf || d.kind == tableOf || d.kind == filesOf {
		return string(d.kind) + ":" + d.at
	}
	return string(d.kind)
}

// compare lists how two runs of a call differ.
func compare(c call, old, now result) (all []difference) {
	add := func(k kind, format string, args ...any) {
		all = append(all, difference{k, "", fmt.Sprintf(format, args...)})
	}
	switch {
	case now.panicked:
		add(panics, "%s", firstLines(now.stderr, 6))
		return all
	case now.hangs && !old.hangs:
		add(hangs, "does not end in time")
		return all
	case now.hangs:
		return nil // as before
	case old.hangs:
		add(exit, "hung before, now %d", now.status)
	case old.status != now.status:
		add(exit, "%d before, now %d: %s", old.status, now.status, firstLines(now.stderr, 1))
	}
	was, is := slices.Sorted(maps.Keys(old.files)), slices.Sorted(maps.Keys(now.files))
	for _, name := range without(was, is) {
		all = append(all, difference{filesOf, name, name + " is not there any more"})
	}
	for _, name := range without(is, was) {
		all = append(all, difference{filesOf, name, name + " is new"})
	}
	for _, name := range was {
		if text, ok := now.files[name]; ok && !bytes.Equal(old.files[name], text) {
			all = append(all, compareFile(c, name, old.files[name], text)...)
		}
	}
	if old.stderr != now.stderr {
		was, is := firstDifferentLine(old.stderr, now.stderr)
		add(stderr, "- %s\n+ %s", was, is)
	}
	return all
}

func without(list, others []string) (rest []string) {
	for _, s := range list {
		if !slices.Contains(others, s) {
			rest = append(rest, s)
		}
	}
	return rest
}

// compareFile says how a file differs that is not the same; JSON may be laid out in
// another way.
func compareFile(c call, name string, old, now []byte) []difference {
	lines := func(k kind) []difference {
		was, is := firstDifferentLine(string(old), string(now))
		return []difference{{k, name, fmt.Sprintf("%s:\n- %s\n+ %s", name, was, is)}}
	}
	switch ext := path.Ext(name); {
	case c.alone:
		return lines(help)
	case name == stdout && c.forPeople(), ext == ".html":
		return lines(textOf)
	case ext == ".csv":
		return lines(tableOf)
	case ext == ".tkx":
		return []difference{{indexOf, name, firstDifference(old, now)}}
	case name == stdout && slices.Contains(c.args, "--json"), path.Base(name) == "manifest.json", c.verb() == "open" && ext == ".json":
		return compareJSON(old, now)
	}
	was, is := unpacked(old), unpacked(now)
	k, what := bytesOf, firstDifference(was, is)
	if bytes.Equal(was, is) {
		k, what = packing, fmt.Sprintf("%d bytes before, now %d, of the same text", len(old), len(now))
	} else if rest := withoutNames(was); rest != "" && rest == withoutNames(is) {
		k = names
	}
	return []difference{{k, name, name + ": " + what}}
}

// withoutNames is a trace without its metadata events; empty if it is none, or none
// that a strict reader takes.
func withoutNames(trace []byte) string {
	var doc map[string]json.RawMessage
	var events []json.RawMessage
	if json.Unmarshal(trace, &doc) != nil || json.Unmarshal(doc["traceEvents"], &events) != nil {
		return ""
	}
	var rest strings.Builder
	for _, key := range slices.Sorted(maps.Keys(doc)) {
		if key != "traceEvents" {
			fmt.Fprintf(&rest, "%q: %s\n", key, doc[key])
		}
	}
	for _, e := range events {
		var member struct{ Ph any }
		if json.Unmarshal(e, &member) != nil || member.Ph != "M" {
			fmt.Fprintf(&rest, "%s\n", e)
		}
	}
	return rest.String()
}

// unpacked is the text of a file that may be packed.
func unpacked(file []byte) []byte {
	if plain, err := unpack(file); err == nil {
		return plain
	}
	if d, err := zstd.NewReader(bytes.NewReader(file)); err == nil {
		defer d.Close()
		if plain, err := io.ReadAll(d); err == nil {
			return plain
		}
	}
	return file
}

// compareJSON lists where two documents differ, by keys and values.
func compareJSON(old, now []byte) []difference {
	was, err := decode(old)
	if err != nil {
		return []difference{{jsonOf, "", "it was no JSON: " + err.Error()}}
	}
	is, err := decode(now)
	if err != nil {
		return []difference{{jsonOf, "", "it is no JSON: " + err.Error()}}
	}
	var d differing
	d.values("", was, is)
	return d.all
}

func decode(text []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err = d.Decode(&v); err == nil {
		_, err = d.Token()
		if err == io.EOF {
			return v, nil
		}
		err = fmt.Errorf("something follows: %w", err)
	}
	return v, err
}

// differing gathers where two documents differ, each place once whatever the index.
type differing struct{ all []difference }

func (d *differing) add(at, format string, args ...any) {
	if !slices.ContainsFunc(d.all, func(o difference) bool { return o.at == at }) {
		d.all = append(d.all, difference{jsonOf, at, at + " " + fmt.Sprintf(format, args...)})
	}
}

func (d *differing) values(at string, old, now any) {
	switch was := old.(type) {
	case map[string]any:
		if is, ok := now.(map[string]any); ok {
			d.objects(at, was, is)
			return
		}
	case []any:
		if is, ok := now.([]any); ok {
			for i := range min(len(was), len(is)) {
				d.values(at+"[]", was[i], is[i])
			}
			if len(was) != len(is) {
				d.add(at, "has %d elements, had %d", len(is), len(was))
			}
			return
		}
	default:
		switch now.(type) {
		case map[string]any, []any:
		default:
			if old == now {
				return
			}
		}
	}
	d.add(at, "%s before, now %s", brief(old), brief(now))
}

func (d *differing) objects(at string, was, is map[string]any) {
	keys := slices.Sorted(maps.Keys(was))
	for _, k := range append(keys, without(slices.Sorted(maps.Keys(is)), keys)...) {
		a, before := was[k]
		b, after := is[k]
		switch {
		case !after:
			d.add(at+"."+k, "is gone")
		case !before:
			d.add(at+"."+k, "is new: %s", brief(b))
		default:
			d.values(at+"."+k, a, b)
		}
	}
}

func brief(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return clip(string(text), 120)
}

func clip(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "") + "…"
	}
	return s
}

// firstDifference shows where two texts differ first, with what is around.
func firstDifference(old, now []byte) string {
	at := 0
	for at < min(len(old), len(now)) && old[at] == now[at] {
		at++
	}
	around := func(text []byte) string {
		return fmt.Sprintf("%q", text[max(0, at-40):min(len(text), at+60)])
	}
	return fmt.Sprintf("at byte %d of %d, now of %d\n- %s\n+ %s", at, len(old), len(now), around(old), around(now))
}

func firstLines(s string, n int) string {
	lines := strings.SplitN(strings.TrimSpace(s), "\n", n+1)
	return strings.Join(lines[:min(n, len(lines))], "\n")
}

func firstDifferentLine(old, now string) (was, is string) {
	a, b := strings.Split(old, "\n"), strings.Split(now, "\n")
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	line := func(lines []string) string {
		if i < len(lines) {
			return clip(lines[i], 160)
		}
		return "(nothing more)"
	}
	return line(a), line(b)
}
