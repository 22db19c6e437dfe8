package reference

import "testing"

func TestCounters(t *testing.T) {
	runCases(t, []sliceCase{
		{name: "samples of the window", source: `
			{"ph":"C","name":"c","ts":10,"args":{"a":1}} {"ph":"C","name":"c","ts":20,"args":{"a":1}} {"ph":"C","name":"c","ts":12,"args":null}`, want: `=a =c`},
		{name: "latest values, in order of first appearance", boundary: Drop, source: `
			{"ph":"C","name":"c","id":1,"ts":5,"args":{"b":1.50,"a":2}}
			{"x":1,"ph":"C","name":"c","id":1,"ts":7,"args":{"a":3}}
			{"ph":"C","name":"c","id":1,"ts":6,"args":{"a":4,"z":5}}
			{"ph":"C","name":"c","id":1,"ts":15,"args":{"a":6}}`, want: `
			{"x":1,"ph":"C","name":"c","id":1,"ts":10.000,"args":{"b":1.50,"a":3,"z":5}} =d`},
		{name: "the later in the file wins a tie", source: `
			{"ph":"C","name":"c","ts":5,"args":{"a":1}} {"ph":"C","name":"c","ts":5,"args":{"a":2},"y":1}`, want: `
			{"ph":"C","name":"c","ts":10.000,"args":{"a":2},"y":1}`},
		{name: "by process, name and id, in order of first appearance, before all else", source: `
			{"ph":"i","ts":11}
			{"ph":"C","name":"d","ts":30,"args":{"a":0}}
			{"ph":"C","name":"c","ts":5,"args":{"a":1}}
			{"ph":"C","name":"c","pid":1,"ts":5,"args":{"a":2}}
			{"ph":"C","name":"c","id":1,"ts":5,"args":{"a":3}}
			{"ph":"C","name":"d","ts":5,"args":{"a":4}}`, want: `
			{"ph":"C","name":"d","ts":10.000,"args":{"a":4}}
			{"ph":"C","name":"c","ts":10.000,"args":{"a":1}}
			{"ph":"C","name":"c","pid":1,"ts":10.000,"args":{"a":2}}
			{"ph":"C","name":"c","id":1,"ts":10.000,"args":{"a":3}} =a`},
		{name: "threads do not part a counter", source: `
			{"ph":"C","name":"c","tid":1,"ts":5,"args":{"a":1}} {"ph":"C","name":"c","tid":2,"ts":6,"args":{"b":2}}`, want: `
			{"ph":"C","name":"c","tid":2,"ts":10.000,"args":{"a":1,"b":2}}`},
		{name: "a sample at the start that has all series", source: `
			{"ph":"C","name":"c","ts":5,"args":{"a":1}} {"ph":"C","name":"c","ts":10,"args":{"b":1,"a":2}}`, want: `=b`},
		{name: "a sample at the start that lacks one", source: `
			{"ph":"C","name":"c","ts":5,"args":{"a":1,"b":2}} {"ph":"C","name":"c","ts":10,"args":{"a":2}}`, want: `
			{"ph":"C","name":"c","ts":10.000,"args":{"a":1,"b":2}} =b`},
		{name: "samples without values carry nothing", source: `
			{"ph":"C","name":"c","ts":5} {"ph":"C","name":"c","ts":6,"args":{}} {"ph":"C","name":"c","args":{"a":1}}`, want: ``},
	})
}

func TestFlows(t *testing.T) {
	const slices = `
		{"ph":"X","tid":1,"ts":5,"dur":10}
		{"ph":"X","tid":2,"ts":14,"dur":3}
		{"ph":"X","tid":3,"ts":25,"dur":3}
		{"ph":"X","tid":4,"ts":1,"dur":3} `
	const host = `{"ph":"X","tid":1,"ts":10.000,"dur":5.000,"args":{"tracekit.ts":5,"tracekit.dur":10}}`
	runCases(t, []sliceCase{
		{name: "a chain whose ends are bound stays", source: slices + `
			{"ph":"s","id":1,"tid":1,"ts":15} {"ph":"t","id":1,"tid":2,"ts":16} {"ph":"f","id":1,"tid":2,"ts":17,"bp":"e"}`,
			want: host + ` =b =e =f =g`},
		{name: "an end outside does not count, a step is no end", source: slices + `
			{"ph":"s","id":1,"tid":1,"ts":12} {"ph":"t","id":1,"tid":2,"ts":16} {"ph":"f","id":1,"tid":3,"ts":26,"bp":"e"}`,
			want: host + ` =b`},
		{name: "a start outside does not count", source: slices + `
			{"ph":"s","id":1,"tid":1,"ts":9} {"ph":"f","id":1,"tid":2,"ts":16,"bp":"e"}`,
			want: host + ` =b`},
		{name: "what is not bound goes", source: slices + `
			{"ph":"s","id":1,"tid":1,"ts":15} {"ph":"t","id":1,"tid":9,"ts":16} {"ph":"f","id":1,"tid":2,"ts":17,"bp":"e"}
			{"ph":"f","id":1,"tid":2,"ts":13,"bp":"e"}`,
			want: host + ` =b =e =g`},
		{name: "a slice that is over binds until the next begins", source: slices + `
			{"ph":"s","id":1,"tid":1,"ts":16} {"ph":"f","id":1,"tid":2,"ts":18,"bp":"e"} {"ph":"f","id":1,"tid":3,"ts":19,"bp":"e"}`,
			want: host + ` =b =e =f`},
		{name: "what ends with a slice that is dropped is drawn to no other", boundary: Drop, source: `
			{"ph":"X","tid":1,"ts":11,"dur":2} {"ph":"X","tid":2,"ts":11,"dur":2} {"ph":"X","tid":2,"ts":15,"dur":20}
			{"ph":"s","id":1,"tid":1,"ts":12} {"ph":"f","id":1,"tid":2,"ts":14} {"ph":"f","id":1,"tid":2,"ts":16,"bp":"e"}`,
			want: `=a =b`},
		{name: "without bp the end binds to the next slice", source: slices + `
			{"ph":"s","id":1,"tid":1,"ts":12} {"ph":"f","id":1,"tid":2,"ts":13} {"ph":"f","id":1,"tid":2,"ts":14} {"ph":"f","id":1,"tid":2,"ts":15}`,
			want: host + ` =b =e =f`},
		{name: "the next slice must stay too", source: slices + `
			{"ph":"s","id":1,"tid":1,"ts":12} {"ph":"f","id":1,"tid":3,"ts":19}`,
			want: host + ` =b`},
		{name: "the first start counts, and others until an end add to it", source: slices + `
			{"ph":"f","id":1,"tid":2,"ts":17,"bp":"e"} {"ph":"s","id":1,"tid":1,"ts":15} {"ph":"s","id":1,"tid":1,"ts":12} {"ph":"t","id":1,"tid":2,"ts":14}`,
			want: host + ` =b =e =f =g =h`},
		{name: "an id begins anew at a start behind an end", source: slices + `
			{"ph":"s","id":1,"tid":1,"ts":12} {"ph":"f","id":1,"tid":2,"ts":14,"bp":"e"} {"ph":"s","id":1,"tid":1,"ts":15}`,
			want: host + ` =b =e =f`},
		{name: "ids are compared as numbers", source: slices + `
			{"ph":"s","id":1,"tid":1,"ts":12} {"ph":"f","id":"0x01","tid":2,"ts":16,"bp":"e"} {"ph":"f","id":"10","tid":2,"ts":16,"bp":"e"}`,
			want: host + ` =b =e =f`},
		{name: "joined by category, name and id", source: slices + `
			{"ph":"s","id":1,"tid":1,"ts":12} {"ph":"f","id":"2","tid":2,"ts":16,"bp":"e"} {"ph":"f","cat":"a","id":1,"tid":2,"ts":16,"bp":"e"} {"ph":"f","name":"a","id":1,"tid":2,"ts":16,"bp":"e"}`,
			want: host + ` =b`},
		{name: "thread states and async bind nothing", source: `
			{"ph":"T","tid":1,"ts":11,"dur":5} {"ph":"s","id":1,"tid":1,"ts":12} {"ph":"B","tid":2,"ts":11} {"ph":"E","tid":2,"ts":15} {"ph":"f","id":1,"tid":2,"ts":13,"bp":"e"}`,
			want: `=a =c =d`},
		{name: "pairs bind", source: `
			{"ph":"B","tid":1,"ts":11} {"ph":"E","tid":1,"ts":12} {"ph":"s","id":1,"tid":1,"ts":11} {"ph":"f","id":1,"tid":1,"ts":11,"bp":"e"}`,
			want: `=a =b =c =d`},
		{name: "the end of a pair comes before the flow events of its time", source: `
			{"ph":"B","tid":1,"ts":11} {"ph":"E","tid":1,"ts":12} {"ph":"s","id":1,"tid":1,"ts":11} {"ph":"f","id":1,"tid":1,"ts":12,"bp":"e"}`,
			want: `=a =b`},
		{name: "slices speak of no flow whose other end is gone", source: `
			{"ph":"X","ts":5,"dur":1,"bind_id":1,"flow_out":true} {"ph":"X","ts":11,"dur":1,"bind_id":1,"flow_in":true}`,
			want: `{"ph":"X","ts":11,"dur":1}`},
		{name: "slices speak of flows that are kept", source: `
			{"ph":"X","ts":11,"dur":1,"bind_id":1,"flow_out":true} {"ph":"X","ts":12,"dur":1,"bind_id":1,"flow_out":true,"flow_in":true} {"ph":"X","ts":25,"dur":1,"bind_id":1,"flow_in":true}`,
			want: `=a {"ph":"X","ts":12,"dur":1,"bind_id":1,"flow_in":true}`},
		{name: "a begin may speak of a flow, and so may an async slice", source: `
			{"ph":"B","ts":5,"bind_id":1,"flow_out":true} {"ph":"b","id":1,"ts":12,"bind_id":1,"flow_in":true,"flow_out":true} {"ph":"n","id":1,"ts":13,"bind_id":2,"flow_in":true}
			{"ph":"E","ts":15} {"ph":"e","id":1,"ts":15}`, want: `
			{"ph":"B","ts":10.000,"bind_id":1,"flow_out":true,"args":{"tracekit.ts":5}} {"ph":"b","id":1,"ts":12,"bind_id":1,"flow_in":true} {"ph":"n","id":1,"ts":13} =d =e`},
		{name: "slices of one time", source: `
			{"ph":"X","ts":11,"dur":1,"bind_id":1,"flow_out":true,"flow_in":true} {"ph":"X","tid":1,"ts":11,"dur":1,"bind_id":1,"flow_in":true}
			{"ph":"X","ts":11,"dur":1,"bind_id":2,"flow_out":true,"flow_in":true}`, want: `
			{"ph":"X","ts":11,"dur":1,"bind_id":1,"flow_out":true} =b {"ph":"X","ts":11,"dur":1}`},
	})
}

func TestLaunched(t *testing.T) {
	const device = `"pid":7,"tid":7`
	runCases(t, []sliceCase{
		{name: "by correlation, whenever it ran, whole", device: Launched, source: `
			{"ph":"X","ts":11,"dur":1,"args":{"correlation":1}}
			{"ph":"X","cat":"kernel",` + device + `,"ts":18,"dur":5,"args":{"correlation":1}}
			{"ph":"X","cat":"gpu_memcpy",` + device + `,"ts":30,"dur":5,"args":{"correlation":1}}
			{"ph":"X","ts":9,"dur":1,"args":{"correlation":2}}
			{"ph":"X","cat":"kernel",` + device + `,"ts":12,"dur":5,"args":{"correlation":2}}`, want: `=a =b =c`},
		{name: "drop asks the call, not the kernel", device: Launched, boundary: Drop, source: `
			{"ph":"X","ts":11,"dur":1,"args":{"correlation":1}}
			{"ph":"X","cat":"kernel","ts":30,"dur":5,"args":{"correlation":1}}
			{"ph":"X","ts":9,"dur":2,"args":{"correlation":2}}
			{"ph":"X","cat":"kernel","ts":12,"dur":5,"args":{"correlation":2}}`, want: `=a =b`},
		{name: "a call that was cut launched before, one that is kept whole did not", device: Launched, source: `
			{"ph":"X","ts":9,"dur":2,"args":{"correlation":2}}
			{"ph":"X","cat":"kernel","ts":12,"dur":5,"args":{"correlation":2}}
			{"ph":"X","ts":19,"dur":2,"args":{"correlation":3}}
			{"ph":"X","cat":"kernel","ts":32,"dur":5,"args":{"correlation":3}}`, want: `
			{"ph":"X","ts":10.000,"dur":1.000,"args":{"correlation":2,"tracekit.ts":9,"tracekit.dur":2}}
			{"ph":"X","ts":19,"dur":1.000,"args":{"correlation":3,"tracekit.ts":19,"tracekit.dur":2}} =d`},
		{name: "keep", device: Launched, boundary: Keep, source: `
			{"ph":"X","ts":9,"dur":2,"args":{"correlation":2}}
			{"ph":"X","cat":"kernel","ts":12,"dur":5,"args":{"correlation":2}}`, want: `=a =b`},
		{name: "by time if so asked", source: `
			{"ph":"X","ts":11,"dur":1,"args":{"correlation":1}} {"ph":"X","cat":"kernel","ts":30,"dur":5,"args":{"correlation":1}}`, want: `=a`},
		{name: "else by External id", device: Launched, source: `
			{"ph":"X","ts":11,"dur":1,"args":{"External\u0020id":1}}
			{"ph":"X","cat":"Kernel","ts":30,"dur":1,"args":{"correlation":9,"External\u0020id":1}}`, want: `=a =b`},
		{name: "correlation comes first", device: Launched, source: `
			{"ph":"X","ts":11,"dur":1,"args":{"External\u0020id":1}}
			{"ph":"X","ts":1,"dur":1,"args":{"correlation":9}}
			{"ph":"X","cat":"Kernel","ts":12,"dur":1,"args":{"correlation":9,"External\u0020id":1}}`, want: `=a`},
		{name: "else by flow, to the innermost call", device: Launched, source: `
			{"ph":"X","ts":1,"dur":18} {"ph":"X","ts":8,"dur":1}
			{"ph":"s","cat":"ac2g","id":1,"ts":8.5}
			{"ph":"f","cat":"ac2g","id":1,"ts":12,"pid":7,"tid":7,"bp":"e"}
			{"ph":"X","cat":"kernel","ts":12,"dur":1,"pid":7,"tid":7}`, want: `
			{"ph":"X","ts":10.000,"dur":9.000,"args":{"tracekit.ts":1,"tracekit.dur":18}}`},
		{name: "else by time", device: Launched, source: `
			{"ph":"X","cat":"kernel","ts":9,"dur":2} {"ph":"X","cat":"kernel","ts":30,"dur":2,"args":{"correlation":1}}`, want: `
			{"ph":"X","cat":"kernel","ts":10.000,"dur":1.000,"args":{"tracekit.ts":9,"tracekit.dur":2}}`},
		{name: "processes of devices, by label and by name", device: Launched, source: `
			{"ph":"M","name":"process_labels","pid":7,"args":{"labels":"GPU\u00207"}}
			{"ph":"M","name":"process_name","pid":8,"args":{"name":"device:HPU:0"}}
			{"ph":"X","ts":11,"dur":1,"args":{"correlation":1}}
			{"ph":"X","pid":7,"ts":30,"dur":1,"args":{"correlation":1}}
			{"ph":"X","pid":8,"ts":30,"dur":1,"args":{"correlation":1}}
			{"ph":"X","pid":9,"ts":30,"dur":1,"args":{"correlation":1}}`, want: `=a =b =c =d =e`},
		{name: "a flow follows its kernel out of the window", device: Launched, source: `
			{"ph":"X","ts":11,"dur":1,"args":{"correlation":1}}
			{"ph":"X","cat":"kernel","ts":30,"dur":1,"pid":7,"tid":7,"args":{"correlation":1}}
			{"ph":"s","cat":"ac2g","id":1,"ts":11} {"ph":"f","cat":"ac2g","id":1,"pid":7,"tid":7,"ts":30,"bp":"e"}`, want: `=a =b =c =d`},
	})
}

func TestDevicePropertiesNameProcesses(t *testing.T) {
	tr, err := Parse([]byte(`{"deviceProperties":[{"id":3,"name":"}"}],"traceEvents":[
		{"ph":"X","pid":1,"ts":11,"dur":1,"args":{"correlation":1}},
		{"ph":"X","pid":3,"ts":30,"dur":1,"args":{"correlation":1}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if outs := Slice(tr, Options{From: 10_000, To: 20_000, Device: Launched}); len(outs) != 2 {
		t.Errorf("%d events stay, want 2", len(outs))
	}
}
