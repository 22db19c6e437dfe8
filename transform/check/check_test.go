package check

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tracekit/internal/spill"
)

func temp() (*spill.File, error) { return spill.Create("") }

func runFile(t testing.TB, name string) *Report {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(context.Background(), f, info.Size(), Options{Temp: temp})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return r
}

// TestAgainstPerfetto compares with what Perfetto itself said of each file.
func TestAgainstPerfetto(t *testing.T) {
	dir := "../../testdata/perfetto-cases"
	table, err := os.ReadFile(filepath.Join(dir, "VERDICTS.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.SplitSeq(string(table), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 8 || !strings.Contains(cells[1], ".") {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows++
		r := runFile(t, filepath.Join(dir, cells[1]))
		if r.Loads != (cells[2] == "loads") {
			t.Errorf("%s: loads %v (%+v), want %s", cells[1], r.Loads, r.Reason, cells[2])
			continue
		}
		if !r.Loads {
			continue
		}
		got := fmt.Sprint(r.Slices, r.Flows, r.CounterSamples)
		if want := strings.Join(cells[3:6], " "); got != want {
			t.Errorf("%s: slices, flows and counter samples %s, want %s", cells[1], got, want)
		}
		if got, want := statsOf(r), wantStats(cells[6]); got != want {
			t.Errorf("%s: stats %q, want %q", cells[1], got, want)
		}
	}
	if rows < 40 {
		t.Fatalf("only %d rows in the table", rows)
	}
}

// unjudged are statistics that say nothing of the trace itself.
var unjudged = []string{"clock_sync_cache_miss", "json_display_time_unit"}

func statsOf(r *Report) string {
	var s []string
	for _, st := range r.Stats {
		if !slices.Contains(unjudged, st.Name) {
			s = append(s, fmt.Sprintf("%s=%d (%s)", st.Name, st.Value, st.Severity))
		}
	}
	return sorted(s)
}

func wantStats(cell string) string {
	var s []string
	for st := range strings.SplitSeq(cell, "; ") {
		if name, _, _ := strings.Cut(st, "="); name != "" && !slices.Contains(unjudged, name) {
			s = append(s, st)
		}
	}
	return sorted(s)
}

func sorted(s []string) string {
	slices.Sort(s)
	return strings.Join(s, "; ")
}

// A temporary file that can't be written ends the check at the event that needed it,
// and is asked for once.
func TestNoRoomForTemporaryDataEndsTheCheck(t *testing.T) {
	text := `[{"ph":"i","name":"a","pid":1,"tid":1,"ts":1}` + strings.Repeat(`,{"ph":"X","name":"b","pid":1,"tid":1,"ts":5,"dur":1}`, 200) + "]"
	asked := 0
	noRoom := func() (*spill.File, error) { asked++; return nil, spill.ErrNoRoom }
	c := &checker{ctx: context.Background(), o: Options{Temp: noRoom}, report: newReport(), block: blockSize, records: 10}
	if _, err := c.run(strings.NewReader(text), int64(len(text))); !errors.Is(err, spill.ErrNoRoom) || asked != 1 {
		t.Errorf("%v, after it was asked for %d times", err, asked)
	}
}
