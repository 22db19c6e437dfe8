package tracegen

import "strconv"

// engine is a thread of the device's process.
type engine struct {
	name   string
	tid    int
	event  string // what the hardware calls its events
	device int
}

var engines = []engine{
	{"[HD0] MME", 1, "MME_DESC_START_TO_DESC_END", 0},
	{"[HD1] MME", 2, "MME_DESC_START_TO_DESC_END", 1},
	{"[HD0] TPC 0", 10, "TPC_SPU_START_TO_SPU_HALT", 0},
	{"[HD0] TPC 1", 11, "TPC_SPU_START_TO_SPU_HALT", 0},
	{"[HD7] TPC 7", 73, "TPC_SPU_START_TO_SPU_HALT", 7},
	{"[D0] SPDMA 0", 100, "DMA_LBW_START_TO_END", 0},
	{"[D0] NIC 0", 110, "NIC_WQE_START_TO_END", 0},
}

// deviceOp is one engine's work in a layer, in hundredths of the layer's time.
type deviceOp struct {
	engine   int
	from, to int64
	kernel   string
	dtype    string
}

var layerOps = []deviceOp{
	{0, 2, 40, "BatchGemm", "bf16"},
	{2, 41, 60, "fused_kernel_0x", "f32"},
	{3, 41, 62, "fused_kernel_0x", "f32"},
	{4, 42, 61, "Transpose", "bf16"},
	{1, 63, 84, "BatchGemm", "bf16"},
	{5, 85, 90, "memcpy_d2d", "u8"},
	{6, 91, 98, "AllReduce_ring", "bf16"},
}

var (
	fEventName = newField("EventName", " ")
	fHWName    = newField("HW event name", " ")
	fDataType  = newField("dataType", " ")
	fDevice    = newField("device", " ")
)

// engineRun writes what the device's engines did. Its work follows the host
// after a lag and may end after the host's slice; nothing joins the two.
func (g *gen) engineRun() run {
	shapes := make([]*shape, len(engines))
	for i, eng := range engines {
		shapes[i] = g.e.slices("Kernel", track{id(devicePid), id(eng.tid)})
	}
	var r rng
	var free int64
	return run{
		begin: func() { free = 0 },
		step: func(s *Step) {
			r.seed(g.c.Seed, kindDevice, s.Index)
			for i := range s.Batches {
				host := g.batchParts(&s.Batches[i]).work
				at := span{a: max(host.a+r.between(80*us, 400*us), free+us)}
				at.b = at.a + host.width()*r.between(650, 1050)/1000
				free = at.b
				for l := range g.c.Layers {
					g.engineLayer(shapes, &r, nth(at, l, g.c.Layers), i, l)
				}
			}
		},
	}
}

func (g *gen) engineLayer(shapes []*shape, r *rng, at span, batch, layer int) {
	e, unit := g.e, at.width()/100
	for i := range layerOps {
		op := &layerOps[i]
		e.open(shapes[op.engine])
		name := len(e.buf)
		e.str(op.kernel)
		if op.kernel == "fused_kernel_0x" {
			e.buf = strconv.AppendInt(e.buf, 0x88805A4E+int64(layer)<<8, 16)
			e.str("_C_")
			e.str(op.dtype)
		}
		kernel := e.buf[name:]
		e.span(at.a+op.from*unit+r.below(unit), at.a+op.to*unit-r.below(unit))
		e.key(fEventName)
		e.str(`"`)
		e.buf = append(append(e.buf, kernel...), '"')
		e.text(fHWName, engines[op.engine].event)
		e.text(fDataType, op.dtype)
		e.integer(fDevice, int64(engines[op.engine].device))
		e.integer(fEvent, r.below(1<<31))
		e.integer(fRecipe, recipeID(batch, layer, i))
		e.key(fRecipeStr)
		e.str(`"synapse_graph_`)
		e.num(layer)
		e.str(`.recipe"`)
		e.address(fStream, 0x5581_a0b0)
		e.close()
	}
}
