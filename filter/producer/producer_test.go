package producer

import "testing"

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"GPU #", "GPU 12", true}, {"GPU #", "GPU ", false}, {"GPU #", "GPU 1 x", false}, {"GPU # *", "GPU 1 x", true},
		{"*device:HPU:#*", "/device:HPU:0", true}, {"*device:HPU:#*", "device:HPU:x", false},
		{`\*TPC *`, "*TPC Gaudi2", true}, {`\*TPC *`, "xTPC Gaudi2", false}, {`\*\*\*Host`, "***Host", true},
		{"*", "", true}, {"#", "", false}, {"", "", true}, {"", "a", false}, {`a\`, "a", false}, {"a[+]", "a[B_2]", true}, {"a[+]", "a[]", false}, {"a[+]", "a[b c]", false},
	} {
		if got := Matches(c.pattern, []byte(c.text)); got != c.want {
			t.Errorf("%q matches %q: %v", c.pattern, c.text, got)
		}
	}
}

func TestCallsByName(t *testing.T) {
	for name, want := range map[string]bool{
		"cudaLaunchKernel": true, "cuLaunchKernel": true, "hipMemcpyAsync": true, "hsa_signal_wait": true, "zeCommandListReset": true,
		"AscendCL@aclnnMul": true, "enqueueWithExternalEventsExt (accel0)": true,
		"cudaX": true, "cuda": false, "current": false, "zero": false, "hipster": false, "clear": false, "": false,
	} {
		if got := IsCall([]byte(name)); got != want {
			t.Errorf("%q is a call: %v", name, got)
		}
	}
}

func TestNamesOfProcesses(t *testing.T) {
	for name, want := range map[string]Is{
		"/device:GPU:0": Device, "/device:TPU:3": Device, "/host:CPU": Host, "/device:HPU:0": Engines, "device:HPU:1": Engines,
		"/job:localhost/replica:0/task:0/device:GPU:0 Compute": Host, "/device:GPU:0/stream:all Compute": Device,
		"Ascend Hardware": Device, "CANN": Calls, "GPU0": Labelled, "Device 0": Labelled, "CUDA functions": Device, "*NIC External Gaudi2": Device,
		"python": Nothing, "VLLM::EngineCore": Nothing, "GPU Process": Nothing, "": Nothing,
	} {
		if got := ProcessIs([]byte(name)).Is; got != want {
			t.Errorf("%q is %d, want %d", name, got, want)
		}
	}
}

// Every category has its place by one producer: of two that say otherwise the last one would win.
func TestProducersAgreeOnCategories(t *testing.T) {
	by := map[string]string{}
	for _, p := range All {
		for cat, c := range p.Categories {
			if other, twice := by[cat]; twice {
				t.Errorf("%q is told by %s and by %s: %v", cat, other, p.Name, c)
			}
			by[cat] = p.Name
		}
	}
}

func TestThreadsOfRequests(t *testing.T) {
	for name, want := range map[string]string{
		"request req-7": "req-7", "Request #12": "12", "req_0x1f": "0x1f", "REQ: 4b2a": "4b2a", "request id=9": "9", "LLM request chatcmpl-1": "chatcmpl-1",
		"request": "", "requests 7": "", "request handler-1": "", "request-pool-1-thread-2": "", "request 5 handler": "", "Request Thread 3": "", "request abc": "", "RequestExecutor-3": "", "prereq 1": "",
	} {
		if got := string(RequestOfThread([]byte(name))); got != want {
			t.Errorf("%q is called by request %q, want %q", name, got, want)
		}
	}
}
