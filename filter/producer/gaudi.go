package producer

import "bytes"

// Gaudi is the Synapse profiler, whose events the bridge to PyTorch writes among Kineto's,
// with categories of older builds of it.
var Gaudi = &Producer{Name: "Synapse profiler of Gaudi"}

// EngineArgs are args that only events of Gaudi's engines have.
var EngineArgs = []string{"HW event name", "recipeId"}

// IsEngine tells the threads of Gaudi's engines: [HD0] TPC 3, [D0] SPDMA 0.
func IsEngine(thread []byte) bool {
	inner, ok := bytes.CutPrefix(thread, []byte("["))
	if !ok {
		return false
	}
	inner, _, ok = bytes.Cut(inner, []byte("] "))
	inner = bytes.TrimPrefix(inner, []byte("H"))
	number, isD := bytes.CutPrefix(inner, []byte("D"))
	return ok && isD && isNumber(number)
}

// IsSynapse tells the threads of Synapse's own profile of the host.
func IsSynapse(thread []byte) bool { return bytes.HasPrefix(thread, []byte("Synapse/")) }

// IsSynapseCall tells calls of Gaudi's Synapse API by the device in their name,
// as in enqueueWithExternalEventsExt (accel0).
func IsSynapseCall(name []byte) bool {
	i := bytes.LastIndex(name, []byte(" (accel"))
	return i > 0 && name[len(name)-1] == ')'
}

// IsGaudi tells a device of deviceProperties by its name.
func IsGaudi(device []byte) bool {
	return bytes.Contains(device, []byte("HPU")) || bytes.Contains(bytes.ToLower(device), []byte("gaudi"))
}

// IsGaudiProcess tells processes of the Synapse profiler by their names.
func IsGaudiProcess(name string) bool {
	return len(name) >= 11 && name[:11] == "device:HPU:" || len(name) >= 7 && name[:7] == "Synapse"
}

func isNumber(text []byte) bool {
	return len(text) > 0 && len(bytes.Trim(text, "0123456789")) == 0
}
