// Runs the template that crates/template/examples/speed.rs runs, with Go.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/template"
	"time"
)

func main() {
	text, err := os.ReadFile("speed/chart.tmpl")
	if err != nil {
		panic(err)
	}
	values, err := os.ReadFile("speed/values.json")
	if err != nil {
		panic(err)
	}
	var data any
	if err := json.Unmarshal(values, &data); err != nil {
		panic(err)
	}
	set := template.New("gotpl").Option("missingkey=zero")
	counts := map[string]int{}
	set.Funcs(template.FuncMap{
		"quote": func(v any) string { return strconv.Quote(fmt.Sprint(v)) },
		"include": func(name string, data any) (string, error) {
			counts[name]++
			defer func() { counts[name]-- }()
			var out strings.Builder
			err := set.ExecuteTemplate(&out, name, data)
			return out.String(), err
		},
	})
	if _, err := set.New("chart").Parse(string(text)); err != nil {
		panic(err)
	}
	start, runs, bytes := time.Now(), 0, 0
	for time.Since(start) < 2*time.Second {
		var out strings.Builder
		if err := set.ExecuteTemplate(&out, "chart", data); err != nil {
			panic(err)
		}
		runs++
		bytes = out.Len()
	}
	fmt.Println(time.Since(start)/time.Duration(runs), "a run,", runs, "runs,", bytes, "bytes")
}
