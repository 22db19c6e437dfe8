package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
)

// writeMachine says where the figures come from.
func writeMachine(w io.Writer, c *config) {
	model := "an unknown processor"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, ok := strings.Cut(string(info), "model name"); ok {
			line, _, _ := strings.Cut(rest, "\n")
			model = strings.Trim(line, "\t :")
		}
	}
	fmt.Fprintf(w, "Made on %d cores of %s, %s/%s, %s; %d runs of each command in turn, of which the\nmedians are shown.\n",
		runtime.NumCPU(), model, runtime.GOOS, runtime.GOARCH, runtime.Version(), c.rounds)
}

// rate is how many bytes of JSON a command gets through in a second.
func (k *contender) rate() float64 {
	if k == nil || len(k.times) == 0 {
		return 0
	}
	return float64(k.data.bytes) / median(k.times).wall.Seconds()
}

// writeTable writes what all took. Ratios to what does not run beside each are of
// rates, so that traces of different sizes compare.
func writeTable(w io.Writer, all []*contender) {
	base := map[string]float64{}
	for _, k := range all {
		base[k.name] = k.rate()
	}
	fmt.Fprintln(w, "| command | time ÷ igzip | ÷ reader | × gzip | × jq | JSON MB/s | wall s | CPU s | peak MB | JSON MB |")
	fmt.Fprintln(w, "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
	for _, k := range all {
		if len(k.times) == 0 {
			continue
		}
		m, rate := median(k.times), k.rate()
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %.0f | %.2f | %.2f | %.0f | %.0f |\n", strings.ReplaceAll(k.name, "|", `\|`),
			ratio(k.than(yardstick), 1), ratio(k.than(readingAlone), 1), ratio(rate, base[common]), ratio(rate, base[cmp.Or(k.like, script)]),
			rate/1e6, m.wall.Seconds(), m.cpu.Seconds(), float64(m.memory)/1e6, float64(k.data.bytes)/1e6)
	}
	for _, k := range all {
		if k.failed != "" && k.failed != "not there" {
			fmt.Fprintf(w, "\nWithout figures, as it failed: %s (%s).\n", k.name, k.failed)
		}
	}
}

// ratio writes a/b with as many digits as mean something.
func ratio(a, b float64) string {
	switch r := a / b; {
	case a == 0 || b == 0:
		return ""
	case r < 10:
		return fmt.Sprintf("%.2f", r)
	case r < 100:
		return fmt.Sprintf("%.1f", r)
	default:
		return fmt.Sprintf("%.0f", r)
	}
}

// The tables stand between these lines of a document.
const (
	tablesBegin = "<!-- tables: begin -->\n"
	tablesEnd   = "<!-- tables: end -->\n"
)

// putIntoDoc replaces the tables of a document.
func putIntoDoc(path string, tables []byte) error {
	doc, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, rest, ok := bytes.Cut(doc, []byte(tablesBegin))
	_, tail, ended := bytes.Cut(rest, []byte(tablesEnd))
	if !ok || !ended {
		return fmt.Errorf("%s: no lines %q and %q to put the tables between", path, strings.TrimSpace(tablesBegin), strings.TrimSpace(tablesEnd))
	}
	doc = bytes.Join([][]byte{head, []byte(tablesBegin), tables, []byte(tablesEnd), tail}, nil)
	return os.WriteFile(path, doc, 0o666)
}
