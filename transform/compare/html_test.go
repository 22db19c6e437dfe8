package compare

import (
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Names of a trace can't become part of the page.
func TestThePageIsSafe(t *testing.T) {
	a, _, _ := made{seed: 1, steps: 20}.write()
	b, _, _ := made{seed: 2, steps: 20, gemm: 0.5}.write()
	const evil = `</script><script>alert(1)</script><img src=x onerror=alert(1)>`
	text := strings.ReplaceAll(string(b), "softmax", evil)
	r := pair(t, a, []byte(text))
	r.Notes = append(r.Notes, evil)
	r.Before.Runs[0].Name = evil
	var page strings.Builder
	if err := r.WriteHTML(&page, nil, nil); err != nil {
		t.Fatal(err)
	}
	if s := page.String(); strings.Contains(s, "<script") || strings.Contains(s, "<img") || !strings.Contains(s, "&lt;img src=x") {
		t.Error("a name is part of the page")
	}
}

var rects = regexp.MustCompile(`<rect x="([\d.]+)" y="(\d+)" width="([\d.]+)" height="14"`)

// The bars of the waterfall lead from the mean before to that after.
func TestTheWaterfallLeadsFromBeforeToAfter(t *testing.T) {
	a, _, _ := made{seed: 1, steps: 60, large: 0.2}.write()
	b, _, _ := made{seed: 2, steps: 60, large: 0.4, gemm: 0.3, extra: 40_000}.write()
	var page strings.Builder
	if err := pair(t, a, b).WriteHTML(&page, nil, nil); err != nil {
		t.Fatal(err)
	}
	found := rects.FindAllStringSubmatch(page.String(), -1)
	if len(found) < 6 {
		t.Fatalf("%d bars", len(found))
	}
	number := func(s string) float64 { x, _ := strconv.ParseFloat(s, 64); return x }
	at := number(found[0][1]) + number(found[0][3])
	for _, f := range found[1 : len(found)-1] {
		from, to := number(f[1]), number(f[1])+number(f[3])
		switch {
		case near(from, at):
			at = to
		case near(to, at):
			at = from
		default:
			t.Fatalf("a bar from %v to %v does not begin at %v", from, to, at)
		}
	}
	last := found[len(found)-1]
	if end := number(last[1]) + number(last[3]); !near(end, at) {
		t.Errorf("the bars lead to %v, the mean after ends at %v", at, end)
	}
	judgeMarkup(t, page.String())
}

func near(a, b float64) bool { return a-b < 1.2 && b-a < 1.2 }

// judgeMarkup reads a page as XML does, which is stricter than any browser.
func judgeMarkup(t *testing.T, page string) {
	t.Helper()
	page = strings.ReplaceAll(strings.ReplaceAll(page, "<details open>", "<details>"), "<!doctype html>", "")
	page = regexp.MustCompile(`<meta [^>]*>`).ReplaceAllString(page, "")
	d := xml.NewDecoder(strings.NewReader(page))
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatal(fmt.Errorf("the page: %w", err))
		}
	}
}
