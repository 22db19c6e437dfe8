package producer

// TensorFlow is the timeline of TensorFlow 1. A device's process has what the host dispatched
// to it, those of its streams and copies what ran.
var TensorFlow = &Producer{
	Name: "TensorFlow's timeline",
	Processes: []Rule{
		{Name: "*device:*/stream:*", Is: Device},
		{Name: "*device:*/memcpy*", Is: Device},
		{Name: "/job:*", Is: Host},
	},
	Evidence: Evidence{Processes: []string{"*device:*/stream:*", "/job:*/device:* Compute", "/device:* Compute"}},
}
