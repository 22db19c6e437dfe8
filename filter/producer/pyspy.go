package producer

// PySpy samples Python.
var PySpy = &Producer{
	Name:       "py-spy",
	Categories: map[string]Category{"py-spy": {OnHost, Python}},
	Evidence:   Evidence{Categories: []string{"py-spy"}},
}
