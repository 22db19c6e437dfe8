package producer

import (
	"bytes"
	"regexp"
)

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

// requestThread is a thread that is called by a request: "request req-7", "Request #12", "req_0x1f".
var requestThread = regexp.MustCompile(`^(?i:(?:llm |inference )?req(?:uest)?)(?: id[ =:]+|[ _:#/-]+)([^\s]*\d[^\s]*)$`)

// crew are words in the names of threads that work for all requests.
var crew = regexp.MustCompile(`(?i)handl|worker|thread|pool|exec|queue|loop|dispatch|server|process|manager|schedul|listen|reader|writer|sender|receiv|poller|proxy|router|monitor|batch|rank|stage|shard`)

// RequestOfThread returns the id of the request that a thread is named by, empty if it is named
// otherwise.
func RequestOfThread(name []byte) []byte {
	if len(name) == 0 || bytes.IndexByte([]byte("rRlLiI"), name[0]) < 0 {
		return nil
	}
	at := requestThread.FindSubmatch(name)
	if at == nil || crew.Match(at[1]) {
		return nil
	}
	return at[1]
}
