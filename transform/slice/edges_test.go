package slice

import (
	"strings"
	"testing"
)

// Small traces, an event a line, that are hard to cut from 10 to 20 µs. The plain
// judge has what must be left of such as words and by hand.
func TestEventsOnTheEdgesOfARange(t *testing.T) {
	for name, events := range map[string]string{
		"a pair around a slice, cut before": `
			{"ph":"B","tid":1,"ts":5,"args":{"a":1}}
			{"ph":"X","tid":1,"ts":10,"dur":2}
			{"ph":"E","tid":1,"ts":15,"args":{"tracekit.ts":31,"tracekit.dur":3,"a":2,"b":3}}`,
		"a pair that begins with a slice": `
			{"ph":"B","tid":1,"ts":5} {"ph":"X","tid":1,"ts":5,"dur":12} {"ph":"E","tid":1,"ts":15}`,
		"pairs and slices in each other": `
			{"ph":"X","tid":1,"ts":1,"dur":30} {"ph":"B","tid":1,"ts":2} {"ph":"X","tid":1,"ts":3,"dur":25} {"ph":"B","tid":1,"ts":4}
			{"ph":"E","tid":1,"ts":20} {"ph":"E","tid":1,"ts":29}`,
		"pairs at the very edges": `
			{"ph":"B","tid":1,"ts":5} {"ph":"E","tid":1,"ts":10} {"ph":"B","tid":1,"ts":10} {"ph":"B","tid":1,"ts":10} {"ph":"E","tid":1,"ts":10}
			{"ph":"E","tid":1,"ts":20} {"ph":"B","tid":1,"ts":20} {"ph":"E","tid":1,"ts":20}`,
		"ends first in the file": `
			{"ph":"E","tid":1,"ts":25} {"ph":"E","tid":1,"ts":24,"name":"in"} {"ph":"B","tid":1,"ts":7,"name":"out"} {"ph":"B","tid":1,"ts":8,"name":"in"}`,
		"an async id anew, late in the file": `
			{"ph":"b","id":1,"cat":"r","ts":14} {"ph":"e","id":1,"cat":"r","ts":16} {"ph":"b","id":1,"cat":"r","ts":5} {"ph":"e","id":1,"cat":"r","ts":12}
			{"ph":"e","id":1,"cat":"r","ts":30} {"ph":"b","id":1,"cat":"r","ts":18}`,
		"async ids of a process and of all": `
			{"ph":"b","id2":{"local":1},"pid":1,"ts":5} {"ph":"b","id2":{"local":1},"pid":2,"ts":6} {"ph":"e","id2":{"local":1},"pid":1,"ts":7}
			{"ph":"b","id2":{"global":1},"pid":1,"ts":5} {"ph":"e","id2":{"global":1},"pid":2,"ts":25} {"ph":"e","id2":{"local":1},"pid":2,"ts":26}`,
		"slices of one id that overlap": `
			{"ph":"b","id":"0x1","name":"queue","ts":2} {"ph":"b","id":"0x1","name":"run","ts":4} {"ph":"e","id":"0x1","name":"queue","ts":6}
			{"ph":"b","id":"0x1","name":"send","ts":12} {"ph":"e","id":"0x1","name":"run","ts":14} {"ph":"e","id":"0x1","name":"send","ts":25}`,
		"flows without a slice at their start": `
			{"ph":"s","id":1,"tid":9,"ts":11} {"ph":"t","id":1,"tid":1,"ts":12} {"ph":"f","id":1,"tid":1,"ts":13,"bp":"e"} {"ph":"X","tid":1,"ts":11,"dur":4} {"ph":"X","tid":9,"ts":15,"dur":4}`,
		"flows at the edges": `
			{"ph":"X","tid":1,"ts":5,"dur":5} {"ph":"X","tid":1,"ts":10,"dur":10} {"ph":"s","id":1,"tid":1,"ts":10} {"ph":"f","id":1,"tid":1,"ts":20,"bp":"e"}
			{"ph":"X","tid":2,"ts":19.999,"dur":5} {"ph":"f","id":1,"tid":2,"ts":19.999,"bp":"e"} {"ph":"f","id":1,"tid":2,"ts":19.998}`,
		"a flow from a begin that moves": `
			{"ph":"s","id":1,"tid":1,"ts":10} {"ph":"f","id":1,"tid":1,"ts":14,"bp":"e"} {"ph":"B","tid":1,"ts":5} {"ph":"E","tid":1,"ts":15}`,
		"counters of several series": `
			{"ph":"C","name":"c","ts":9,"args":{"a":1,"b":2}} {"ph":"C","name":"c","ts":8,"args":{"a":3,"z":4}} {"ph":"C","name":"c","ts":10,"args":{"z":5}}
			{"ph":"C","name":"c","id":1,"ts":9.9996,"args":{"a":1}} {"ph":"C","name":"c","pid":"0","ts":9.9994,"args":{"a":"7"}}`,
		"times of all kinds": `
			{"ph":"X","tid":1,"ts":"9.5","dur":"1.0"} {"ph":"T","tid":1,"ts":1e1,"dur":1.1e1} {"ph":"X","tid":2,"ts":9999.9996e-3,"dur":1} {"ph":"X","tid":3,"ts":-5,"dur":30}
			{"ph":"X","tid":4,"dur":30} {"ph":"i","ts":null} {"ph":"X","tid":5,"ts":0.00000001E9,"dur":5}`,
		"begins that speak of flows": `
			{"ph":"B","tid":1,"ts":5,"bind_id":"0x1","flow_out":true} {"ph":"E","tid":1,"ts":12} {"ph":"b","id":1,"ts":11,"bind_id":"0x1","flow_in":true}
			{"ph":"n","id":1,"ts":25,"bind_id":"0x2","flow_in":true} {"ph":"X","tid":2,"ts":12,"dur":1,"bind_id":"0x2","flow_out":true}`,
		"launched by correlation, External id and flow": `
			{"ph":"M","name":"process_labels","pid":7,"args":{"labels":"GPU 7"}}
			{"ph":"X","cat":"cuda_runtime","pid":1,"tid":1,"ts":9,"dur":2,"args":{"correlation":1}} {"ph":"X","cat":"kernel","pid":7,"tid":7,"ts":30,"dur":5,"args":{"correlation":1}}
			{"ph":"X","cat":"cpu_op","pid":2,"tid":1,"ts":25,"dur":2,"args":{"External id":"x"}} {"ph":"X","cat":"kernel","pid":7,"tid":8,"ts":12,"dur":5,"args":{"correlation":5,"External id":"x"}}
			{"ph":"B","cat":"cpu_op","pid":1,"tid":2,"ts":12} {"ph":"s","cat":"ac2g","id":9,"pid":1,"tid":2,"ts":13} {"ph":"E","pid":1,"tid":2,"ts":14}
			{"ph":"f","cat":"ac2g","id":9,"pid":7,"tid":9,"ts":40,"bp":"e"} {"ph":"X","cat":"gpu_memcpy","pid":7,"tid":9,"ts":40,"dur":5}
			{"ph":"X","cat":"kernel","pid":7,"tid":10,"ts":15,"dur":15}`,
	} {
		lines := strings.FieldsFunc(events, func(r rune) bool { return r == '\n' || r == '\t' })
		text := strings.ReplaceAll(strings.Join(lines, ","), "} {", "},{")
		text = `{"traceEvents":[` + text + `,{"ph":"i","name":"last","pid":3,"ts":99}]}`
		for _, to := range []int64{20_000, 99_001} {
			judge(t, []byte(text), 10_000, to, name)
		}
	}
}
