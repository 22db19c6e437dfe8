package producer

import (
	"bytes"
	"unicode"
)

// Matches reports whether text reads as a pattern says, in which # stands for a number, + for
// a word, * for any text, and what comes behind a \ for itself.
func Matches(pattern string, text []byte) bool {
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '*':
			for at := 0; at <= len(text); at++ {
				if Matches(pattern[i+1:], text[at:]) {
					return true
				}
			}
			return false
		case '+':
			word := len(text) - len(bytes.TrimLeftFunc(text, func(r rune) bool { return r == '_' || r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r)) }))
			if word == 0 {
				return false
			}
			text = text[word:]
		case '#':
			digits := len(text) - len(bytes.TrimLeft(text, "0123456789"))
			if digits == 0 {
				return false
			}
			text = text[digits:]
		default:
			if pattern[i] == '\\' {
				i++
			}
			if len(text) == 0 || text[0] != pattern[i] {
				return false
			}
			text = text[1:]
		}
	}
	return len(text) == 0
}

// ProcessIs returns what a name, or an id that is text, says of a process.
func ProcessIs(name []byte) Rule {
	_, name = SplitRank(name)
	return firstRule(processRules, name)
}

// LabelIs returns what a label says of a process.
func LabelIs(label []byte) Rule {
	_, label = SplitRank(label)
	if r := firstRule(labelRules, label); r.Is != Nothing {
		return r
	}
	return ProcessIs(label)
}

// ThreadIs returns what a name, or an id that is text, says of a thread.
func ThreadIs(name []byte) Rule { return firstRule(threadRules, name) }

func firstRule(rules []Rule, name []byte) Rule {
	for _, r := range rules {
		if Matches(r.Name, name) {
			return r
		}
	}
	return Rule{}
}

var (
	processRules = rulesOf(func(p *Producer) []Rule { return p.Processes })
	labelRules   = rulesOf(func(p *Producer) []Rule { return p.Labels })
	threadRules  = rulesOf(func(p *Producer) []Rule { return p.Threads })
)

func rulesOf(which func(*Producer) []Rule) (all []Rule) {
	for _, p := range All {
		all = append(all, which(p)...)
	}
	return all
}
