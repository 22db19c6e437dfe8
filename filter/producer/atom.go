package producer

// ATOM is AMD's server.
var ATOM = &Producer{
	Name: "ATOM",
	Markers: []Markers{{"ATOM", Serving, []Form{
		{"prefill[{keys}]", "prefill"},
		{"decode[{keys}]", "decode"},
		{"eager_decode[{keys}]", "decode"}}}},
	Keys: map[string]string{
		"bs": "requests", "tok": "tokens", "p": "prompts", "d": "decodes", "sk": "context", "ctx": "context",
	},
}
