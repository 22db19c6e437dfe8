package producer

// TensorFlow is the timeline of TensorFlow 1. A device's process has what the host dispatched
// to it, those of its streams and copies what ran.
var TensorFlow = &Producer{
	Name: "TensorFlow's timeline",
	Processes: []Rule{
		{Name: "*device:*/stream:*", Is: Device},
		{Name: "*device:*/memcpy*", Is: Device},
		{Name: "*gpu:*/stream:*", Is: Device}, // as devices were called before 1.4
		{Name: "*gpu:*/memcpy*", Is: Device},
		{Name: "/job:*", Is: Host},
	},
	Evidence: Evidence{Processes: []string{"*device:*/stream:*", "/gpu:*/stream:*", "/job:*/device:* Compute", "/device:* Compute"}},
}
