package main

import "strings"

// Values in template syntax, of every kind.
var values = []string{
	`nil`, `null`, `true`, `false`, `0`, `1`, `-1`, `42`, `1234567890123`, `-9223372036854775808`, `'x'`, `'世'`,
	`0.0`, `1.5`, `-2.25`, `1e6`, `1e20`, `1e21`, `1e-7`, `123456.789`, `3.0`, `0.1`,
	`(f32 0.1)`, `(f32 16777216.0)`, `(i8 -5)`, `(i64 7)`, `(u 7)`, `(u8 200)`, `(u64 12)`, `1i`, `1.5-2i`,
	`""`, `"a"`, `"hello, world"`, `"<&'\">"`, `"日本語"`, `"a\tb\n"`, `"\xff\x00z"`, "`raw`", `"10"`,
	`(list)`, `(list 1 "a" nil 2.5)`, `(strings "x" "y")`, `(bytes "hi")`, `(nillist)`, `(dict)`,
	`(dict "b" 1 "a" (list 1 2) "c" (dict "z" nil))`, `(strdict "k" "v")`, `(nilmap)`, `(thing)`, `(nothing)`,
}

func generate() map[string][]Case {
	tables := map[string][]Case{}
	add := func(table string, texts ...string) {
		for _, text := range texts {
			tables[table] = append(tables[table], Case{Text: text})
		}
	}
	// One case holds all values, so that the table stays small; a value whose error would hide the others has none.
	for _, verb := range strings.Split("b c d e E f F g G o O p q s t T U v w x X z % !", " ") {
		for _, flags := range strings.Split(". + - # 0 +# 10 -10 010 .2 .0 8.3 -8.3 08.3 +08.3 # x +q #010 .20 -010 +.3 #.4 20.10", " ") {
			if verb == "p" && flags != "x" {
				continue
			}
			spec := "%" + flags + verb
			switch flags {
			case ".":
				spec = "%" + verb
			case "x":
				spec = "% " + verb
			case "+q":
				spec = "% +" + verb
			}
			var text strings.Builder
			for _, value := range values {
				if verb == "p" && (strings.HasPrefix(value, "(list") || strings.HasPrefix(value, "(dict") ||
					strings.HasPrefix(value, "(str") || strings.HasPrefix(value, "(bytes") || value == "(thing)") {
					continue // addresses
				}
				if strings.Contains(value, "thing)") && !strings.Contains("svqxX", verb) {
					continue // the fields of a struct and addresses
				}
				if value == "(thing)" && strings.Contains(spec, "#") && verb == "v" || value == "(nothing)" {
					continue
				}
				text.WriteString("{{printf `" + spec + "` " + value + "}}|")
			}
			add("printf-verbs", text.String())
		}
	}
	for _, format := range []string{
		"", "plain", "%", "%%", "%d", "%d %d", "%!", "%[1]d", "%[2]d %[1]d", "%[3]d", "%[0]d", "%[x]d", "%[", "%[1", "%[]d",
		"%[1]*d", "%[2]*[1]d", "%*d", "%-*d", "%.*d", "%.[2]*[1]d", "%6.2f", "%[3]*.[2]*[1]f", "%[1]d %d %d", "%[5]d %[1]d",
		"%-", "%.", "%.d", "%5", "%5.", "%99999999999d", "%.99999999999f", "%-010d", "% d", "%+ d", "%x % x %#x % #x",
		"%d%%%s", "%z", "%日", "é%dé", "%[2]*d", "%[1]2d", "%[1].2d", "%.[1]d", "%[1] d", "%s", "%v", "%+v", "%#v", "%T",
	} {
		for _, args := range []string{"", " 1", " 1 2", " 1 2 3", " 12.5 4 7", ` "s" -3 "t"`, ` nil "a"`, " 3 (u8 5) 6 7"} {
			add("printf-formats", "{{printf `"+format+"`"+args+"}}")
		}
	}
	for _, value := range values {
		if value == "nil" || value == "(nothing)" {
			continue
		}
		if value != "(thing)" { // whose fields a range complains about
			add("values", "{{range "+value+"}}[{{.}}]{{if eq (print .) `20`}}{{break}}{{end}}{{else}}none{{end}}",
				"{{range $i, $e := "+value+"}}[{{$i}}:{{$e}}]{{end}}")
		}
		add("values", "{{"+value+"}}", "{{print "+value+"}}", "{{println "+value+" 1 "+value+"}}", "{{html "+value+"}}",
			"{{js "+value+"}}", "{{urlquery "+value+"}}", "{{len "+value+"}}", "{{not "+value+"}}", "{{if "+value+"}}t{{else}}f{{end}}",
			"{{with "+value+"}}{{.}}{{else}}none{{end}}", "{{index "+value+" 0}}", "{{index "+value+` "a"}}`, "{{slice "+value+" 1}}",
			"{{$x := "+value+"}}{{$x.field}}", "{{typeof "+value+"}}", "{{call "+value+"}}", "{{print 1 "+value+` "s" `+value+" 2}}",
			"{{template \"d\" "+value+"}}{{define \"d\"}}{{.}}{{end}}")
	}
	short := []string{`nil`, `null`, `true`, `1`, `-1`, `2`, `1.0`, `(i8 1)`, `(u 1)`, `(u64 2)`, `(f32 1.0)`, `1i`, `"a"`, `"b"`, `(list 1)`,
		`(dict)`, `(nilmap)`, `(nillist)`, `(thing)`, `(nothing)`}
	for _, compare := range []string{"eq", "ne", "lt", "le", "gt", "ge"} {
		for _, a := range short {
			for _, b := range short {
				add("compare", "{{"+compare+" "+a+" "+b+"}}")
			}
		}
		add("compare", "{{"+compare+"}}", "{{"+compare+" 1}}", "{{"+compare+" 1 2 3}}", "{{1 | "+compare+" 1}}")
	}
	for _, logic := range []string{"and", "or"} {
		for _, args := range []string{"", " 0", " 1", " 0 1", " 1 0", ` 0 "" nil`, ` 1 "a" (fail "no")`, ` 0 (fail "no")`, ` (fail "no") 1`, " .x .y",
			" nil", " (list) (dict)", " .x.y.z 1", ` 1 .x.y.z`} {
			add("compare", "{{"+logic+args+"}}", "{{5 | "+logic+args+"}}", "{{upper ("+logic+args+")}}",
				"{{"+logic+args+" | printf \"%v\"}}")
		}
	}
	// Arguments of every kind for parameters of every type.
	for _, function := range []string{"upper", "int", "int8", "int64", "uint", "uint8", "float", "float32", "complex", "bool", "map", "slice_", "any",
		"strings", "bytes", "mix", "printf", "len", "i8"} {
		for _, value := range append([]string{`300`, `1e1000`, `0x7fffffffffffffff`, `18446744073709551615`, `.x`, `.n`, `.s`, `.l`, `.m`, `.x.y`, `$`, `.`,
			`$v`, `(1)`, `thing`, `null`, `thing.Name`, `(thing).Any`}, short...) {
			data := map[string]any{"n": 1.5, "s": "str", "l": []any{1.0}, "m": map[string]any{"k": "v"}}
			for _, text := range []string{"{{" + function + " " + value + "}}", "{{" + value + " | " + function + "}}"} {
				tables["arguments"] = append(tables["arguments"], Case{Text: "{{$v := .n}}" + text, Data: data})
			}
		}
	}
	return tables
}
