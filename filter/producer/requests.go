package producer

import "bytes"

// RequestKeys are the args in which producers write the request of an event.
var RequestKeys = func() (all []string) {
	for _, p := range All {
		all = append(all, p.RequestKeys...)
	}
	return all
}()

var requestNames = func() (all []string) {
	for _, p := range All {
		all = append(all, p.RequestNames...)
	}
	return all
}()

// IsRequest reports a name, or a category, of async slices that are requests, each by itself.
func IsRequest(name []byte) bool {
	for _, n := range requestNames {
		if len(name) == len(n) && bytes.EqualFold(name, []byte(n)) {
			return true
		}
	}
	return false
}
