// Package openmetrics writes the counters of a client in the text format that Prometheus and others scrape.
//
//	http.Handle("/metrics", openmetrics.Handler(client.Stats))
package openmetrics

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strconv"

	"machineid.io/go/machineid"
)

// Stats is what mid_client_stats reports.
type Stats struct {
	Calls map[string]struct {
		Statuses map[string]uint64
		Duration struct {
			Buckets    map[string]uint64
			Sum, Count uint64
		} `json:"duration_ms"`
	}
	Decisions                map[string]map[string]uint64
	Retries, Resends, Hedges uint64
	Connections              map[string]uint64
	TLSHandshakes            uint64 `json:"tls_handshakes"`
	Guards                   map[string]uint64
	LastAnswer               *struct {
		Age       uint64 `json:"age_ms"`
		RequestID string `json:"request_id"`
	} `json:"last_answer"`
}

// Handler answers each request with what stats returns.
func Handler(stats func() (machineid.Reply, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var report Stats
		reply, err := stats()
		if err == nil {
			err = read(reply, &report)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
		write(w, &report)
	})
}

func read(reply machineid.Reply, report *Stats) error {
	text, err := json.Marshal(reply)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, report)
}

func write(w io.Writer, report *Stats) {
	family := func(name, kind string) { fmt.Fprintf(w, "# TYPE machineid_%s %s\n", name, kind) }
	sample := func(name, labels string, value any) { fmt.Fprintf(w, "machineid_%s{%s} %v\n", name, labels, value) }

	family("calls", "counter")
	for _, operation := range keys(report.Calls) {
		for _, status := range keys(report.Calls[operation].Statuses) {
			labels := fmt.Sprintf("operation=%q,status=%q", operation, status)
			sample("calls_total", labels, report.Calls[operation].Statuses[status])
		}
	}
	family("call_duration_seconds", "histogram")
	for _, operation := range keys(report.Calls) {
		labels, times := fmt.Sprintf("operation=%q", operation), report.Calls[operation].Duration
		for _, bound := range bounds(times.Buckets) {
			sample("call_duration_seconds_bucket", labels+fmt.Sprintf(",le=%q", seconds(bound)), times.Buckets[bound])
		}
		sample("call_duration_seconds_sum", labels, float64(times.Sum)/1000)
		sample("call_duration_seconds_count", labels, times.Count)
	}
	family("decisions", "counter")
	for _, decision := range keys(report.Decisions) {
		for _, code := range keys(report.Decisions[decision]) {
			labels := fmt.Sprintf("decision=%q,code=%q", decision, code)
			sample("decisions_total", labels, report.Decisions[decision][code])
		}
	}
	counters := map[string]uint64{
		"retries": report.Retries, "resends": report.Resends, "hedges": report.Hedges,
		"connections_made": report.Connections["made"], "connections_reused": report.Connections["reused"],
		"tls_handshakes": report.TLSHandshakes,
	}
	for _, name := range keys(counters) {
		family(name, "counter")
		sample(name+"_total", "", counters[name])
	}
	family("guards", "gauge")
	for _, state := range keys(report.Guards) {
		sample("guards", fmt.Sprintf("state=%q", state), report.Guards[state])
	}
	if report.LastAnswer != nil {
		family("last_answer_age_seconds", "gauge")
		sample("last_answer_age_seconds", "", float64(report.LastAnswer.Age)/1000)
	}
	fmt.Fprintln(w, "# EOF")
}

// keys returns the keys of a map in order, so that two reports have the same order.
func keys[V any](of map[string]V) []string {
	var all []string
	for key := range of {
		all = append(all, key)
	}
	sort.Strings(all)
	return all
}

// bounds returns the bounds of buckets, the smallest first.
func bounds(buckets map[string]uint64) []string {
	all := keys(buckets)
	sort.Slice(all, func(one, other int) bool { return value(all[one]) < value(all[other]) })
	return all
}

// seconds returns a bound of milliseconds in seconds.
func seconds(bound string) string {
	if bound == "+Inf" {
		return bound
	}
	return strconv.FormatFloat(value(bound)/1000, 'g', -1, 64)
}

// value returns the number of a bound; infinity is one.
func value(bound string) float64 {
	number, _ := strconv.ParseFloat(bound, 64)
	return number
}
