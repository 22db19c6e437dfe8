package requests

import (
	"fmt"

	"tracekit/trace"

	"github.com/bytedance/sonic/ast"
)

// benchmark takes the requests of a result that vllm bench serve has saved in detail, which
// are numbered as they were sent. It has a list for each quantity, in seconds: start_times, of
// Python's perf_counter; latencies, or before these came ttfts and itls, which add up to them;
// and errors. Requests that failed are left out.
// (vllm/benchmarks/serve.py, vllm/benchmarks/lib/endpoint_request_func.py)
func (j *jsonFile) benchmark(v *ast.Node, at string) error {
	return elements(member(v, "start_times"), func(i int, start *ast.Node) error {
		id := j.sent
		j.sent++
		if plain(element(member(v, "errors"), i)) != "" {
			return nil
		}
		at := fmt.Sprintf("%s, request %d", at, i)
		length, err := latency(v, i)
		if err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		f := newFields()
		f.id, f.start = fmt.Sprint(id), plain(start)
		f.units[startColumn] = Seconds
		r, err := f.record(at)
		if err != nil {
			return err
		}
		r.length = length
		j.records = append(j.records, r)
		return nil
	})
}

// latency returns how long request i of a benchmark took.
func latency(v *ast.Node, i int) (trace.Time, error) {
	if l := element(member(v, "latencies"), i); l != nil {
		return parseLength(plain(l), Seconds)
	}
	sum, err := parseLength(plain(element(member(v, "ttfts"), i)), Seconds)
	if err != nil {
		return 0, err
	}
	err = elements(element(member(v, "itls"), i), func(_ int, gap *ast.Node) error {
		d, err := parseLength(plain(gap), Seconds)
		sum = sum.Add(d)
		return err
	})
	return sum, err
}

// element is element i of an array, nil if there is none.
func element(v *ast.Node, i int) *ast.Node {
	if typeOf(v) != ast.V_ARRAY {
		return nil
	}
	if e := v.Index(i); typeOf(e) != ast.V_NONE {
		return e
	}
	return nil
}
