package launches

import (
	"fmt"
	"testing"
)

// The quick look finds what the slow one does, or leaves it to that.
func TestIDsByBytesAreThoseByMembers(t *testing.T) {
	sure := 0
	for _, args := range []string{
		`{}`, `{"correlation":1}`, `{"correlation": 12, "x": 1}`, `{"External id": 7,"correlation": 8}`,
		"{\n\"External id\": 7,\n \"correlation\": 8\n }", `{"correlation":-1}`, `{"correlation":1.5}`, `{"correlation":"a"}`,
		`{"correlation" : 1}`, `{"a":{"correlation":1}}`, `{"a":[{"correlation":1}]}`, `{"a":[1],"correlation":1}`,
		`{"a":"correlation","correlation":2}`, `{"a":"correlation: 1"}`, `{"a":"\"correlation\":1"}`, `{"correlation":1,"a":{"correlation":2}}`,
		`{"mycorrelation":1}`, `{"correlations":1}`, `{"correlation":1,"correlation":2,"External id":3}`, `{"correlation":null}`, `{"correlation":1e3}`,
		`{"x":"{","correlation":1}`, `{"correlation":`, `{"correlation"`, `{"correlation":1`,
	} {
		want := idsByMembers([]byte(args))
		for i, key := range launchKeys {
			got, ok := plainArg([]byte(args), key)
			if ok {
				sure++
			}
			if ok && fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want[i]) {
				t.Errorf("%s: %q, want %q", args, got, want[i])
			}
		}
	}
	if sure < 15 {
		t.Errorf("sure of %d only", sure)
	}
}
