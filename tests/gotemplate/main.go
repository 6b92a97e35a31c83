// Records what Go's text/template makes of the cases in fixtures/template.
//
//	go run . ../../fixtures/template
//
// runs every case of every *.jsonl file there and writes its outcome beside it; with -generate it first writes the
// tables of verbs, comparisons and arguments anew. The functions and the object that cases use are made again in
// crates/template/tests/recorded.rs.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"unicode/utf8"
)

// Case is a template with its data, and what came of it.
type Case struct {
	Text    string   `json:"t"`
	Data    any      `json:"d,omitempty"`
	Missing string   `json:"m,omitempty"`
	Out     *string  `json:"out,omitempty"`
	Hex     string   `json:"hex,omitempty"`
	Err     string   `json:"err,omitempty"`
	Chain   []string `json:"chain,omitempty"`
}

// Thing is a value with fields and methods.
type Thing struct {
	Name string
	Any  any
	Map  map[string]string
	Nil  *Thing
}

func (t *Thing) Hello() string                                  { return "hello" }
func (t *Thing) Join(sep string, parts ...string) string        { return strings.Join(parts, sep) }
func (t *Thing) Add(a, b int) int                               { return a + b }
func (t *Thing) Fails(why string) (string, error)               { return "", errors.New(why) }
func (t *Thing) Panics() string                                 { panic("method panicked") }
func (t *Thing) Self() *Thing                                   { return t }
func (t *Thing) Takes(f float64, u uint8, b bool, a any) string { return fmt.Sprint(f, u, b, a) }
func (t *Thing) String() string                                 { return "thing(" + t.Name + ")" }

func functions() template.FuncMap {
	return template.FuncMap{
		"list":    func(items ...any) []any { return items },
		"strings": func(items ...string) []string { return items },
		"dict": func(pairs ...any) map[string]any {
			dict := map[string]any{}
			for i := 0; i+1 < len(pairs); i += 2 {
				dict[fmt.Sprint(pairs[i])] = pairs[i+1]
			}
			return dict
		},
		"strdict": func(pairs ...string) map[string]string {
			dict := map[string]string{}
			for i := 0; i+1 < len(pairs); i += 2 {
				dict[pairs[i]] = pairs[i+1]
			}
			return dict
		},
		"set":     func(dict map[string]any, key string, value any) map[string]any { dict[key] = value; return dict },
		"upper":   strings.ToUpper,
		"fail":    func(why string) (string, error) { return "", errors.New(why) },
		"panics":  func(why string) string { panic(why) },
		"panicse": func(why string) string { panic(errors.New(why)) },
		"null":    func() any { return nil },
		"nilmap":  func() map[string]any { return nil },
		"nillist": func() []any { return nil },
		"bytes":   func(s string) []byte { return []byte(s) },
		"i8":      func(n int) int8 { return int8(n) },
		"i16":     func(n int) int16 { return int16(n) },
		"i32":     func(n int) int32 { return int32(n) },
		"i64":     func(n int) int64 { return int64(n) },
		"u":       func(n int) uint { return uint(n) },
		"u8":      func(n int) uint8 { return uint8(n) },
		"u16":     func(n int) uint16 { return uint16(n) },
		"u32":     func(n int) uint32 { return uint32(n) },
		"u64":     func(n int) uint64 { return uint64(n) },
		"f32":     func(f float64) float32 { return float32(f) },
		"any":     func(v any) any { return v },
		"int":     func(n int) int { return n },
		"int8":    func(n int8) int8 { return n },
		"int64":   func(n int64) int64 { return n },
		"uint":    func(n uint) uint { return n },
		"uint8":   func(n uint8) uint8 { return n },
		"float":   func(f float64) float64 { return f },
		"float32": func(f float32) float32 { return f },
		"complex": func(c complex128) complex128 { return c },
		"bool":    func(b bool) bool { return b },
		"map":     func(m map[string]any) int { return len(m) },
		"slice_":  func(l []any) int { return len(l) },
		"typeof":  func(v any) string { return fmt.Sprintf("%T", v) },
		"mix":     func(s string, n int, rest ...float64) string { return fmt.Sprint(s, n, rest) },
		"thing":   func() *Thing { return &Thing{Name: "n", Any: 1, Map: map[string]string{"k": "v"}} },
		"nothing": func() *Thing { return nil },
		"seq": func(n int) func(func(int) bool) {
			return func(yield func(int) bool) {
				for i := range n {
					if !yield(i) {
						return
					}
				}
			}
		},
		"seq2": func(n int) func(func(string, int) bool) {
			return func(yield func(string, int) bool) {
				for i := range n {
					if !yield(fmt.Sprint("k", i), i) {
						return
					}
				}
			}
		},
		"func": func() func(string, int) string {
			return func(s string, n int) string { return strings.Repeat(s, n) }
		},
	}
}

// include and tpl nest as Helm's functions do.
func nest(set *template.Template, counts map[string]int) template.FuncMap {
	return template.FuncMap{
		"include": func(name string, data any) (string, error) {
			if counts[name] > 1000 {
				return "", fmt.Errorf("rendering template has a nested reference name: %s: %w", name, errors.New("unable to execute template"))
			}
			counts[name]++
			defer func() { counts[name]-- }()
			var out strings.Builder
			err := set.ExecuteTemplate(&out, name, data)
			return out.String(), err
		},
		"tpl": func(text string, data any) (string, error) {
			clone, err := set.Clone()
			if err != nil {
				return "", err
			}
			clone.Funcs(nest(clone, counts))
			parsed, err := clone.New(set.Name()).Parse(text)
			if err != nil {
				return "", fmt.Errorf("cannot parse template %q: %w", text, err)
			}
			var out strings.Builder
			if err := parsed.Execute(&out, data); err != nil {
				return "", fmt.Errorf("error during tpl function execution for %q: %w", text, err)
			}
			return strings.ReplaceAll(out.String(), "<no value>", ""), nil
		},
	}
}

func (c *Case) run() {
	c.Out, c.Hex, c.Err, c.Chain = nil, "", "", nil
	set := template.New("set")
	missing := c.Missing
	if missing == "" {
		missing = "zero"
	}
	set.Option("missingkey=" + missing)
	set.Funcs(functions())
	set.Funcs(nest(set, map[string]int{}))
	var out bytes.Buffer
	_, err := set.New("t").Parse(c.Text)
	if err == nil {
		err = set.ExecuteTemplate(&out, "t", again(c.Data)) // templates write to their data
	}
	if err != nil {
		c.Err = err.Error()
		for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(inner) {
			text := inner.Error()
			if text != c.Err && (len(c.Chain) == 0 || c.Chain[len(c.Chain)-1] != text) {
				c.Chain = append(c.Chain, text)
			}
		}
		return
	}
	if !utf8.Valid(out.Bytes()) {
		c.Hex = fmt.Sprintf("%x", out.Bytes())
		return
	}
	text := out.String()
	c.Out = &text
}

// again makes a copy.
func again(data any) any {
	text, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	var made any
	if err := json.Unmarshal(text, &made); err != nil {
		panic(err)
	}
	return made
}

func main() {
	again := flag.Bool("generate", false, "write the generated tables anew")
	flag.Parse()
	dir := flag.Arg(0)
	if *again {
		tables := generate()
		for _, name := range slices.Sorted(maps.Keys(tables)) {
			write(filepath.Join(dir, name+".jsonl"), tables[name])
		}
		return
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		panic(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			panic(err)
		}
		var cases []Case
		for line := range strings.Lines(string(content)) {
			var c Case
			if err := json.Unmarshal([]byte(line), &c); err != nil {
				panic(fmt.Errorf("%s: %w: %s", file, err, line))
			}
			cases = append(cases, c)
		}
		write(file, cases)
	}
}

func write(file string, cases []Case) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	for i := range cases {
		cases[i].run()
		if err := encoder.Encode(cases[i]); err != nil {
			panic(err)
		}
	}
	if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
		panic(err)
	}
	fmt.Println(file, len(cases))
}
