// Command main validates two devices and prints the counters of its client in the OpenMetrics format, as a server that
// uses the example would answer.
package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"machineid.io/go/machineid"
	"machineid.io/go/openmetrics"
)

func main() {
	client, err := machineid.FromEnv()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer client.Close()
	client.Allows(context.Background(), "unregistered")
	client.Allows(context.Background(), "")
	answer := httptest.NewRecorder()
	openmetrics.Handler(client.Stats).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	fmt.Println(answer.Result().Header.Get("Content-Type"))
	fmt.Print(answer.Body.String())
}
