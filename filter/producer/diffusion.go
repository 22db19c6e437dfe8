package producer

// Diffusion is how servers of diffusion models mark a batch.
var Diffusion = &Producer{
	Name: "diffusion",
	Markers: []Markers{{"diffusion", Serving, forms(
		"execute_diffusion_{requests}_{}x{}")}},
}
