// Package hostile makes traces of the shapes that cost most: much of what has to be
// matched, remembered or compared, and little else. Its tests show every verb each of
// them, and twice as much of it, and count what that takes.
package hostile

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Shapes are the names of all shapes, in order.
func Shapes() []string { return slices.Sorted(maps.Keys(shapes)) }

// Make is a trace of a shape, with about n of what the shape is made of.
func Make(shape string, n int) []byte {
	w := &writer{}
	w.text.WriteString(`{"schemaVersion": 1, "traceEvents": [`)
	shapes[shape](w, n)
	w.text.WriteString("\n]}")
	return []byte(w.text.String())
}

// writer gathers events.
type writer struct {
	text strings.Builder
	some bool
}

func (w *writer) add(format string, args ...any) {
	if w.some {
		w.text.WriteByte(',')
	}
	w.some = true
	fmt.Fprintf(&w.text, "\n"+format, args...)
}

func (w *writer) slice(name string, tid, ts, dur int) {
	w.add(`{"ph":"X","cat":"cpu_op","name":"%s","pid":1,"tid":%d,"ts":%d,"dur":%d}`, name, tid, ts, dur)
}

// list is n texts with commas between them.
func list(n int, text func(i int) string) string {
	all := make([]string, n)
	for i := range all {
		all[i] = text(i)
	}
	return strings.Join(all, ",")
}

var shapes = map[string]func(w *writer, n int){
	"plain": func(w *writer, n int) {
		for i := range n {
			w.slice("work", i%4, 10*i, 8)
		}
	},
	"overlaps on a thread": func(w *writer, n int) {
		for i := range n {
			w.slice("work", 1, 10*i, 10*n)
		}
	},
	"overlaps, the longest last": func(w *writer, n int) {
		for i := range n {
			w.slice("work", 1, 10*i, 5*n+20*i)
		}
	},
	"depth": func(w *writer, n int) {
		for i := range n {
			w.slice("work", 1, i, 2*(n-i))
		}
	},
	"all at one time": func(w *writer, n int) {
		w.slice("first", 1, 0, 20)
		for i := range n {
			w.slice("work", 1, 10, i%3)
		}
		w.slice("last", 1, 50, 20)
	},
	"in falling order": func(w *writer, n int) {
		for i := range n {
			w.slice("work", 1, 10*(n-i), 8)
		}
	},
	"begins without ends": func(w *writer, n int) {
		for i := range n {
			w.add(`{"ph":"B","name":"work","pid":1,"tid":1,"ts":%d}`, 10*i)
		}
	},
	"ends without begins": func(w *writer, n int) {
		w.slice("work", 1, 0, 10)
		for i := range n {
			w.add(`{"ph":"E","name":"work","pid":1,"tid":1,"ts":%d}`, 10*i)
		}
	},
	"begins that end in their order": func(w *writer, n int) {
		for i := range n {
			w.add(`{"ph":"B","name":"work %d","pid":1,"tid":1,"ts":%d}`, i, 10*i)
		}
		for i := range n {
			w.add(`{"ph":"E","name":"work %d","pid":1,"tid":1,"ts":%d}`, i, 10*(n+i))
		}
	},
	"ends of other names": func(w *writer, n int) {
		for i := range n {
			w.add(`{"ph":"B","name":"work","pid":1,"tid":1,"ts":%d}`, 20*i)
			w.add(`{"ph":"E","name":"other","pid":1,"tid":1,"ts":%d}`, 20*i+10)
		}
	},
	"pairs in no order": func(w *writer, n int) {
		for i := range n {
			at := 20 * (i * 7919 % n)
			w.add(`{"ph":"E","pid":1,"tid":1,"ts":%d}`, at+10)
			w.add(`{"ph":"B","name":"work","pid":1,"tid":1,"ts":%d}`, at)
		}
	},
	"async events of one id": func(w *writer, n int) {
		for i := range n {
			w.add(`{"ph":"b","cat":"r","name":"work %d","id":1,"pid":1,"tid":1,"ts":%d}`, i, 10*i)
		}
		for i := range n {
			w.add(`{"ph":"e","cat":"r","name":"work %d","id":1,"pid":1,"tid":1,"ts":%d}`, i, 10*(n+i))
		}
	},
	"async events of many ids": func(w *writer, n int) {
		for i := range n {
			w.add(`{"ph":"b","cat":"r","name":"work","id":"0x%x","pid":1,"tid":1,"ts":%d}`, i, 10*i)
		}
		for i := range n {
			w.add(`{"ph":"e","cat":"r","name":"work","id":"0x%x","pid":1,"tid":1,"ts":%d}`, i, 10*(n+i))
		}
	},
	"flows of one id": func(w *writer, n int) {
		for i := range n {
			w.slice("work", i%3, 10*i, 8)
			w.add(`{"ph":"%c","cat":"f","name":"f","id":1,"pid":1,"tid":%d,"ts":%d,"bp":"e"}`, "stf"[i%3], i%3, 10*i+1)
		}
	},
	"flows of many ids": func(w *writer, n int) {
		for i := range n {
			w.slice("work", 1, 10*i, 8)
			w.add(`{"ph":"s","cat":"f","name":"f","id":%d,"pid":1,"tid":1,"ts":%d}`, i, 10*i+1)
		}
		for i := range n {
			w.slice("work", 2, 10*(n+i), 8)
			w.add(`{"ph":"f","cat":"f","name":"f","id":%d,"pid":1,"tid":2,"ts":%d,"bp":"e"}`, n-1-i, 10*(n+i)+1)
		}
	},
	"flows in one slice": func(w *writer, n int) {
		w.slice("work", 1, 0, 100*n)
		w.slice("work", 2, 0, 100*n)
		for i := range n {
			w.add(`{"ph":"s","cat":"f","name":"f","id":%d,"pid":1,"tid":1,"ts":%d}`, i, 10*i+1)
			w.add(`{"ph":"f","cat":"f","name":"f","id":%d,"pid":1,"tid":2,"ts":%d}`, i, 10*i+5)
		}
	},
	"flows that never end": func(w *writer, n int) {
		w.slice("work", 1, 0, 100*n)
		for i := range n {
			w.add(`{"ph":"s","cat":"f","name":"f","id":%d,"pid":1,"tid":1,"ts":%d}`, i, 10*i+1)
		}
	},
	"bind ids": func(w *writer, n int) {
		for i := range n {
			w.add(`{"ph":"X","name":"w","pid":1,"tid":%d,"ts":%d,"dur":8,"bind_id":"0x%x","flow_out":true,"flow_in":%t}`, i%2, 10*i, i%(n/2), i > n/2)
		}
	},
	"one bind id": func(w *writer, n int) {
		for i := range n {
			w.add(`{"ph":"X","name":"w","pid":1,"tid":%d,"ts":%d,"dur":8,"bind_id":"0x1","flow_out":true,"flow_in":true}`, i%2, 10*i)
		}
	},
	"launches": func(w *writer, n int) {
		for i := range n {
			w.add(`{"ph":"X","cat":"cuda_runtime","name":"cudaLaunchKernel","pid":1,"tid":1,"ts":%d,"dur":2,"args":{"correlation":%d}}`, 10*i, i)
			w.add(`{"ph":"X","cat":"kernel","name":"k","pid":0,"tid":7,"ts":%d,"dur":5,"args":{"correlation":%d}}`, 10*i+3, n-i)
		}
	},
	"launches of one correlation": func(w *writer, n int) {
		for i := range n {
			w.add(`{"ph":"X","cat":"cuda_runtime","name":"cudaLaunchKernel","pid":1,"tid":1,"ts":%d,"dur":2,"args":{"correlation":1}}`, 10*i)
			w.add(`{"ph":"X","cat":"kernel","name":"k","pid":0,"tid":7,"ts":%d,"dur":5,"args":{"correlation":1}}`, 10*i+3)
		}
	},
	"launches by flows": func(w *writer, n int) {
		for i := range n {
			w.add(`{"ph":"X","cat":"cuda_runtime","name":"cudaLaunchKernel","pid":1,"tid":1,"ts":%d,"dur":2}`, 10*i)
			w.add(`{"ph":"s","cat":"ac2g","name":"ac2g","id":%d,"pid":1,"tid":1,"ts":%d}`, i, 10*i)
			w.add(`{"ph":"X","cat":"kernel","name":"k","pid":0,"tid":7,"ts":%d,"dur":5}`, 10*i+3)
			w.add(`{"ph":"f","cat":"ac2g","name":"ac2g","id":%d,"pid":0,"tid":7,"ts":%d,"bp":"e"}`, i, 10*i+3)
		}
	},
	"names": func(w *writer, n int) {
		for i := range n {
			w.slice(fmt.Sprint("name ", i), 1, 10*i, 8)
		}
	},
	"categories": func(w *writer, n int) {
		for i := range n {
			w.add(`{"ph":"X","cat":"cat %d","name":"w","pid":1,"tid":1,"ts":%d,"dur":8}`, i, 10*i)
		}
	},
	"processes": func(w *writer, n int) {
		for i := range n {
			w.add(`{"ph":"X","name":"w","pid":%d,"tid":1,"ts":%d,"dur":8}`, i, 10*i)
			w.add(`{"ph":"M","name":"process_name","pid":%d,"args":{"name":"python %d"}}`, i, i)
		}
	},
	"processes without names": func(w *writer, n int) {
		for i := range n {
			w.add(`{"ph":"X","name":"w","pid":%d,"tid":1,"ts":%d,"dur":8}`, i, 10*i)
		}
	},
	"threads": func(w *writer, n int) {
		for i := range n {
			w.slice("work", i, 10*i, 8)
			w.add(`{"ph":"M","name":"thread_name","pid":1,"tid":%d,"args":{"name":"thread %d"}}`, i, i)
		}
	},
	"metadata that repeats itself": func(w *writer, n int) {
		for i := range n {
			w.add(`{"ph":"M","name":"thread_name","pid":1,"tid":1,"args":{"name":"thread %d"}}`, i%3)
			w.slice("work", 1, 10*i, 8)
		}
	},
	"counters": func(w *writer, n int) {
		for i := range n {
			w.add(`{"ph":"C","name":"counter %d","pid":1,"ts":%d,"args":{"value":1}}`, i, 10*i)
		}
	},
	"series, one a sample": func(w *writer, n int) {
		for i := range n {
			w.add(`{"ph":"C","name":"counter","pid":1,"ts":%d,"args":{"series %d":1}}`, 10*i, i)
		}
	},
	"series, many a sample": func(w *writer, n int) {
		for i := range 4 {
			w.add(`{"ph":"C","name":"counter","pid":1,"ts":%d,"args":{%s}}`, 10*i, list(n, func(k int) string { return fmt.Sprintf(`"series %d":%d`, k, i) }))
		}
	},
	"args": func(w *writer, n int) {
		w.add(`{"ph":"X","name":"w","pid":1,"tid":1,"ts":1,"dur":8,"args":{%s}}`, list(n, func(k int) string { return fmt.Sprintf(`"key %d":%d`, k, k) }))
		w.slice("work", 1, 20, 8)
	},
	"members": func(w *writer, n int) {
		w.add(`{"ph":"X","name":"w","pid":1,"tid":1,"ts":1,"dur":8,%s}`, list(n, func(k int) string { return fmt.Sprintf(`"key %d":%d`, k, k) }))
		w.slice("work", 1, 20, 8)
	},
	"objects in objects": func(w *writer, n int) {
		w.add(`{"ph":"X","name":"w","pid":1,"tid":1,"ts":1,"dur":8,"args":{"a":%s1%s}}`, strings.Repeat(`{"a":`, n), strings.Repeat(`}`, n))
		w.slice("work", 1, 20, 8)
	},
	"long names": func(w *writer, n int) {
		for i := range 8 {
			w.slice(strings.Repeat("long ", n), 1, 10*i, 8)
		}
	},
	"escapes": func(w *writer, n int) {
		for i := range 8 {
			w.slice(strings.Repeat(`\\\"\u0041`, n), 1, 10*i, 8)
		}
	},
	"broken events": func(w *writer, n int) {
		for i := range n {
			w.add(`{"ph":"X","name":"w","pid":1,"tid":1,"ts":%d,"dur":8,"args":{"a":}}`, 20*i)
			w.slice("work", 1, 20*i+10, 8)
		}
	},
	"quotes that are missing": func(w *writer, n int) {
		for i := range n {
			w.add(`{"ph":"X","name":"w,"pid":1,"tid":1,"ts":%d,"dur":8}`, 20*i)
			w.slice("work", 1, 20*i+10, 8)
		}
	},
	"objects that are never closed": func(w *writer, n int) {
		w.slice("work", 1, 0, 8)
		for range n {
			w.add(`{"ph":"X","args":{"name":{`)
		}
	},
	"quotes in objects that are never closed": func(w *writer, n int) {
		w.slice("work", 1, 0, 8)
		w.add("%s", strings.Repeat(`{"ph":"X","name":"a" b","args":{"name":`, n))
	},
	"begins of objects": func(w *writer, n int) {
		w.slice("work", 1, 0, 8)
		w.add("%s", strings.Repeat(`{"ph":`, n))
	},
	"white space": func(w *writer, n int) {
		w.slice("work", 1, 0, 8)
		w.add("%s%s", strings.Repeat(" \n", 4*n), `{"ph":"i","name":"i","ts":9,"s":"g"}`)
	},
	"steps": func(w *writer, n int) {
		for i := range n {
			w.add(`{"ph":"X","cat":"user_annotation","name":"execute_context_0(0)_generation_%d(%d)","pid":1,"tid":1,"ts":%d,"dur":80}`, i%7, i%7, 100*i)
			w.slice("work", 2, 100*i, 8)
		}
	},
	"numbered steps": func(w *writer, n int) {
		for i := range n {
			w.add(`{"ph":"X","cat":"user_annotation","name":"ProfilerStep#%d","pid":1,"tid":1,"ts":%d,"dur":80}`, i, 100*i)
			w.slice("work", 2, 100*i, 8)
		}
	},
	"requests": func(w *writer, n int) {
		for i := range n {
			w.add(`{"ph":"b","cat":"request","name":"request","id":"r%d","pid":1,"tid":1,"ts":%d,"args":{"request_id":"r%d"}}`, i, 10*i, i)
			w.add(`{"ph":"e","cat":"request","name":"request","id":"r%d","pid":1,"tid":1,"ts":%d}`, i, 10*i+500)
		}
	},
	"python frames": func(w *writer, n int) {
		for i := range n {
			w.add(`{"ph":"X","cat":"python_function","name":"f.py(%d): f","pid":1,"tid":1,"ts":%d,"dur":%d,"args":{"Python id":%d,"Python parent id":%d}}`, i, i, 2*(n-i), i, i-1)
		}
	},
	"ids that are odd": func(w *writer, n int) {
		for i := range n {
			w.add(`{"ph":"X","cat":"cuda_runtime","name":"l","pid":1,"tid":1,"ts":%d,"dur":2,"args":{"correlation":"id-%d"}}`, 10*i, i)
			w.add(`{"ph":"X","cat":"kernel","name":"k","pid":0,"tid":7,"ts":%d,"dur":5,"args":{"External id":"e-%d"}}`, 10*i+3, i)
		}
	},
	"smallest events": func(w *writer, n int) {
		for i := range n {
			w.add(`{"ph":"i","ts":%d}`, i)
		}
	},
	"impossible times": func(w *writer, n int) {
		w.slice("work", 1, 1000000, 8)
		for i := range n {
			w.add(`{"ph":"X","name":"w","pid":1,"tid":1,"ts":%d,"dur":9223372036854775}`, 1000000+10*i)
		}
	},
}
