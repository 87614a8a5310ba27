// bench package|plain CALLS: calls of the package for Go, or of net/http. languages.py says what it prints.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"machineid.io/go/machineid"
)

var url = os.Getenv("MACHINEID_BASE_URL")

func ofPackage() func() bool {
	client, err := machineid.New("org_bench", machineid.WithBaseURL(url))
	check(err)
	return func() bool { return client.Allows(context.Background(), "agent-01") }
}

func plain() func() bool {
	return func() bool {
		body, err := json.Marshal(map[string]string{"deviceId": "agent-01"})
		check(err)
		request, err := http.NewRequest("POST", url+"/api/v1/devices/validate", bytes.NewReader(body))
		check(err)
		request.Header.Set("x-org-key", "org_bench")
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		check(err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		check(err)
		var reply struct{ Allowed bool }
		return json.Unmarshal(text, &reply) == nil && response.StatusCode == 200 && reply.Allowed
	}
}

func ask(validate func() bool, calls int) {
	for n := 0; n < calls; n++ {
		if !validate() {
			log.Fatal("denied")
		}
	}
}

// resident returns the kilobytes of the process, once the collector has given back what it can.
func resident() string {
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/status")
	check(err)
	_, after, _ := strings.Cut(string(text), "VmRSS:")
	return strings.Fields(after)[0]
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	validate := plain()
	if os.Args[1] == "package" {
		validate = ofPackage()
	}
	calls, err := strconv.Atoi(os.Args[2])
	check(err)
	ask(validate, calls/10)
	before := resident()
	start := time.Now()
	ask(validate, calls-calls/10)
	rate := float64(calls-calls/10) / time.Since(start).Seconds()
	fmt.Printf("%.1f %s %s\n", rate, before, resident())
}
