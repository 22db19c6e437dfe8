package producer

import "bytes"

// Names is what a process's name or label says of it.
type Names uint8

const (
	Nothing Names = iota
	Host          // it is the CPU's
	Device        // it is a device's
	HPU           // it is a Gaudi's, which may hold threads of the host as well
)

// Label reads a process label: GPU 0, MTIA 17, HPU 3 or CPU.
func Label(label []byte) Names {
	if string(label) == "CPU" {
		return Host
	}
	kind, number, ok := bytes.Cut(label, []byte(" "))
	if !ok || !isNumber(number) || len(bytes.Trim(kind, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")) > 0 {
		return Process(label)
	}
	return device(kind)
}

// Process reads a process name: device:HPU:0 or /device:GPU:1.
func Process(name []byte) Names {
	_, rest, _ := bytes.Cut(name, []byte("device:"))
	kind, number, ok := bytes.Cut(rest, []byte(":"))
	if !ok || !isNumber(number) {
		return Nothing
	}
	return device(kind)
}

func device(kind []byte) Names {
	switch string(kind) {
	case "CPU":
		return Host
	case "HPU":
		return HPU
	}
	return Device
}
