package repair

import (
	"fmt"
	"strings"
	"testing"
)

// cases show each kind of damage before and after, and what is set aside.
var cases = []struct {
	name, in, counts string
	out, set         string
}{
	{"byte-order mark", "\ufeff{\"traceEvents\":[{\"ph\":\"X\",\"name\":\"a\",\"pid\":1,\"tid\":1,\"ts\":1,\"dur\":2}]}", "byte-order-mark 1",
		`{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2}]}`,
		""},
	{"object not closed", `{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2},`, "unclosed 1",
		`{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2}]}
`,
		""},
	{"times in nanoseconds", `[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1496933426915778221,"dur":2000}]`, "nanoseconds 2",
		`[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1496933426915778.221,"dur":2}]`,
		""},
	{"array not closed", `[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2},`, "unclosed 1",
		`[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2}]`,
		""},
	{"cut in an event", `{"schemaVersion":1,"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2},{"ph":"X","name":"b","pid":1,"ti`, "unclosed 1, trailing 3, broken 1",
		`{"schemaVersion":1,"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2}]}
`,
		`{"traceEvents": [
{"ph": "i", "s": "g", "ts": 0, "name": "set aside", "args": {"text": "{\"ph\":\"X\",\"name\":\"b\",\"pid\":1,"}},
{"ph": "i", "s": "g", "ts": 0, "name": "set aside", "args": {"text": "\"ti"}}
]}
`},
	{"cut in args", `{"schemaVersion":1,"traceEvents":[{"ph":"X","name":"b","pid":1,"tid":1,"ts":4,"dur":1,"args":{"x":[1,2`, "unclosed 1, broken 1",
		`{"schemaVersion":1,"traceEvents":[{"ph":"X","name":"b","pid":1,"tid":1,"ts":4,"dur":1}]}
`,
		""},
	{"text behind the document", `{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2}]}
done.`, "trailing 5",
		`{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2}]}`,
		`{"traceEvents": [
{"ph": "i", "s": "g", "ts": 0, "name": "set aside", "args": {"text": "done."}}
]}
`},
	{"two documents", `{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2}],"x":1}
{"y":2,"traceEvents":[{"ph":"X","name":"b","pid":1,"tid":1,"ts":4,"dur":2}],"x":3}`, "documents 1, commas 2, duplicates 1",
		`{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2},{"ph":"X","name":"b","pid":1,"tid":1,"ts":4,"dur":2}],"x":1,"y":2}`,
		""},
	{"two arrays of events", `{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2}],"traceEvents":[{"ph":"X","name":"b","pid":1,"tid":1,"ts":4,"dur":2}]}`, "documents 1, commas 1",
		`{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2},{"ph":"X","name":"b","pid":1,"tid":1,"ts":4,"dur":2}]}`,
		""},
	{"commas between events", `{"traceEvents":[,{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2,}{"ph":"X","name":"b","pid":1,"tid":1,"ts":4,"dur":2},,]}`, "commas 4",
		`{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2},{"ph":"X","name":"b","pid":1,"tid":1,"ts":4,"dur":2}]}`,
		""},
	{"comma missing in an event", `{"traceEvents":[{"ph":"X","name":"a" "pid":1,"tid":1,"ts":1,"dur":2}]}`, "commas 1",
		`{"traceEvents":[{"ph":"X","name":"a", "pid":1,"tid":1,"ts":1,"dur":2}]}`,
		""},
	{"members of the document", `{"displayTimeUnit":null,"x":NaN,"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2}]}`, "commas 1, members 2",
		`{"x": "NaN","traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2}]}`,
		""},
	{"a member with a long name", `{"a":"x","` + strings.Repeat("long ", 60) + `":2,"traceEvents":[],"c":NaN}`, "members 1",
		`{"a":"x","` + strings.Repeat("long ", 60) + `":2,"traceEvents":[],"c": "NaN"}`,
		""},
	{"null in place of events", `{"displayTimeUnit":"ms","traceEvents":null}`, "members 2",
		`{"displayTimeUnit":"ms", "traceEvents": []}`,
		""},
	{"text without quotes in args", `{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2,"args":{"p": N/A, "t":(1, 2),"u":50%,"k":1}}]}`, "nan 3",
		`{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2,"args":{"p": "N/A", "t":"(1, 2)","u":"50%","k":1}}]}`,
		""},
	{"single quotes", `{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2,"args":{'x':'a, "b"','y' : 2}}]}`, "nan 3",
		`{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2,"args":{"x":"a, \"b\"","y" : 2}}]}`,
		""},
	{"quotes in a name", `{"traceEvents":[{"ph":"X","name":"say "hi" now","pid":1,"tid":1,"ts":1,"dur":2}]}`, "quotes 1",
		`{"traceEvents":[{"ph":"X","name":"say \"hi\" now","pid":1,"tid":1,"ts":1,"dur":2}]}`,
		""},
	{"quote missing before a comma", `{"traceEvents":[{"ph":"X","name":"a, "pid":1,"tid":1,"ts":1,"dur":2},{"ph":"X","name":"b","pid":1,"tid":1,"ts":4,"dur":2}]}`, "quotes 1",
		`{"traceEvents":[{"ph":"X","name":"a", "pid":1,"tid":1,"ts":1,"dur":2},{"ph":"X","name":"b","pid":1,"tid":1,"ts":4,"dur":2}]}`,
		""},
	{"quote missing before a brace", `{"traceEvents":[{"pid":1,"tid":1,"ts":1,"dur":2,"ph":"X","name":"a},{"ph":"X","name":"b","pid":1,"tid":1,"ts":4,"dur":2}]}`, "quotes 1",
		`{"traceEvents":[{"pid":1,"tid":1,"ts":1,"dur":2,"ph":"X","name":"a"},{"ph":"X","name":"b","pid":1,"tid":1,"ts":4,"dur":2}]}`,
		""},
	{"opening quote missing", `{"traceEvents":[{"pid":1,"tid":1,"ts":1,"dur":2,"ph":"X","name":a"},{"ph":"X","name":"b","pid":1,"tid":1,"ts":4,"dur":2}]}`, "trailing 2, commas 1, broken 1, nan 1",
		`{"traceEvents":[{"pid":1,"tid":1,"ts":1,"dur":2,"ph":"X","name":"a"},{"ph":"X","name":"b","pid":1,"tid":1,"ts":4,"dur":2}]}`,
		`{"traceEvents": [
{"ph": "i", "s": "g", "ts": 0, "name": "set aside", "args": {"text": "\"},"}}
]}
`},
	{"no event", `{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2},%$ 17,{"ph":"X","name":"b","pid":1,"tid":1,"ts":4,"dur":2}]}`, "trailing 4, commas 1",
		`{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2},{"ph":"X","name":"b","pid":1,"tid":1,"ts":4,"dur":2}]}`,
		`{"traceEvents": [
{"ph": "i", "s": "g", "ts": 0, "name": "set aside", "args": {"text": "%$ 17,"}}
]}
`},
	{"control characters", "{\"traceEvents\":[{\"ph\":\"X\",\"name\":\"a\x01\tb\nc\",\"pid\":1,\"tid\":1,\"ts\":1,\"dur\":2}]}", "controls 1",
		`{"traceEvents":[{"ph":"X","name":"a\u0001\tb\nc","pid":1,"tid":1,"ts":1,"dur":2}]}`,
		""},
	{"escapes", `{"traceEvents":[{"ph":"X","name":"C:\path\e \u12","pid":1,"tid":1,"ts":1,"dur":2}]}`, "escapes 1",
		`{"traceEvents":[{"ph":"X","name":"C:\\path\\e \\u12","pid":1,"tid":1,"ts":1,"dur":2}]}`,
		""},
	{"surrogates", `{"traceEvents":[{"ph":"X","name":"\ud83d\ude00 \ud83d","pid":1,"tid":1,"ts":1,"dur":2,"args":{"s":"\ud83d\ude00"}}]}`, "surrogates 2",
		"{\"traceEvents\":[{\"ph\":\"X\",\"name\":\"😀 �\",\"pid\":1,\"tid\":1,\"ts\":1,\"dur\":2,\"args\":{\"s\":\"😀\"}}]}",
		""},
	{"not UTF-8", "{\"traceEvents\":[{\"ph\":\"X\",\"name\":\"a\xffb\",\"pid\":1,\"tid\":1,\"ts\":1,\"dur\":2}]}", "utf8 1",
		"{\"traceEvents\":[{\"ph\":\"X\",\"name\":\"a�b\",\"pid\":1,\"tid\":1,\"ts\":1,\"dur\":2}]}",
		""},
	{"words for numbers", `{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2,"args":{"a":NaN,"b":-Infinity,"c":inf,"d":1e400,"e":01,"f":.5,"g":None,"h":True}}]}`, "nan 8",
		`{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2,"args":{"a":"NaN","b":"-Infinity","c":"inf","d":"1e400","e":1,"f":0.5,"g":null,"h":true}}]}`,
		""},
	{"quoted times", `{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":"1","dur":"2.5"}]}`, "quoted 2",
		`{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2.5}]}`,
		""},
	{"durations", `{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":null},{"ph":"X","name":"b","pid":1,"tid":1,"ts":2},{"ph":"X","name":"c","pid":1,"tid":1,"ts":3,"dur":NaN,"tts":null}]}`, "nan 1, durations 4",
		`{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":0},{"ph":"X","name":"b","pid":1,"tid":1,"ts":2, "dur": 0},{"ph":"X","name":"c","pid":1,"tid":1,"ts":3,"dur":0}]}`,
		""},
	{"giant numbers", `{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2,"args":{"addr":18446744073709551615,"x":0.1234567890123456789012}},{"ph":"s","id":18446744073709551615,"name":"f","cat":"c","pid":1,"tid":1,"ts":1}]}`, "giants 4",
		`{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2,"args":{"addr":"18446744073709551615","x":1.2345678901234568e-01}},{"ph":"s","id":"0xffffffffffffffff","name":"f","cat":"c","pid":1,"tid":1,"ts":1}]}`,
		""},
	{"duplicate keys", `{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2,"name":"b","args":{"x":1,"x":2}}]}`, "duplicates 2",
		`{"traceEvents":[{"ph":"X","pid":1,"tid":1,"ts":1,"dur":2,"name":"b","args":{"x":2}}]}`,
		""},
	{"pid and tid out of range", `{"traceEvents":[{"ph":"X","name":"a","pid":-1,"tid":4294967297,"ts":1,"dur":2}]}`, "ids 2",
		`{"traceEvents":[{"ph":"X","name":"a","pid":4294967295,"tid":2147483648,"ts":1,"dur":2}]}`,
		""},
	{"scopes of instants", `{"traceEvents":[{"ph":"i","name":"a","pid":1,"ts":1},{"ph":"i","name":"b","ts":1,"s":"p"}]}`, "scopes 2",
		`{"traceEvents":[{"ph":"i","name":"a","pid":1,"ts":1, "s": "p"},{"ph":"i","name":"b","ts":1,"s":"g"}]}`,
		""},
	{"values of counters", `{"traceEvents":[{"ph":"C","name":"a","pid":1,"ts":1,"args":{"x":1,"y":null,"z":"3","w":{"q":1}}}]}`, "counters 2",
		`{"traceEvents":[{"ph":"C","name":"a","pid":1,"ts":1,"args":{"x":1,"z":"3"}}]}`,
		""},
	{"times before zero", `{"baseTimeNanoseconds":1000000000000000000,"traceEvents":[
{"ph":"M","name":"process_name","ts":0,"pid":1,"args":{"name":"p"}},
{"ph":"X","name":"a","pid":1,"tid":1,"ts":-613000.5,"dur":613000},
{"ph":"X","name":"b","pid":1,"tid":1,"ts":20.25,"dur":5},
{"ph":"i","name":"c","pid":1,"tid":1,"ts":1e2},
{"ph":"X","name":"broken","pid":1,"tid":1,"ts":-9223372036854.775,"dur":5}
]}`, "times 1, shift 4",
		`{"baseTimeNanoseconds":999999999386999000,"traceEvents":[
{"ph":"M","name":"process_name","ts":613001,"pid":1,"args":{"name":"p"}},
{"ph":"X","name":"a","pid":1,"tid":1,"ts":0.500,"dur":613000},
{"ph":"X","name":"b","pid":1,"tid":1,"ts":613021.25,"dur":5},
{"ph":"i","name":"c","pid":1,"tid":1,"ts":613101.000}
]}`,
		`{"traceEvents": [
{"ph":"X","name":"broken","pid":1,"tid":1,"ts":-9223372036854.775,"dur":5}
]}
`},
	{"rounded times", `{"schemaVersion":1,"traceEvents":[
{"ph":"X","name":"a","pid":1,"tid":1,"ts":1712170298000000.125,"dur":3.652},
{"ph":"X","name":"b","pid":1,"tid":1,"ts":1712170298000003.777,"dur":2.722},
{"ph":"X","name":"c","pid":1,"tid":1,"ts":1712170298000006.499,"dur":4.772}
]}`, "rebase 3",
		`{"baseTimeNanoseconds": 1712170298000000000, "schemaVersion":1,"traceEvents":[
{"ph":"X","name":"a","pid":1,"tid":1,"ts":0.125,"dur":3.652},
{"ph":"X","name":"b","pid":1,"tid":1,"ts":3.777,"dur":2.722},
{"ph":"X","name":"c","pid":1,"tid":1,"ts":6.499,"dur":4.772}
]}`,
		""},
	{"rounded times in an array", `[
{"ph":"X","name":"a","pid":1,"tid":1,"ts":1712170298000000.125,"dur":3.652},
{"ph":"X","name":"b","pid":1,"tid":1,"ts":1712170298000003.777,"dur":2.722},
{"ph":"X","name":"c","pid":1,"tid":1,"ts":1712170298000006.499,"dur":4.772}
]`, "rebase 3",
		`{"baseTimeNanoseconds": 1712170298000000000, "traceEvents": [
{"ph":"X","name":"a","pid":1,"tid":1,"ts":0.125,"dur":3.652},
{"ph":"X","name":"b","pid":1,"tid":1,"ts":3.777,"dur":2.722},
{"ph":"X","name":"c","pid":1,"tid":1,"ts":6.499,"dur":4.772}
]}
`,
		""},
	{"flows of ranks", `{"traceEvents":[
{"ph":"X","name":"a","pid":"[TP00] 1","tid":1,"ts":1,"dur":5},
{"ph":"s","name":"f","cat":"c","id":7,"pid":"[TP00] 1","tid":1,"ts":1},
{"ph":"f","bp":"e","name":"f","cat":"c","id":7,"pid":"[TP00] 1","tid":1,"ts":2},
{"ph":"X","name":"b","pid":"[TP01] 1","tid":1,"ts":1,"dur":5},
{"ph":"s","name":"f","cat":"c","id":7,"pid":"[TP01] 1","tid":1,"ts":1},
{"ph":"f","bp":"e","name":"f","cat":"c","id":7,"pid":"[TP01] 1","tid":1,"ts":2}
]}`, "flow-ids 2",
		`{"traceEvents":[
{"ph":"X","name":"a","pid":"[TP00] 1","tid":1,"ts":1,"dur":5},
{"ph":"s","name":"f","cat":"c","id":7,"pid":"[TP00] 1","tid":1,"ts":1},
{"ph":"f","bp":"e","name":"f","cat":"c","id":7,"pid":"[TP00] 1","tid":1,"ts":2},
{"ph":"X","name":"b","pid":"[TP01] 1","tid":1,"ts":1,"dur":5},
{"ph":"s","name":"f","cat":"c","id":281474976710656,"pid":"[TP01] 1","tid":1,"ts":1},
{"ph":"f","bp":"e","name":"f","cat":"c","id":281474976710656,"pid":"[TP01] 1","tid":1,"ts":2}
]}`,
		""},
	{"metadata before zero", `{"traceEvents":[
{"ph":"M","name":"process_name","ts":-1,"pid":5,"args":{"name":"view"}},
{"ph":"X","name":"a","pid":5,"tid":3,"ts":10,"dur":5}
]}`, "metadata 1",
		`{"traceEvents":[
{"ph":"M","name":"process_name","ts":0,"pid":5,"args":{"name":"view"}},
{"ph":"X","name":"a","pid":5,"tid":3,"ts":10,"dur":5}
]}`,
		""},
	{"async events of old", `{"traceEvents":[
{"name":"req","cat":"net","ph":"S","ts":10,"pid":1,"tid":1,"id":"0x7"},
{"name":"req","cat":"net","ph":"T","ts":20,"pid":1,"tid":1,"id":"0x7","args":{"step":"sent"}},
{"name":"req","cat":"net","ph":"p","ts":25,"pid":1,"tid":1,"id":"0x7"},
{"name":"req","cat":"net","ph":"F","ts":30,"pid":1,"tid":1,"id":"0x7"},
{"name":"runs","ph":"T","ts":5,"dur":50,"pid":1,"tid":1,"id":1}
]}`, "legacy 4",
		`{"traceEvents":[
{"name":"req","cat":"net","ph":"b","ts":10,"pid":1,"tid":1,"id":"0x7"},
{"name":"req","cat":"net","ph":"n","ts":20,"pid":1,"tid":1,"id":"0x7","args":{"step":"sent"}},
{"name":"req","cat":"net","ph":"n","ts":25,"pid":1,"tid":1,"id":"0x7"},
{"name":"req","cat":"net","ph":"e","ts":30,"pid":1,"tid":1,"id":"0x7"},
{"name":"runs","ph":"T","ts":5,"dur":50,"pid":1,"tid":1,"id":1}
]}`,
		""},
	{"wide tids", `{"traceEvents":[
{"ph":"X","name":"a","pid":9,"tid":139627874611776,"ts":1,"dur":1},
{"ph":"X","name":"b","pid":9,"tid":139632169579072,"ts":1,"dur":1},
{"ph":"X","name":"c","pid":9,"tid":4294967296,"ts":1,"dur":1},
{"ph":"X","name":"d","pid":9,"tid":139627874611776,"ts":5,"dur":1}
]}`, "ids 4",
		`{"traceEvents":[
{"ph":"X","name":"a","pid":9,"tid":2782786112,"ts":1,"dur":1},
{"ph":"X","name":"b","pid":9,"tid":2147483648,"ts":1,"dur":1},
{"ph":"X","name":"c","pid":9,"tid":2147483649,"ts":1,"dur":1},
{"ph":"X","name":"d","pid":9,"tid":2782786112,"ts":5,"dur":1}
]}`,
		""},
	{"Windows paths", `{"traceEvents":[
{"ph":"X","name":"C:\temp\new\run.py(1): f","pid":1,"tid":1,"ts":1,"dur":1},
{"ph":"X","name":"torch\nn\functional.py(7): relu","pid":1,"tid":1,"ts":2,"dur":1},
{"ph":"X","name":"lib\quant.py(7): \"q\"","pid":1,"tid":1,"ts":3,"dur":1},
{"ph":"X","name":"first:\nsecond\tthird","pid":1,"tid":1,"ts":4,"dur":1},
{"ph":"X","name":"C:\\temp\\new.py(1): f\n","pid":1,"tid":1,"ts":5,"dur":1},
{"ph":"X","name":"f\na b.py(4): g","pid":1,"tid":1,"ts":6,"dur":1}
]}`, "escapes 3",
		`{"traceEvents":[
{"ph":"X","name":"C:\\temp\\new\\run.py(1): f","pid":1,"tid":1,"ts":1,"dur":1},
{"ph":"X","name":"torch\\nn\\functional.py(7): relu","pid":1,"tid":1,"ts":2,"dur":1},
{"ph":"X","name":"lib\\quant.py(7): \"q\"","pid":1,"tid":1,"ts":3,"dur":1},
{"ph":"X","name":"first:\nsecond\tthird","pid":1,"tid":1,"ts":4,"dur":1},
{"ph":"X","name":"C:\\temp\\new.py(1): f\n","pid":1,"tid":1,"ts":5,"dur":1},
{"ph":"X","name":"f\na b.py(4): g","pid":1,"tid":1,"ts":6,"dur":1}
]}`,
		""},
	{"impossible times", `{"traceEvents":[
{"ph":"X","name":"a","pid":1,"tid":1,"ts":1700000000000000,"dur":2},
{"ph":"X","name":"b","pid":1,"tid":1,"ts":1700000000000001,"dur":1},
{"ph":"X","name":"zero","pid":1,"tid":1,"ts":0,"dur":1},
{"ph":"X","name":"negative","pid":1,"tid":1,"ts":-5,"dur":1},
{"ph":"X","name":"negative dur","pid":1,"tid":1,"ts":1700000000000000,"dur":-2147483648},
{"ph":"X","name":"three years","pid":1,"tid":1,"ts":1700000000000000,"dur":99999999999999},
{"ph":"X","name":"no number","pid":1,"tid":1,"ts":NaN,"dur":1}
]}`, "times 5",
		`{"traceEvents":[
{"ph":"X","name":"a","pid":1,"tid":1,"ts":1700000000000000,"dur":2},
{"ph":"X","name":"b","pid":1,"tid":1,"ts":1700000000000001,"dur":1}
]}`,
		`{"traceEvents": [
{"ph":"X","name":"zero","pid":1,"tid":1,"ts":0,"dur":1},
{"ph":"X","name":"negative","pid":1,"tid":1,"ts":-5,"dur":1},
{"ph":"X","name":"negative dur","pid":1,"tid":1,"ts":1700000000000000,"dur":-2147483648},
{"ph":"X","name":"three years","pid":1,"tid":1,"ts":1700000000000000,"dur":99999999999999},
{"ph":"X","name":"no number","pid":1,"tid":1,"ts":"NaN","dur":1}
]}
`},
	{"unshowable events", `{"traceEvents":[
{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2},
{"name":"no phase","ts":1},
{"ph":"X","name":"no time","pid":1,"tid":1,"dur":2},
{"ph":"b","name":"no id","pid":1,"tid":1,"ts":1},
{"ph":"C","name":"no values","pid":1,"ts":1,"args":null},
{"ph":"M","name":"process_name","pid":1,"args":{"name":null}}
]}`, "unshowable 5",
		`{"traceEvents":[
{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2}
]}`,
		`{"traceEvents": [
{"name":"no phase","ts":1},
{"ph":"X","name":"no time","pid":1,"tid":1,"dur":2},
{"ph":"b","name":"no id","pid":1,"tid":1,"ts":1},
{"ph":"C","name":"no values","pid":1,"ts":1,"args":null},
{"ph":"M","name":"process_name","pid":1,"args":{"name":null}}
]}
`},
	{"overlaps", `{"traceEvents":[
{"ph":"M","name":"thread_name","pid":1,"tid":7,"args":{"name":"stream 7"}},
{"ph":"M","name":"thread_sort_index","pid":1,"tid":7,"args":{"sort_index":42}},
{"ph":"X","name":"a","pid":1,"tid":7,"ts":1,"dur":10},
{"ph":"X","name":"b","pid":1,"tid":7,"ts":5,"dur":10},
{"ph":"X","name":"c","pid":1,"tid":7,"ts":7,"dur":10},
{"ph":"s","name":"f","cat":"ac2g","id":1,"pid":1,"tid":7,"ts":8},
{"ph":"B","name":"d","pid":1,"tid":"x","ts":1},
{"ph":"X","name":"e","pid":1,"tid":"x","ts":5,"dur":10},
{"ph":"E","name":"d","pid":1,"tid":"x","ts":9}
]}`, "overlaps 3",
		`{"traceEvents":[
{"ph":"M","name":"thread_name","pid":1,"tid":7,"args":{"name":"stream 7"}},
{"ph":"M","name":"thread_sort_index","pid":1,"tid":7,"args":{"sort_index":42}},
{"ph":"X","name":"a","pid":1,"tid":7,"ts":1,"dur":10},
{"ph":"X","name":"b","pid":1,"tid":1000000,"ts":5,"dur":10},
{"ph":"X","name":"c","pid":1,"tid":1000001,"ts":7,"dur":10},
{"ph":"s","name":"f","cat":"ac2g","id":1,"pid":1,"tid":1000001,"ts":8},
{"ph":"B","name":"d","pid":1,"tid":"x","ts":1},
{"ph":"X","name":"e","pid":1,"tid":1000002,"ts":5,"dur":10},
{"ph":"E","name":"d","pid":1,"tid":"x","ts":9},
{"ph": "M", "name": "thread_name", "pid": 1, "tid": 1000000, "ts": 0, "args": {"name": "stream 7 (overlap 1)"}},
{"ph": "M", "name": "thread_sort_index", "pid": 1, "tid": 1000000, "ts": 0, "args": {"sort_index": 42}},
{"ph": "M", "name": "thread_name", "pid": 1, "tid": 1000001, "ts": 0, "args": {"name": "stream 7 (overlap 2)"}},
{"ph": "M", "name": "thread_sort_index", "pid": 1, "tid": 1000001, "ts": 0, "args": {"sort_index": 42}},
{"ph": "M", "name": "thread_name", "pid": 1, "tid": 1000002, "ts": 0, "args": {"name": "x (overlap 1)"}},
{"ph": "M", "name": "thread_sort_index", "pid": 1, "tid": 1000002, "ts": 0, "args": {"sort_index": 1000002}}
]}`,
		""},
	{"overlaps of async events", `{"traceEvents":[
{"ph":"b","name":"a","id":"r1","cat":"req","pid":1,"tid":7,"ts":1},
{"ph":"b","name":"b","id":"r1","cat":"req","pid":1,"tid":7,"ts":2},
{"ph":"e","name":"a","id":"r1","cat":"req","pid":1,"tid":7,"ts":5},
{"ph":"e","name":"b","id":"r1","cat":"req","pid":1,"tid":7,"ts":8}
]}`, "overlaps 1",
		`{"traceEvents":[
{"ph":"b","name":"a","id":"r1","cat":"req","pid":1,"tid":7,"ts":1},
{"ph":"b","name":"b","id":"r1 (overlap 1)","cat":"req","pid":1,"tid":7,"ts":2},
{"ph":"e","name":"a","id":"r1","cat":"req","pid":1,"tid":7,"ts":5},
{"ph":"e","name":"b","id":"r1 (overlap 1)","cat":"req","pid":1,"tid":7,"ts":8}
]}`,
		""},
	{"begins without an end", `{"traceEvents":[
{"ph":"B","name":"a","pid":1,"tid":7,"ts":1},
{"ph":"B","name":"b","pid":1,"tid":7,"ts":2},
{"ph":"X","name":"c","pid":1,"tid":7,"ts":5,"dur":10},
{"ph":"b","name":"d","id":1,"pid":1,"tid":7,"ts":3}
]}`, "ends 3",
		`{"traceEvents":[
{"ph":"B","name":"a","pid":1,"tid":7,"ts":1},
{"ph":"B","name":"b","pid":1,"tid":7,"ts":2},
{"ph":"X","name":"c","pid":1,"tid":7,"ts":5,"dur":10},
{"ph":"b","name":"d","id":1,"pid":1,"tid":7,"ts":3},
{"ph": "e", "name": "d", "pid": 1, "tid": 7, "id": 1, "ts": 3.001},
{"ph": "E", "name": "b", "pid": 1, "tid": 7, "ts": 15.000},
{"ph": "E", "name": "a", "pid": 1, "tid": 7, "ts": 15.000}
]}`,
		""},
	{"ends before begins of one time", `{"traceEvents":[
{"ph":"X","name":"x","pid":1,"tid":7,"ts":9,"dur":1},
{"ph":"X","name":"y","pid":1,"tid":7,"ts":1,"dur":1},
{"ph":"B","name":"a","pid":1,"tid":7,"ts":5},
{"ph":"E","name":"a","pid":1,"tid":7,"ts":5}
]}`, "order 1, ends 1",
		`{"traceEvents":[
{"ph":"X","name":"x","pid":1,"tid":7,"ts":9,"dur":1},
{"ph":"X","name":"y","pid":1,"tid":7,"ts":1,"dur":1},
{"ph":"X","name":"a","pid":1,"tid":7,"ts":5, "dur": 0},
{"ph": "M", "name": "repaired", "ts": 0, "pid": 1, "tid": 7}
]}`,
		""},
	{"flows that bind to nothing", `{"traceEvents":[
{"ph":"X","name":"c","pid":1,"tid":7,"ts":5,"dur":10,"bind_id":"0x9"},
{"ph":"s","name":"f","cat":"f","pid":1,"tid":7,"ts":5},
{"ph":"s","name":"f","id":1,"cat":"f","pid":1,"tid":8,"ts":5},
{"ph":"f","name":"f","id":3,"cat":"f","pid":1,"tid":7,"ts":6,"bp":"e"}
]}`, "bad-flows 3",
		`{"traceEvents":[
{"ph":"X","name":"c","pid":1,"tid":7,"ts":5,"dur":10},
{"ph":"f","name":"f","id":3,"cat":"f","pid":1,"tid":7,"ts":6,"bp":"e"}
]}`,
		`{"traceEvents": [
{"ph":"s","name":"f","cat":"f","pid":1,"tid":7,"ts":5},
{"ph":"s","name":"f","id":1,"cat":"f","pid":1,"tid":8,"ts":5}
]}
`},
	{"flows that dangle, if asked for", `{"traceEvents":[
{"ph":"X","name":"a","pid":1,"tid":7,"ts":5,"dur":2},
{"ph":"X","name":"b","pid":1,"tid":8,"ts":8,"dur":2},
{"ph":"s","name":"f","id":1,"cat":"f","pid":1,"tid":7,"ts":5},
{"ph":"f","name":"f","id":1,"cat":"f","pid":1,"tid":8,"ts":8,"bp":"e"},
{"ph":"s","name":"f","id":2,"cat":"f","pid":1,"tid":7,"ts":6},
{"ph":"f","name":"f","id":3,"cat":"f","pid":1,"tid":8,"ts":9,"bp":"e"}
]}`, "flows 2",
		`{"traceEvents":[
{"ph":"X","name":"a","pid":1,"tid":7,"ts":5,"dur":2},
{"ph":"X","name":"b","pid":1,"tid":8,"ts":8,"dur":2},
{"ph":"s","name":"f","id":1,"cat":"f","pid":1,"tid":7,"ts":5},
{"ph":"f","name":"f","id":1,"cat":"f","pid":1,"tid":8,"ts":8,"bp":"e"}
]}`,
		`{"traceEvents": [
{"ph":"s","name":"f","id":2,"cat":"f","pid":1,"tid":7,"ts":6},
{"ph":"f","name":"f","id":3,"cat":"f","pid":1,"tid":8,"ts":9,"bp":"e"}
]}
`},
	{"order of one time", `{"traceEvents":[
{"ph":"X","name":"a","pid":1,"tid":7,"ts":1,"dur":2},
{"ph":"X","name":"out","pid":1,"tid":7,"ts":1,"dur":9},
{"ph":"s","name":"f","id":1,"cat":"f","pid":1,"tid":8,"ts":5}
]}`, "order 1, bad-flows 1",
		`{"traceEvents":[
{"ph":"X","name":"a","pid":1,"tid":7,"ts":1,"dur":2},
{"ph":"X","name":"out","pid":1,"tid":7,"ts":1,"dur":9},
{"ph": "M", "name": "repaired", "ts": 0, "pid": 1, "tid": 7}
]}`,
		`{"traceEvents": [
{"ph":"s","name":"f","id":1,"cat":"f","pid":1,"tid":8,"ts":5}
]}
`},
	{"process of vLLM", `{"traceEvents":[
{"ph":"M","name":"process_name","pid":1,"args":{"name":"vLLM"}},
{"pid":4711,"tid":3,"ph":"X","name":"decode","ts":1,"dur":10,"args":null}
]}`, "vllm 1",
		`{"traceEvents":[
{"ph":"M","name":"process_name","pid":4711,"args":{"name":"vLLM"}},
{"pid":4711,"tid":3,"ph":"X","name":"decode","ts":1,"dur":10,"args":null}
]}`,
		""},
	{"process of vLLM beside another of its pid", `{"traceEvents":[
{"ph":"M","name":"process_name","pid":1,"args":{"name":"vLLM"}},
{"ph":"M","name":"process_name","pid":4711,"args":{"name":"python 4711"}},
{"ph":"X","cat":"cpu_op","name":"x","pid":4711,"tid":4711,"ts":1,"dur":1},
{"pid":4711,"tid":3,"ph":"X","name":"decode","ts":1,"dur":10,"args":null}
]}`, "vllm 1",
		`{"traceEvents":[
{"ph":"M","name":"process_name","pid":1,"args":{"name":"vLLM"}},
{"ph":"M","name":"process_name","pid":4711,"args":{"name":"python 4711"}},
{"ph":"X","cat":"cpu_op","name":"x","pid":4711,"tid":4711,"ts":1,"dur":1},
{"pid":1,"tid":3,"ph":"X","name":"decode","ts":1,"dur":10,"args":null}
]}`,
		""},
	{"blanks before the first key", `{                                                                                                                                     "traceEvents":[]}`, "commas 1",
		`{"traceEvents":[]}`,
		""},
	{"an empty object first", `[ {},
{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2}]`, "commas 1, members 1",
		`[
{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2}]`,
		""},
}

func countsOf(r Report) string {
	var s []string
	for _, c := range r.Counts {
		s = append(s, fmt.Sprintf("%s %d", c.Kind, c.Count))
	}
	return strings.Join(s, ", ")
}

func TestCases(t *testing.T) {
	met := map[Kind]bool{}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := Options{Flows: strings.HasPrefix(c.counts, "flows")}
			out, set, r, err := repairText(t, []byte(c.in), o)
			if err != nil {
				t.Fatal(err)
			}
			if got := countsOf(r); got != c.counts {
				t.Errorf("counts %q, want %q", got, c.counts)
			}
			if string(out) != c.out {
				t.Errorf("got\n%s\nwant\n%s", out, c.out)
			}
			if string(set) != c.set {
				t.Errorf("set aside\n%s\nwant\n%s", set, c.set)
			}
			if len(set) > 0 && !checkText(t, set).Loads {
				t.Errorf("what is set aside does not load: %s", set)
			}
			mustRepair(t, []byte(c.in))
			for _, k := range r.Counts {
				met[k.Kind] = true
			}
		})
	}
	for _, k := range kinds {
		if !met[k.kind] && k.kind != Compression {
			t.Errorf("no case shows %s", k.kind)
		}
	}
}
