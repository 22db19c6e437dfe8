package natural

import (
	"slices"
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	names := []string{"rank10", "rank2", "rank02b", "rank1", "a", "rank"}
	slices.SortFunc(names, Compare)
	if got := strings.Join(names, " "); got != "a rank rank1 rank2 rank02b rank10" {
		t.Error(got)
	}
}
