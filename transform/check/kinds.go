package check

// Level says whom a finding concerns, and how much it matters.
type Level string

// The levels, the gravest first. Only Fails, Lost and Older mean that a viewer
// shows less than the file holds, or shows it wrongly.
const (
	Fails  Level = "fails"  // the trace does not load
	Lost   Level = "lost"   // it loads, and something of it is dropped or shown wrongly
	Older  Level = "older"  // only v51 to v56 drop it
	Strict Level = "strict" // other JSON readers refuse it, or read it otherwise
	Odd    Level = "odd"    // it is shown, but not as it was meant
	Note   Level = "note"   // worth knowing; nothing is to be done about it
)

// Kind is a kind of finding. Its name is part of the JSON output and does not
// change.
type Kind string

// Kinds that stop the load.
const (
	FormatUnknown   Kind = "unknown_format"
	SyntaxError     Kind = "syntax_error"
	Incomplete      Kind = "incomplete"
	CutCompression  Kind = "compression_damaged"
	AfterEnd        Kind = "data_after_end"
	SurrogateName   Kind = "surrogate_in_member"
	BadMemberNumber Kind = "number_not_json"
	UnreadableDur   Kind = "unreadable_duration"
	ArgsHang        Kind = "args_hang"
	Crash           Kind = "crash"
)

// Kinds that cost something of the trace, or its meaning.
const (
	RestDropped    Kind = "rest_dropped"
	NoEvents       Kind = "no_events"
	NoPhase        Kind = "no_phase"
	NoTime         Kind = "no_time"
	BadID2         Kind = "bad_id2"
	BadSampleID    Kind = "bad_sample_id"
	NoDur          Kind = "no_duration"
	NoID           Kind = "no_id"
	NoTid          Kind = "no_thread"
	BadCounter     Kind = "bad_counter"
	BadMeta        Kind = "bad_metadata"
	BadState       Kind = "bad_thread_state"
	NegativeTime   Kind = "negative_time"
	NegativeDur    Kind = "negative_duration"
	ImpossibleTime Kind = "impossible_time"
	ImpossibleDur  Kind = "impossible_duration"
	TimeOverflow   Kind = "time_overflow"
	Overlap        Kind = "overlap"
	OverlapRounded Kind = "overlap_by_rounding"
	TooDeep        Kind = "too_deep"
	MisplacedEnd   Kind = "misplaced_end"
	FlowNoSlice    Kind = "flow_without_slice"
	FlowDuplicate  Kind = "flow_duplicate"
	FlowBadID      Kind = "flow_bad_id"
	FlowAimless    Kind = "flow_without_direction"
	CutArgs        Kind = "args_cut"
	Garbled        Kind = "number_garbled"
	BadEscape      Kind = "bad_escape"
	IDOutOfRange   Kind = "id_out_of_range"
	UnfinishedTail Kind = "unfinished_event"
	TrailingText   Kind = "trailing_text"
)

// The kind that concerns older viewers, and those for strict readers.
const (
	OverlapOlder    Kind = "overlap_dropped_before_v57"
	ControlChar     Kind = "control_character"
	BadUTF8         Kind = "invalid_utf8"
	TrailingComma   Kind = "trailing_comma"
	MissingComma    Kind = "missing_comma"
	Unclosed        Kind = "unclosed_array"
	NotJSON         Kind = "not_json"
	DuplicateKey    Kind = "duplicate_key"
	DuplicateEvents Kind = "duplicate_events_array"
)

// Kinds that are shown, but not as they were meant, and notes.
const (
	UnclosedBegin   Kind = "unclosed_begin"
	UnescapedPath   Kind = "unescaped_path"
	QuotedNumber    Kind = "quoted_number"
	WrongProcess    Kind = "wrong_process_name"
	LoneEnd         Kind = "end_without_begin"
	FlowNoStart     Kind = "flow_end_without_start"
	FlowStepNoStart Kind = "flow_step_without_start"
	Ignored         Kind = "ignored_phase"
	CoarseTime      Kind = "coarse_time"
	KernelInside    Kind = "kernel_in_kernel"
	SystemTrace     Kind = "system_trace"
	OtherFormat     Kind = "other_format"
)

// kindInfo is what is known of a kind: its level, the statistic in which
// Perfetto counts it, and what it means.
type kindInfo struct {
	level Level
	stat  string
	what  string
}

var kinds = map[Kind]kindInfo{
	FormatUnknown:   {Fails, "", "no trace that Perfetto knows"},
	SyntaxError:     {Fails, "", "no JSON that Perfetto reads"},
	Incomplete:      {Fails, "", "the document ends before it is closed"},
	CutCompression:  {Fails, "", "the compressed input is cut or corrupt"},
	AfterEnd:        {Fails, "", "data after the document's end"},
	SurrogateName:   {Fails, "", "an escape in an event's member that Perfetto refuses"},
	BadMemberNumber: {Fails, "", "a value that is no JSON number as an event's member"},
	UnreadableDur:   {Fails, "json_tokenizer_failure", "a dur, tts or tdur that can't be read: the load stops there"},
	ArgsHang:        {Fails, "", "broken args of a counter or name: the load never ends"},
	Crash:           {Fails, "", "brackets that do not match: the viewer crashes"},

	RestDropped:    {Lost, "json_tokenizer_failure", "a dur, tts or tdur that can't be read: nothing behind it is shown"},
	NoEvents:       {Lost, "", "no trace: a document without an array of events"},
	NoPhase:        {Lost, "json_tokenizer_failure", "an event without a phase"},
	NoTime:         {Lost, "json_tokenizer_failure", "an event without a readable ts"},
	BadID2:         {Lost, "json_tokenizer_failure", "an id2 that can't be read"},
	BadSampleID:    {Lost, "json_tokenizer_failure", "a sample whose id is not hexadecimal"},
	NoDur:          {Lost, "json_parser_failure", "a slice or thread state without dur"},
	NoID:           {Lost, "json_parser_failure", "an async event without id or pid"},
	NoTid:          {Lost, "json_parser_failure", "an instant without the pid or tid that its scope needs"},
	BadCounter:     {Lost, "json_parser_failure", "a counter, or a value of one, that can't be read"},
	BadMeta:        {Lost, "json_parser_failure", "a name or sort index that can't be read"},
	BadState:       {Lost, "json_parser_failure", "args of a thread state that can't be read"},
	NegativeTime:   {Lost, "trace_sorter_negative_timestamp_dropped", "an event before time zero"},
	NegativeDur:    {Lost, "slice_negative_duration", "a slice of negative duration"},
	ImpossibleTime: {Lost, "", "an event at a time that can't be, seen from the rest of the trace"},
	ImpossibleDur:  {Lost, "", "a slice far longer than all of the trace"},
	TimeOverflow:   {Lost, "", "a time too large for nanoseconds in 64 bits"},
	Overlap:        {Lost, "slice_spill_overlapping_complete_event", "a slice that overlaps another of its thread without nesting"},
	OverlapRounded: {Lost, "slice_spill_overlapping_complete_event", "a slice that overlaps another only as viewers round times of this size"},
	TooDeep:        {Lost, "slice_max_depth_exceeded", "a slice more than 512 levels deep"},
	MisplacedEnd:   {Lost, "misplaced_end_event", "a B cut at the end of the slice around it"},
	FlowNoSlice:    {Lost, "flow_no_enclosing_slice", "a flow event with no slice to bind to"},
	FlowDuplicate:  {Lost, "flow_duplicate_id", "a second start of one flow"},
	FlowBadID:      {Lost, "flow_invalid_id", "a flow whose id is missing or not hexadecimal"},
	FlowAimless:    {Lost, "flow_without_direction", "a bind_id without flow_in or flow_out"},
	CutArgs:        {Lost, "", "args that can't be read on from some point"},
	Garbled:        {Lost, "", "a number with more digits than Perfetto reads"},
	BadEscape:      {Lost, "", "an escape that JSON does not know: its character vanishes"},
	IDOutOfRange:   {Odd, "", "a pid or tid outside of 32 bits, shown as 0"},
	UnfinishedTail: {Lost, "", "the file ends within an event"},
	TrailingText:   {Lost, "", "text after the document's end, which is ignored"},

	OverlapOlder: {Older, "", "an overlapping slice, dropped before v57"},

	ControlChar:     {Strict, "", "a raw control character in a string"},
	BadUTF8:         {Strict, "", "a string that is not UTF-8"},
	TrailingComma:   {Strict, "", "a comma with nothing behind it"},
	MissingComma:    {Strict, "", "a comma missing, or one too many"},
	Unclosed:        {Strict, "", "the array of events is never closed"},
	NotJSON:         {Strict, "", "a value that is no JSON"},
	DuplicateKey:    {Strict, "", "a member written twice"},
	DuplicateEvents: {Strict, "", "a second array of events: other readers see only one"},

	UnclosedBegin: {Odd, "", "a B or b without its end"},
	QuotedNumber:  {Odd, "", "a time in quotes"},
	UnescapedPath: {Odd, "", "a Windows path whose backslashes are not escaped: parts of it are control characters"},
	WrongProcess:  {Odd, "", "the name vLLM on a process that has no events"},

	LoneEnd:         {Note, "", "an E or e without its begin, ignored"},
	FlowNoStart:     {Note, "flow_end_without_start", "the end of a flow that has no start"},
	FlowStepNoStart: {Note, "flow_step_without_start", "a step of a flow that has no start"},
	Ignored:         {Note, "", "an event of a phase that Perfetto does not show"},
	CoarseTime:      {Note, "", "a time so large that nanoseconds are rounded"},
	KernelInside:    {Note, "", "a kernel inside another one of its stream, of which one has a wrong time"},
	SystemTrace:     {Note, "", "systemTraceEvents, which are not judged"},
}

// severities are those of Perfetto's statistics.
var severities = map[string]string{
	"json_tokenizer_failure":                  "error",
	"json_parser_failure":                     "error",
	"trace_sorter_negative_timestamp_dropped": "error",
	"slice_negative_duration":                 "error",
	"slice_spill_overlapping_complete_event":  "error",
	"slice_max_depth_exceeded":                "error",
	"flow_no_enclosing_slice":                 "error",
	"flow_duplicate_id":                       "error",
	"flow_invalid_id":                         "error",
	"flow_without_direction":                  "error",
	"misplaced_end_event":                     "data_loss",
	"flow_end_without_start":                  "info",
	"flow_step_without_start":                 "info",
	"json_display_time_unit":                  "info",
}
