package repair

import (
	"encoding/json"
	"testing"
)

// Ids with more digits than can be written out get numbers of their own as other wide ones do: the
// same for the same number, however it is spelled.
func TestIDsOfMillionsOfDigits(t *testing.T) {
	out, _, _, err := repairText(t, []byte(`[{"ph":"X","name":"a","pid":11e99910370,"tid":1e99910370,"ts":1,"dur":1},`+
		`{"ph":"X","name":"b","pid":1.1e99910371,"tid":3,"ts":3,"dur":1,"id":7e99910370},{"ph":"s","id":7e99910370,"name":"f","cat":"f","pid":1,"tid":3,"ts":3}]`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var events []struct{ Pid, Tid uint32 }
	if err := json.Unmarshal(out, &events); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if a, b := events[0], events[1]; a.Pid <= systemIDs || a.Pid != b.Pid || a.Tid <= systemIDs || a.Tid == a.Pid || b.Tid != 3 {
		t.Errorf("the ids are %+v in %s", events, out)
	}
}

// A base of millions of digits says nothing of when a trace was.
func TestBasesOfMillionsOfDigits(t *testing.T) {
	for _, base := range []string{"1e99910370", `"7e99910370"`, "3e300"} {
		if after := baseAfter([]byte(base), 1_000_000); after != nil {
			t.Errorf("after %s comes %.40s", base, after)
		}
	}
	if after := string(baseAfter([]byte("1.5e18"), 2)); after != "1499999999999998000" {
		t.Errorf("after 1.5e18 comes %s", after)
	}
}
