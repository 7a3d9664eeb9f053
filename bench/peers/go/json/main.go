// Json: goroutines parse a text like JSON into a tree of values and write it again, which must give the same text. Time
// for all.
package main

import (
	"fmt"
	"strconv"
	"strings"

	"skein/bench/internal/harness"
)

const (
	goroutines = 8
	turns      = 4
)

type value interface {
	// write appends the value's text.
	write(parts *strings.Builder)
}

type (
	nullValue   struct{}
	boolValue   struct{ value bool }
	numberValue struct{ value int }
	textValue   struct{ value string }
	listValue   struct{ items []value }
	objectValue struct{ fields []*field }
	field       struct {
		name  string
		value value
	}
)

func (*nullValue) write(parts *strings.Builder) {
	parts.WriteString("null")
}

func (v *boolValue) write(parts *strings.Builder) {
	parts.WriteString(strconv.FormatBool(v.value))
}

func (v *numberValue) write(parts *strings.Builder) {
	parts.WriteString(strconv.Itoa(v.value))
}

func (v *textValue) write(parts *strings.Builder) {
	writeText(v.value, parts)
}

func (v *listValue) write(parts *strings.Builder) {
	parts.WriteByte('[')
	for i, item := range v.items {
		if i > 0 {
			parts.WriteByte(',')
		}
		item.write(parts)
	}
	parts.WriteByte(']')
}

func (v *objectValue) write(parts *strings.Builder) {
	parts.WriteByte('{')
	for i, field := range v.fields {
		if i > 0 {
			parts.WriteByte(',')
		}
		writeText(field.name, parts)
		parts.WriteByte(':')
		field.value.write(parts)
	}
	parts.WriteByte('}')
}

func writeText(text string, parts *strings.Builder) {
	parts.WriteByte('"')
	parts.WriteString(text)
	parts.WriteByte('"')
}

type parser struct {
	text string
	at   int
}

func (p *parser) value() value {
	switch p.text[p.at] {
	case '{':
		return p.object()
	case '[':
		return p.list()
	case '"':
		return &textValue{p.string()}
	}
	return p.word()
}

func (p *parser) object() value {
	v := &objectValue{}
	p.at++
	for p.text[p.at] != '}' {
		if len(v.fields) > 0 {
			p.expect(',')
		}
		name := p.string()
		p.expect(':')
		v.fields = append(v.fields, &field{name, p.value()})
	}
	p.at++
	return v
}

func (p *parser) list() value {
	v := &listValue{}
	p.at++
	for p.text[p.at] != ']' {
		if len(v.items) > 0 {
			p.expect(',')
		}
		v.items = append(v.items, p.value())
	}
	p.at++
	return v
}

// string returns a copy, as a parser does that must not keep the whole text in memory.
func (p *parser) string() string {
	p.expect('"')
	start := p.at
	for p.text[p.at] != '"' {
		p.at++
	}
	p.at++
	return strings.Clone(p.text[start : p.at-1])
}

// word reads a number, or true, false, null.
func (p *parser) word() value {
	start := p.at
	for p.at < len(p.text) && p.text[p.at] != ',' && p.text[p.at] != ']' && p.text[p.at] != '}' {
		p.at++
	}
	switch word := p.text[start:p.at]; word {
	case "null":
		return &nullValue{}
	case "true", "false":
		return &boolValue{word == "true"}
	default:
		number, err := strconv.Atoi(word)
		if err != nil {
			panic(err)
		}
		return &numberValue{number}
	}
}

func (p *parser) expect(letter byte) {
	harness.Check(p.text[p.at] == letter, "what stands in the text")
	p.at++
}

func compose(records int) string {
	var parts []string
	for i := 0; i < records; i++ {
		friends := fmt.Sprintf(`[{"id":%d,"close":true},{"id":%d,"close":false}]`, i*7%records, i*13%records)
		parts = append(parts, fmt.Sprintf(
			`{"id":%d,"name":"name of %d","tags":["red","green","blue"],"score":%d,"parent":null,"friends":%s}`,
			i, i, i*31, friends))
	}
	return "[" + strings.Join(parts, ",") + "]"
}

func reread(text string, done chan<- int) {
	same := 0
	for i := 0; i < turns; i++ {
		var parts strings.Builder
		(&parser{text: text}).value().write(&parts)
		if parts.String() == text {
			same++
		}
	}
	done <- same
}

func main() {
	text := compose(harness.Arg(0, 2000))
	harness.Total(harness.Arg(1, 3), func() {
		done := make(chan int)
		for i := 0; i < goroutines; i++ {
			go reread(text, done)
		}
		same := 0
		for i := 0; i < goroutines; i++ {
			same += <-done
		}
		harness.Check(same == goroutines*turns, "the text written is the text read")
	})
}
