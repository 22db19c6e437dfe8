package steps

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func half(ph, cat, name, tid string, ts int) string {
	text := fmt.Sprintf(`{"ph":"%s","pid":7,"tid":%s,"ts":%d`, ph, tid, ts)
	for _, m := range [][2]string{{"cat", cat}, {"name", name}} {
		if m[1] != "" {
			text += fmt.Sprintf(`,"%s":"%s"`, m[0], m[1])
		}
	}
	return text + "}"
}

func TestStepsThatBeginAndEnd(t *testing.T) {
	const a, b, c = "step[DECODE bs=1]", "step[DECODE bs=2]", "step[DECODE bs=3]"
	begin := func(name string, ts int) string { return half("B", "user_annotation", name, "7", ts) }
	end := func(ts int) string { return half("E", "", "", "7", ts) }
	for _, k := range []struct {
		name, want string
		events     []string
	}{
		{"one behind the other", a + " 100-150, " + b + " 200-260", []string{begin(a, 100), end(150), begin(b, 200), end(260)}},
		{"with slices inside", a + " 100-190, " + b + " 200-260", []string{begin(a, 100), begin("x", 110), end(120), begin("y", 130), begin("z", 140), end(150), end(160), end(190), begin(b, 200), end(260)}},
		{"inside of a slice", a + " 100-150, " + b + " 200-260", []string{begin("run", 50), begin(a, 100), end(150), begin(b, 200), end(260), end(300)}},
		{"the next begins when one ends", a + " 100-200, " + b + " 200-260", []string{begin(a, 100), begin(b, 200), end(200), end(260)}},
		{"one inside of another", a + " 100-190", []string{begin(a, 100), begin(b, 110), end(120), end(190)}},
		{"an end that says of what", a + " 100-190", []string{begin(a, 100), begin("x", 110), half("E", "user_annotation", a, "7", 190), end(195)}},
		{"the end is missing", a + " 100-200, " + b + " 200-260, " + c + " 300-310", []string{begin(a, 100), begin(b, 200), end(260), begin(c, 300), begin("x", 305), end(310)}},
		{"in no order of time", a + " 100-200, " + b + " 200-300, " + c + " 300-350", []string{begin(c, 300), end(350), begin(a, 100), end(150), begin(b, 200), end(260)}},
		{"another thread's ends", a + " 100-190", []string{begin(a, 100), half("E", "", "", "8", 120), end(190)}},
		{"beside slices", a + " 100-150, " + b + " 200-260", []string{begin(a, 100), note("x", 120, 5), end(150), note(b, 200, 60)}},
		{"without a category", a + " 100-150", []string{half("B", "", a, "7", 100), end(150)}},
		{"of NVTX", a + " 100-150", []string{half("B", "nvtx", a, "7", 100), end(150)}},
	} {
		if got := told(find(t, doc(k.events...), Options{})); got != k.want {
			t.Errorf("%s: %s, want %s", k.name, got, k.want)
		}
	}
}

func TestCategoriesOfMarkers(t *testing.T) {
	for cat, marks := range map[string]bool{
		"user_annotation": true, "": true, "nvtx": true, "NVTX": true, "roctx": true, "sglang": true, "ProfileStep": true,
		"gpu_user_annotation": false, "Gpu_user_annotation": false, "nvtx-kernel": false, "kernel": false, "cpu_op": false, "cuda_runtime": false,
	} {
		r, err := learn(t, doc(ev(cat, "[Executor] _forward_step 7: 0 ctx reqs, 32 gen reqs", "7", "7", 1, 5)), Options{}).Run()
		if marks != (err == nil) {
			t.Errorf("category %q: %v, %v", cat, r, err)
		}
	}
}

// XLA's steps are slices of a thread, whose name may stand in front of them or behind.
func TestStepsOfAThreadThatIsNamedLater(t *testing.T) {
	name := func(tid, name string) string {
		return fmt.Sprintf(`{"ph":"M","name":"thread_name","pid":1,"tid":%s,"args":{"name":"%s"}}`, tid, name)
	}
	names := []string{name("22", "Steps"), name("20", "XLA Ops"), name("21", "XLA Modules")}
	rows := []string{ev("", "train 4", "1", "22", 100, 50), ev("", "12", "1", "20", 110, 20), ev("", "train 5", "1", "22", 200, 50), ev("", "jit_f", "1", "21", 205, 30), ev("", "13", "1", "20", 210, 20)}
	for order, events := range map[string][]string{"first": slices.Concat(names, rows), "last": slices.Concat(rows, names), "between": slices.Concat(rows[:2], names, rows[2:])} {
		if got, want := told(find(t, doc(events...), Options{})), "train 4 100-150, train 5 200-250"; got != want {
			t.Errorf("names %s: %s, want %s", order, got, want)
		}
	}
	f := learn(t, doc(rows...), Options{})
	if run, err := f.Run(); err == nil {
		t.Errorf("without names: %v", run)
	}
}

// A piece that was cut by time says nothing of its steps, so that they can't be called what they
// are called in the whole trace: who counts them from 0 has to hear so.
func TestStepsOfAPieceThatDoesNotNumberThem(t *testing.T) {
	const recounted = "counted from 0 in this piece"
	for _, c := range []struct {
		member, name string
		says         bool
	}{
		{`"tracekit":{"version":"v1","call":"slice --from 1s a.json","range":{"start_ns":0,"end_ns":9}},`, "step[DECODE bs=1]", true},
		{`"tracekit":{"version":"v1","call":"slice --step 4 a.json","range":{"start_ns":0,"end_ns":9},"steps":{"first":4,"first_ns":100000,"by":"SGLang"}},`, "step[DECODE bs=1]", false},
		{`"tracekit":{"version":"v1","call":"slice --phase prefill a.json","range":{"start_ns":0,"end_ns":9},"steps":{"first":4,"first_ns":100000,"by":"ATOM"}},`, "step[DECODE bs=1]", true},
		{`"tracekit":{"version":"v1","call":"slice --from 1s a.json","range":{"start_ns":0,"end_ns":9}},`, "ProfilerStep#7", false},
		{"", "step[DECODE bs=1]", false},
	} {
		f := NewFinder(Options{})
		f.LearnDocument([]byte("{" + c.member + `"traceEvents":[`))
		learnAll(t, doc(note(c.name, 100, 50)), f.Learn)
		run, err := f.Run()
		if err != nil {
			t.Fatal(err)
		}
		if says := strings.Contains(run.String(), recounted); says != c.says {
			t.Errorf("%s, %s: %v", c.member, c.name, run)
		}
	}
}
