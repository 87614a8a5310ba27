// client.go - measures Go's net/http: calls per second, or how long calls take.
//
//	client_go [-http2] [-latency] [-timeout DURATION] CALLS [THREADS]
//
// Each thread makes CALLS calls, with one client for all. It uses HTTP/1.1 unless -http2 is given. latency.c describes
// what -latency prints.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sort"
	"strconv"
	"sync"
	"time"
)

var (
	overHTTP2 = flag.Bool("http2", false, "HTTP/2")
	latency   = flag.Bool("latency", false, "how long calls take")
	timeout   = flag.Duration("timeout", 10*time.Second, "for a call")
)

var client *http.Client

func main() {
	flag.Parse()
	calls, err := strconv.Atoi(flag.Arg(0))
	check(err)
	threads := 1
	if flag.NArg() > 1 {
		threads, err = strconv.Atoi(flag.Arg(1))
		check(err)
	}
	if *latency {
		printLatencies(calls, threads)
	} else {
		printRate(calls, threads)
	}
}

func printRate(calls, threads int) {
	client = newClient(threads)
	each(threads, func(int) { check(validate()) })
	start := time.Now()
	each(threads, func(int) {
		for n := 0; n < calls; n++ {
			check(validate())
		}
	})
	fmt.Printf("%.1f\n", float64(threads*calls)/time.Since(start).Seconds())
}

func printLatencies(calls, threads int) {
	took := make([][]float64, threads)
	failures := make([]int, threads)
	var first, second float64
	start := time.Now()
	client = newClient(threads)
	each(threads, func(thread int) {
		one, _ := timed(start)
		two, _ := timed(time.Now())
		if thread == 0 {
			first, second = one, two
		}
	})
	each(threads, func(thread int) {
		for n := 0; n < calls; n++ {
			milliseconds, err := timed(time.Now())
			took[thread] = append(took[thread], milliseconds)
			if err != nil {
				failures[thread]++
			}
		}
	})
	var all []float64
	failed := 0
	for thread := range took {
		all = append(all, took[thread]...)
		failed += failures[thread]
	}
	sort.Float64s(all)
	median, p99, longest := all[len(all)/2], all[len(all)*99/100], all[len(all)-1]
	fmt.Printf("%.3f %.3f %.3f %.3f %.3f %d\n", first, second, median, p99, longest, failed)
}

// timed makes a call and returns the milliseconds since start.
func timed(start time.Time) (float64, error) {
	err := validate()
	return time.Since(start).Seconds() * 1000, err
}

func newClient(threads int) *http.Client {
	transport := &http.Transport{
		MaxIdleConnsPerHost: threads,
		DialContext:         (&net.Dialer{Timeout: 3 * time.Second}).DialContext,
		ForceAttemptHTTP2:   *overHTTP2,
	}
	if file := os.Getenv("CA_FILE"); file != "" {
		pem, err := os.ReadFile(file)
		check(err)
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	return &http.Client{Transport: transport, Timeout: *timeout}
}

func each(threads int, work func(thread int)) {
	var group sync.WaitGroup
	for n := 0; n < threads; n++ {
		group.Add(1)
		go func(thread int) {
			defer group.Done()
			work(thread)
		}(n)
	}
	group.Wait()
}

func validate() error {
	body, err := json.Marshal(map[string]string{"deviceId": "agent-01"})
	check(err)
	url := os.Getenv("MACHINEID_BASE_URL") + "/api/v1/devices/validate"
	request, err := http.NewRequest("POST", url, bytes.NewReader(body))
	check(err)
	request.Header.Set("x-org-key", "org_bench")
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if *overHTTP2 != (response.ProtoMajor == 2) {
		panic(response.Proto)
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	var reply struct{ Allowed bool }
	check(json.Unmarshal(text, &reply))
	if !reply.Allowed {
		return errors.New("denied")
	}
	return nil
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
