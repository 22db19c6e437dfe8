package check

import "tracekit/internal/term"

// Tables returns the findings, each with its first place, and Perfetto's statistics as CSV.
func (r *Report) Tables() []term.CSVFile {
	findings := term.CSVFile{Name: "findings.csv", Head: []string{"kind", "level", "count", "what", "member", "offset", "line", "head", "detail"}}
	for _, f := range r.Findings {
		var p Place
		if len(f.First) > 0 {
			p = f.First[0]
		}
		findings.Add(f.Kind, f.Level, f.Count, f.What, p.Member, p.Offset, p.Line, p.Head, p.Detail)
	}
	stats := term.CSVFile{Name: "stats.csv", Head: []string{"name", "severity", "value"}}
	for _, s := range r.Stats {
		stats.Add(s.Name, s.Severity, s.Value)
	}
	return []term.CSVFile{findings, stats}
}
