package launches

import (
	"tracekit/trace"
)

// LeadsToDevice reports a flow event from host to device.
func LeadsToDevice(e *trace.Event) bool {
	if e.Phase != 's' && e.Phase != 'f' {
		return false
	}
	cat := string(e.Cat())
	return cat == "ac2g" || cat == "async_cpu_to_gpu"
}
