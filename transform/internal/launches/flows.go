package launches

import "tracekit/trace"

// MayLaunch reports a flow event that may lead from a call to what it launched: any but
// those that PyTorch draws between operators. What they are bound to tells.
func MayLaunch(e *trace.Event) bool { return e.IsFlow() && string(e.Cat()) != "fwdbwd" }
