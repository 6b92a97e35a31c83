// Command helm-render renders a chart over and over in one process, as a program that embeds Helm does:
// the chart is loaded once, then util.ToRenderValues and engine.Render run with other values each time.
//
// It reads one job from standard input and writes one answer to standard output, both JSON; the Rust program
// benches/src/bin/rerender.rs takes the same jobs. The types say what the fields mean.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"maps"
	"os"
	"runtime"
	"syscall"
	"time"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chartv2 "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
)

type job struct {
	// Chart is a folder or an archive.
	Chart string `json:"chart"`
	// Values are the user's values.
	Values map[string]any `json:"values"`
	// KubeVersion is the version of the cluster that templates see.
	KubeVersion string `json:"kube_version"`
	// Warmup and Seconds are how long it renders before it measures, and while.
	Warmup  float64 `json:"warmup"`
	Seconds float64 `json:"seconds"`
	// Rounds is the least number of renders to measure.
	Rounds int `json:"rounds"`
}

type answer struct {
	// Nanoseconds has the time of each measured render.
	Nanoseconds []int64 `json:"nanoseconds"`
	// CPUNanoseconds is the processor time of one render, on all threads; the collector's work is in it.
	CPUNanoseconds int64 `json:"cpu_nanoseconds"`
	// AllocatedBytes is what one render allocates.
	AllocatedBytes uint64 `json:"allocated_bytes"`
	// OutputBytes is the length of all files of the first render.
	OutputBytes int `json:"output_bytes"`
	// Files has the SHA-256 of each file of the first render.
	Files map[string]string `json:"files"`
	// Key is where each render's values differ.
	Key string `json:"key"`
}

func main() {
	log.SetFlags(0)
	// What a chart's values warn of is no part of the measure, and Rust's side keeps it in memory too.
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	log.SetOutput(os.Stderr)
	time.Local = time.UTC
	var j job
	if err := json.NewDecoder(os.Stdin).Decode(&j); err != nil {
		fail(err)
	}
	a, err := run(j)
	if err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(a); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "error:", err)
	os.Exit(1)
}

func run(j job) (*answer, error) {
	chart, err := loader.Load(j.Chart)
	if err != nil {
		return nil, err
	}
	if err := chartutil.ProcessDependencies(chart, maps.Clone(j.Values)); err != nil {
		return nil, err
	}
	caps := common.DefaultCapabilities.Copy()
	version, err := common.ParseKubeVersion(j.KubeVersion)
	if err != nil {
		return nil, err
	}
	caps.KubeVersion = *version
	r := renderer{chart, j.Values, caps, ""}

	a := &answer{Files: map[string]string{}}
	first, err := r.vary()
	if err != nil {
		return nil, err
	}
	a.Key = r.key
	for name, text := range first {
		digest := sha256.Sum256([]byte(text))
		a.Files[name] = hex.EncodeToString(digest[:])
		a.OutputBytes += len(text)
	}

	round := 1
	for start := time.Now(); time.Since(start).Seconds() < j.Warmup; round++ {
		if _, err := r.render(round); err != nil {
			return nil, err
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	used := processorTime()
	for start := time.Now(); len(a.Nanoseconds) < j.Rounds || time.Since(start).Seconds() < j.Seconds; round++ {
		began := time.Now()
		if _, err := r.render(round); err != nil {
			return nil, err
		}
		a.Nanoseconds = append(a.Nanoseconds, time.Since(began).Nanoseconds())
	}
	a.CPUNanoseconds = (processorTime() - used) / int64(len(a.Nanoseconds))
	runtime.ReadMemStats(&after)
	a.AllocatedBytes = (after.TotalAlloc - before.TotalAlloc) / uint64(len(a.Nanoseconds))
	return a, nil
}

// processorTime is what this process has used so far, in nanoseconds.
func processorTime() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		fail(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

type renderer struct {
	chart  *chartv2.Chart
	values map[string]any
	caps   *common.Capabilities
	key    string
}

// vary renders once and finds the place at which the values of each round can differ: a schema may forbid
// unknown keys at the top or among the globals.
func (r *renderer) vary() (files map[string]string, err error) {
	for _, r.key = range []string{"benchRound", "global.benchRound", ""} {
		if files, err = r.render(0); err == nil {
			return files, nil
		}
	}
	return nil, err
}

// render renders with values and a release name that no round before had.
func (r *renderer) render(round int) (map[string]string, error) {
	values := maps.Clone(r.values)
	if values == nil {
		values = map[string]any{}
	}
	switch r.key {
	case "benchRound":
		values["benchRound"] = round
	case "global.benchRound":
		global, _ := values["global"].(map[string]any)
		global = maps.Clone(global)
		if global == nil {
			global = map[string]any{}
		}
		global["benchRound"] = round
		values["global"] = global
	}
	options := common.ReleaseOptions{Name: fmt.Sprint("rel-", round), Namespace: "ns", Revision: 1, IsInstall: true}
	all, err := util.ToRenderValues(r.chart, values, options, r.caps)
	if err != nil {
		return nil, err
	}
	return engine.Render(r.chart, all)
}
