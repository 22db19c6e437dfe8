package filter

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tracekit/trace"
)

// strip goes over a trace once, as a stage without hardware would: what is
// Unsure waits until the trace tells or ends. It returns what is left.
func strip(t testing.TB, data []byte) (left []trace.Event, waited int) {
	t.Helper()
	var r Recognizer
	var wait []trace.Event
	readTrace(t, data, r.LearnDocument, func(e *trace.Event) {
		r.Learn(e)
		switch r.Side(e) {
		case Host:
			left = append(left, e.Clone())
		case Unsure:
			wait = append(wait, e.Clone())
		}
	})
	for i := range wait {
		if r.Side(&wait[i]) != Device {
			left = append(left, wait[i])
		}
	}
	return left, len(wait)
}

// TestNoDeviceIsLeft judges what is left of every real trace by its labels,
// which one pass sees too late.
func TestNoDeviceIsLeft(t *testing.T) {
	label := regexp.MustCompile(`^(GPU|MTIA) \d+$`)
	for _, path := range sharedTraces(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data := readFile(t, path)
			device, total := map[string]bool{}, 0
			readTrace(t, data, func([]byte) {}, func(e *trace.Event) {
				var args struct{ Labels string }
				if string(e.Name()) == "process_labels" && json.Unmarshal(e.Args(), &args) == nil && label.MatchString(args.Labels) {
					device[string(e.Pid())] = true
				}
				if e.IsMeta() {
					return
				}
				total++
				for _, c := range []string{"kernel", "gpu_memcpy", "gpu_memset", "Kernel", "mtia_ccp_events"} {
					if string(e.Cat()) == c {
						device[string(e.Pid())] = true
					}
				}
			})
			left, waited := strip(t, data)
			host := 0
			for i := range left {
				e := &left[i]
				if e.IsMeta() {
					continue
				}
				host++
				if device[string(e.Pid())] && string(e.Cat()) != "python_function" {
					t.Fatalf("left: %s", e.Raw())
				}
				if c := string(e.Cat()); c == "ac2g" || c == "async_gpu" {
					t.Fatalf("left: %s", e.Raw())
				}
			}
			want, ok := hostEvents[filepath.Base(path)]
			if !ok || host != want {
				t.Errorf("%d of %d events are left, not %d", host, total, want)
			}
			// Without any names it is the first kernel that tells where flows lead.
			if bare := strings.HasPrefix(filepath.Base(path), "sglang"); (waited > 0) != bare {
				t.Errorf("%d events waited", waited)
			}
		})
	}
}

// hostEvents is how many events besides metadata happened on the host and are
// no flows to a device, counted by label, or by category where there is none.
var hostEvents = map[string]int{
	"cpu_only_string_pids.pt.trace.json.gz":       18,
	"cupti_ranges_string_ids.json.gz":             2250,
	"h100_image_classifier.json.gz":               4382,
	"h100_qwen_chat.json.gz":                      12824,
	"indent2_overlay_flows.json.gz":               1051,
	"mi250_two_steps.json.gz":                     105,
	"mtia_inference.json.gz":                      12755,
	"old_style_categories.json.gz":                10,
	"resnet_ddp_epoch_ts.pt.trace.json.gz":        41122,
	"sglang_prefill_pystack.json.gz":              58178,
	"training_no_flows_compact.json.gz":           3607,
	"triton_one_kernel.json.gz":                   9,
	"vllm_decode_one_step.json.gz":                1105,
	"vllm_graph_capture_pystack.pt.trace.json.gz": 128036,
}

// TestPythonCount counts the frames of a trace that has its Python stacks.
func TestPythonCount(t *testing.T) {
	for _, path := range sharedTraces(t) {
		if !strings.Contains(path, "graph_capture_pystack") {
			continue
		}
		left := 0
		var r Recognizer
		readTrace(t, readFile(t, path), r.LearnDocument, func(e *trace.Event) {
			r.Learn(e)
			if !e.IsMeta() && r.Kinds(e)&Python == 0 {
				left++
			}
		})
		if left != 11309 {
			t.Errorf("%d events are left without Python", left)
		}
	}
}

// sides goes over a made trace and tells what each event is at the end of its
// pass: h, d, or u where a pass that does not wait is unsure.
func sides(t *testing.T, document string, objects ...string) string {
	t.Helper()
	var r Recognizer
	var b strings.Builder
	readTrace(t, []byte(`{`+document+`"traceEvents":[`+strings.Join(objects, ",")+`]}`), r.LearnDocument, func(e *trace.Event) {
		r.Learn(e)
		b.WriteByte("hdu"[r.Side(e)])
	})
	return b.String()
}

func TestSide(t *testing.T) {
	const (
		op      = `{"ph":"X","cat":"cpu_op","name":"aten::mm","pid":10,"tid":10,"ts":1,"dur":1}`
		opOf1   = `{"ph":"X","cat":"cpu_op","name":"aten::mm","pid":1,"tid":10,"ts":1,"dur":1}`
		frame0  = `{"ph":"X","cat":"python_function","name":"threading.py(973): _bootstrap","pid":0,"tid":0,"ts":1,"dur":1}`
		frame1  = `{"ph":"X","cat":"python_function","name":"threading.py(973): _bootstrap","pid":1,"tid":1,"ts":1,"dur":1}`
		kernel0 = `{"ph":"X","cat":"kernel","name":"gemm","pid":0,"tid":7,"ts":1,"dur":1,"args":{"stream":7}}`
		kernel1 = `{"ph":"X","cat":"kernel","name":"gemm","pid":1,"tid":7,"ts":1,"dur":1,"args":{"stream":7}}`
		sync0   = `{"ph":"X","cat":"cuda_sync","name":"Stream Sync","pid":0,"tid":7,"ts":1,"dur":1}`
		sync1   = `{"ph":"X","cat":"cuda_sync","name":"Stream Sync","pid":1,"tid":7,"ts":1,"dur":1}`
		flow10  = `{"ph":"s","cat":"ac2g","name":"ac2g","pid":10,"tid":10,"ts":1,"id":1}`
		path0   = `{"ph":"f","cat":"critical_path","name":"p","pid":0,"tid":7,"ts":1,"id":1}`
		mme     = `{"ph":"X","cat":"Kernel","name":"BatchGemm","pid":0,"tid":1,"ts":1,"dur":1,"args":{"HW event name":"X","recipeId":1}}`
		mmeEnd  = `{"ph":"E","pid":0,"tid":1,"ts":1}`
		dma     = `{"ph":"X","cat":"hpu_op","name":"copy","pid":0,"tid":2,"ts":1,"dur":1}`
		bare    = `{"ph":"X","name":"Transpose","pid":0,"tid":4,"ts":1,"dur":1,"args":{"recipeId":1}}`
		enqueue = `{"ph":"X","cat":"hpu_op","name":"enqueueWithExternalEventsExt (accel0)","pid":20,"tid":4,"ts":1,"dur":1,"args":{"recipeId":1}}`
		call    = `{"ph":"X","name":"synLaunch (accel0)","pid":20,"tid":4,"ts":1,"dur":1,"args":{"recipeId":1}}`
		decode  = `{"ph":"X","name":"decode","pid":30,"tid":3,"ts":1,"dur":1,"args":null}`
		isHPU   = `{"ph":"M","name":"process_name","pid":0,"args":{"name":"device:HPU:0"}}`
		isMTIA  = `{"ph":"M","name":"process_labels","pid":17,"args":{"labels":"MTIA 17"}}`
		isGPU1  = `{"ph":"M","name":"process_labels","pid":1,"args":{"labels":"GPU 1"}}`
		isCPU1  = `{"ph":"M","name":"process_labels","pid":1,"args":{"labels":"CPU"}}`
		python2 = `{"ph":"M","name":"process_labels","pid":1,"args":{"labels":"python 12"}}`
		engine2 = `{"ph":"M","name":"thread_name","pid":0,"tid":2,"args":{"name":"[D0] SPDMA 0"}}`
		mtia17  = `{"ph":"X","cat":"mtia_runtime","name":"x","pid":17,"tid":1,"ts":1,"dur":1}`
		counter = `{"ph":"C","name":"GPU 0 util","pid":"GPU 0 Counters","ts":1,"args":{"v":1}}`
		listed  = `"deviceProperties":[{"id": 0, "name":"H100"},{"id":1}],`
		gaudi   = `"deviceProperties" : [ {"id": 0, "name":"Gaudi3"}],`
	)
	for _, c := range []struct {
		name, document string
		events         []string
		want           string
	}{
		{"categories", ``, []string{op, kernel0, flow10, decode, counter}, "hdhud"},
		{"stray frames before the first kernel", ``, []string{frame0, kernel0, frame0}, "hdh"},
		{"stray frames of a listed device", listed, []string{frame0, frame1, kernel0, path0}, "hhdd"},
		{"a flow of another category", ``, []string{path0, kernel0, path0}, "udd"},
		{"synchronisation without any name", ``, []string{sync0, opOf1, sync1}, "dhh"},
		{"a host with the pid of a device", listed, []string{opOf1, frame1, kernel1, sync1}, "hhdd"},
		{"the same, labelled as both", listed, []string{opOf1, isGPU1, isCPU1, frame1, kernel1}, "hhhhd"},
		{"a labelled device", ``, []string{frame1, isGPU1, frame1, sync1}, "hhhd"},
		{"a label of another kind", ``, []string{python2, frame1, sync1}, "hhd"},
		{"all of a labelled MTIA", ``, []string{mtia17, isMTIA, mtia17}, "hhd"},
		{"engines of a Gaudi by args", ``, []string{frame0, mme, frame0, mmeEnd, dma, bare}, "hdhdhd"},
		{"engines of a Gaudi by name", ``, []string{isHPU, engine2, frame0, dma, bare, mme}, "hhhddd"},
		{"a listed Gaudi", gaudi, []string{frame0, isHPU, frame0}, "hhh"},
		{"calls on the host of a Gaudi", ``, []string{enqueue, call, decode}, "hhu"},
	} {
		if got := sides(t, c.document, c.events...); got != c.want {
			t.Errorf("%s: %s, not %s", c.name, got, c.want)
		}
	}
}

func TestLearnDocument(t *testing.T) {
	for text, want := range map[string]string{
		`{"deviceProperties": [ {"name":"a]b","id" : 3}, {"id":"x"} ],`: "d",
		`{"deviceProperties":[],`:        "u",
		`{"deviceProperties": null,`:     "u",
		`{"note":"deviceProperties",`:    "u",
		`{"deviceProperties"`:            "u",
		`{"deviceProperties": [{"id": 3`: "u",
	} {
		var r Recognizer
		r.LearnDocument([]byte(text))
		e := event(t, `{"ph":"f","cat":"x","name":"a","pid":3,"tid":1,"ts":1,"id":1}`)
		r.Learn(e)
		if got := string("hdu"[r.Side(e)]); got != want {
			t.Errorf("%s: %s, not %s", text, got, want)
		}
	}
	// What the document says after the events counts as well.
	var r Recognizer
	e := event(t, `{"ph":"f","cat":"x","name":"a","pid":3,"tid":1,"ts":1,"id":1}`)
	r.Learn(e)
	r.LearnDocument([]byte(`,"deviceProperties":[{"id":3}]`))
	if r.Side(e) != Device {
		t.Error("a device listed late is not known")
	}
}

func TestKinds(t *testing.T) {
	for object, want := range map[string]Kinds{
		`{"ph":"X","cat":"python_function","name":"a.py(1): f"}`:                   0 | Python,
		`{"ph":"X","name":"vllm/engine/llm_engine.py(1251): step"}`:                Python,
		`{"ph":"X","cat":"other","name":"nn.Module: Linear_3"}`:                    Python,
		`{"ph":"X","name":"<built-in method len of module>"}`:                      Python,
		`{"ph":"X","cat":"FEE","name":"main (a.py:12)"}`:                           Python,
		`{"ph":"B","cat":"py-spy","name":"main"}`:                                  Python,
		`{"ph":"X","cat":"user_annotation","name":"a.py(1): f"}`:                   Annotation,
		`{"ph":"X","name":"a.py(x): f"}`:                                           0,
		`{"ph":"X","name":"a.py(12)"}`:                                             0,
		`{"ph":"M","name":"a.py(1): f"}`:                                           0,
		`{"ph":"C","name":"a.py(1): f","args":{"v":1}}`:                            Counter,
		`{"ph":"i","cat":"cpu_instant_event","name":"[memory]"}`:                   Instant | Memory,
		`{"ph":"i","cat":"cpu_instant_event","name":"[OutOfMemory]"}`:              Instant | Memory,
		`{"ph":"i","cat":"cpu_instant_event","name":"other"}`:                      Instant,
		`{"ph":"I","name":"x"}`:                                                    Instant,
		`{"ph":"R","name":"x"}`:                                                    Instant,
		`{"ph":"s","cat":"ac2g","id":1}`:                                           Flow | Runtime,
		`{"ph":"t","cat":"fwdbwd","id":1}`:                                         Flow,
		`{"ph":"f","cat":"x","name":"a.py(1): f","id":1}`:                          Flow,
		`{"ph":"X","cat":"cuda_runtime","name":"cudaLaunchKernel"}`:                Runtime,
		`{"ph":"X","cat":"Runtime","name":"cudaLaunchKernel"}`:                     Runtime,
		`{"ph":"X","cat":"mtia_runtime","name":"x"}`:                               Runtime,
		`{"ph":"X","cat":"cuda_sync","name":"x"}`:                                  Runtime,
		`{"ph":"X","name":"enqueueWithExternalEventsExt (accel0)"}`:                Runtime,
		`{"ph":"X","cat":"kernel","name":"enqueueWithExternalEventsExt (accel0)"}`: 0,
		`{"ph":"X","name":"decode"}`:                                               0,
	} {
		e := event(t, strings.TrimSuffix(object, "}")+`,"pid":1,"tid":1,"ts":1,"dur":1}`)
		if got := KindsOf(e); got != want {
			t.Errorf("%s is %b, not %b", object, got, want)
		}
	}
}

func TestSynapseThread(t *testing.T) {
	var r Recognizer
	for i, e := range events(t,
		`{"ph":"X","name":"synWaitForEvent","pid":1,"tid":1,"ts":1,"dur":1}`,
		`{"ph":"M","name":"thread_name","pid":1,"tid":1,"args":{"name":"Synapse\/0"}}`,
		`{"ph":"X","name":"synWaitForEvent","pid":1,"tid":1,"ts":1,"dur":1}`,
		`{"ph":"X","name":"synWaitForEvent","pid":1,"tid":2,"ts":1,"dur":1}`,
	) {
		r.Learn(&e)
		if got := r.Kinds(&e); (got == Runtime) != (i == 2) {
			t.Errorf("event %d is %b", i, got)
		}
	}
}
