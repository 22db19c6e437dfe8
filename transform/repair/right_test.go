package repair

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// Async events with ids of their process, and ends at the time of the next begin, are right:
// nothing is found in them, and nothing is changed.
func TestRightEventsAreNotChanged(t *testing.T) {
	for _, name := range []string{"24-async-id2-local-ints", "40-be-abutting-perfetto432"} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "cases", name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			if bad := unclean(checkText(t, text)); bad != "" {
				t.Errorf("check finds %s", bad)
			}
			out, set, r, err := repairText(t, text, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if !r.Unchanged || !bytes.Equal(out, text) || len(set) > 0 {
				t.Errorf("%s, set aside %q, out\n%s", countsOf(r), set, out)
			}
		})
	}
}
