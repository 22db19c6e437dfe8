// Package jsonlex is the one tokenizer of JSON: where a string, number, word or value ends, and
// what is odd about it. The reader, check, repair and filter each decide what follows from that.
package jsonlex

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// Status says how the reading of a piece of text ended.
type Status uint8

const (
	OK         Status = iota
	Incomplete        // the text ended first
	Broken            // it can't be read
)

// Marks are what was odd about a piece of text that could be read.
type Marks uint16

const (
	Escaped       Marks = 1 << iota // a backslash in a string
	Control                         // a raw control character in a string
	High                            // a byte beyond ASCII in a string
	NotUTF8                         // such bytes that are no UTF-8
	UnknownEscape                   // \q and the like
	BadUnicode                      // \u without four digits
	Surrogate                       // \u of half of a surrogate pair
	OddNumber                       // a number that Reader.Odd finds odd
	Duplicate                       // an object's member twice
)

// SkipSpace returns where the white space at b[p] ends.
func SkipSpace(b []byte, p int) int {
	for p < len(b) && (b[p] == ' ' || b[p] == '\n' || b[p] == '\r' || b[p] == '\t') {
		p++
	}
	return p
}

const (
	ones  = 0x0101010101010101
	tops  = 0x8080808080808080
	quote = '"' * ones
	slash = '\\' * ones
	blank = ' ' * ones
)

// String passes over the string whose opening quote is b[p].
func String(b []byte, p int) (end int, m Marks, st Status) {
	for p++; ; {
		if p+8 > len(b) {
			return stringEnd(b, p, m)
		}
		x := binary.LittleEndian.Uint64(b[p:])
		q, s := x^quote, x^slash
		found := ((q-ones)&^q | (s-ones)&^s | (x-blank)&^x) & tops
		if x&tops != 0 {
			m |= High
		}
		if found == 0 {
			p += 8
			continue
		}
		p += bits.TrailingZeros64(found) / 8
		switch b[p] {
		case '"':
			return p + 1, m, OK
		case '\\':
			m |= Escaped
			p += 2
		default:
			m |= Control
			p++
		}
	}
}

func stringEnd(b []byte, p int, m Marks) (int, Marks, Status) {
	for p < len(b) {
		switch c := b[p]; {
		case c == '"':
			return p + 1, m, OK
		case c == '\\':
			m |= Escaped
			p++
		case c < ' ':
			m |= Control
		case c >= utf8.RuneSelf:
			m |= High
		}
		p++
	}
	return len(b), m, Incomplete
}

// Look adds to m what only a closer look at the string's inside tells.
func Look(inside []byte, m Marks) Marks {
	if m&High != 0 && !utf8.Valid(inside) {
		m |= NotUTF8
	}
	if m&Escaped != 0 {
		m |= Escapes(inside)
	}
	return m
}

// Number passes over a number by JSON's grammar.
func Number(b []byte, p int) (end int, isInt bool, st Status) {
	if p < len(b) && b[p] == '-' {
		p++
	}
	switch {
	case p == len(b):
		return p, false, Incomplete
	case b[p] == '0':
		p++
		if p < len(b) && isDigit(b[p]) {
			return p, false, Broken
		}
	case isDigit(b[p]):
		for p < len(b) && isDigit(b[p]) {
			p++
		}
	default:
		return p, false, Broken
	}
	isInt = true
	if p < len(b) && b[p] == '.' {
		isInt = false
		p++
		from := p
		for p < len(b) && isDigit(b[p]) {
			p++
		}
		if p == from && p < len(b) {
			return p, false, Broken
		}
	}
	if p < len(b) && b[p]|0x20 == 'e' {
		isInt = false
		p++
		if p < len(b) && (b[p] == '+' || b[p] == '-') {
			p++
		}
		from := p
		for p < len(b) && isDigit(b[p]) {
			p++
		}
		if p == from && p < len(b) {
			return p, false, Broken
		}
	}
	if p == len(b) {
		return p, false, Incomplete
	}
	return p, isInt, OK
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// Word passes over the word at b[p], which must be w.
func Word(b []byte, p int, w string) (int, Status) {
	if len(b)-p < len(w) {
		if string(b[p:]) == w[:len(b)-p] {
			return p, Incomplete
		}
		return p, Broken
	}
	if string(b[p:p+len(w)]) != w {
		return p, Broken
	}
	return p + len(w), OK
}

// IsNumber reports whether text is a number by JSON's grammar.
func IsNumber(text []byte) bool {
	if len(text) == 0 || !isDigit(text[len(text)-1]) {
		return false
	}
	end, _, st := Number(text, 0)
	return st != Broken && end == len(text)
}

// Token returns where the number or word at b[p] ends, JSON or not.
func Token(b []byte, p int) int {
	for p < len(b) && InToken(b[p]) {
		p++
	}
	return p
}

// InToken reports whether a byte belongs to numbers and words.
func InToken(c byte) bool {
	return c|0x20-'a' <= 'z'-'a' || c-'0' <= 9 || c == '+' || c == '-' || c == '.'
}
