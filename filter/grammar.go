package filter

// Grammar describes the syntax of expressions for users.
const Grammar = `An expression says which events, by their fields:

  FIELD OPERATOR VALUE     cat == "kernel"    dur >= 10us    name =~ "gemm|conv"
  FIELD in (VALUE, …)      ph in ("B", "E")   brackets [ ] do as well
  FIELD                    the event has it:  args.correlation
  KIND                     it is of a kind:   hardware, collective
  A && B   A || B   !A     && binds tighter than ||; ( ) group

Fields
  name cat ph      text; empty where the event has none
  process thread   names as the trace gives them; empty where it gives none
  pid tid id       a number or text: pid == 12, pid == "Spans"
  ts end           times since the start of the trace: ts >= 1.5s
                   @6520430064204.583 is a raw time in the trace's microseconds
  dur              duration; only slices and thread states have one
  depth            how many slices lie around it on its thread: a number from 0
  args.NAME        a member of args: args.stream == 7. Quote what is more than
                   letters, digits, _ and dots: args."External id".
  args.A.B[0]      what lies deeper, by its keys and indexes: args.grid[0] > 64,
                   args."Input Dims"[0][1] == 4096. If args has a member named
                   A.B, such as tracekit.dur, that is used, not B within A.

Kinds, whoever wrote the trace
  hardware         it ran on a device: kernels, copies, engines
  python           a frame of a Python stack
  runtime          a call into the runtime or driver of a device
  collective       communication between devices: its kernels, calls, annotations
  annotation       a range that a program names: record_function, NVTX, the
                   timeline of vLLM on Gaudi
  step             an annotation that marks a step of a server or of a training loop

Operators
  == !=            the same or not. Numbers in quotes compare with numbers, too
  < <= > >=        for times and numbers
  =~ !~            matches a regular expression (RE2) anywhere, or does not
  contains         has this text in it
  in               is one of these

If an event lacks the field, != and !~ are true and all other comparisons are
false. Arrays, objects, numbers and true, false, null in args can be compared as
their JSON text: args."Input Dims" contains "4096".

Values
  times            40ns 10us 1.5ms 2e-3s 1m30s; a bare number is refused, save 0
  numbers          12 -3 0.5 1e6
  text             "…" or '…' with \\ \" \' \n \r \t \u00e9; any other backslash
                   stays, as in "step_\d+". Between backquotes everything stays.
In a shell, put the expression in '…' and texts in "…".

Examples
  device work that takes long
    tracekit filter 'hardware && dur >= 100us'
  matrix products, whatever the library calls them
    tracekit filter 'hardware && name =~ "(?i)gemm|matmul|cutlass"'
  collectives of the devices, and the host's calls and frames left out
    tracekit filter 'hardware && collective'
  one stream of one GPU
    tracekit filter 'args.device == 0 && args.stream in (7, 20)'
  engine steps of vLLM that only decode
    tracekit filter 'step && name =~ "^execute_(\d+_)?(new_0_|context_0\()"'
  Python frames of vLLM's scheduler, without those too short to see
    tracekit filter 'python && name contains "vllm/v1/core/sched" && dur >= 50us'
  copies, and what the host does in the first two seconds
    tracekit filter 'cat in ("gpu_memcpy", "gpu_memset") || process =~ "EngineCore" && ts < 2s'
  CPU operators on large inputs
    tracekit filter 'cat == "cpu_op" && args."Input Dims" contains "4096"'
  Gaudi: prefill and decode of vLLM's own timeline
    tracekit filter 'cat == "" && name in ("prefill", "decode", "sampler")'
  Gaudi: recompilations, and the warm-up left out
    tracekit filter 'name =~ "^GRAPH COMPILE" && !(name contains "warmup")'
  Gaudi: what the matrix engines did in long slices
    tracekit filter 'thread contains "MME" && args.recipeName && dur > 20us'
`
