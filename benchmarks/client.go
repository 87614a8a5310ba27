// client.go - calls a second from Go's net/http: client_go CALLS [THREADS], with CALLS from each.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

func main() {
	calls, err := strconv.Atoi(os.Args[1])
	check(err)
	threads := 1
	if len(os.Args) > 2 {
		threads, err = strconv.Atoi(os.Args[2])
		check(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: threads}
	if file := os.Getenv("CA_FILE"); file != "" {
		pem, err := os.ReadFile(file)
		check(err)
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	each(threads, func() { validate(client) })
	start := time.Now()
	each(threads, func() {
		for n := 0; n < calls; n++ {
			validate(client)
		}
	})
	fmt.Printf("%.1f\n", float64(threads*calls)/time.Since(start).Seconds())
}

func each(threads int, work func()) {
	var group sync.WaitGroup
	for n := 0; n < threads; n++ {
		group.Add(1)
		go func() {
			defer group.Done()
			work()
		}()
	}
	group.Wait()
}

func validate(client *http.Client) {
	body, err := json.Marshal(map[string]string{"deviceId": "agent-01"})
	check(err)
	request, err := http.NewRequest("POST", os.Getenv("MACHINEID_BASE_URL")+"/api/v1/devices/validate", bytes.NewReader(body))
	check(err)
	request.Header.Set("x-org-key", "org_bench")
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	check(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	check(err)
	var reply struct{ Allowed bool }
	check(json.Unmarshal(text, &reply))
	if !reply.Allowed {
		panic("denied")
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
