// Package machineidtest starts machineid-emulator, the authority on loopback, for tests.
//
//	func TestGate(t *testing.T) {
//		emulator := machineidtest.Start(t)
//		client := emulator.Client(t)
//		...
//	}
//
// The program is that which the environment variable MACHINEID_EMULATOR names, or else machineid-emulator in PATH.
package machineidtest

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"machineid.io/go/machineid"
)

// Emulator is an emulator that runs. It forgets everything when it ends.
type Emulator struct {
	// URL is where it listens.
	URL string
	// OrgKey is that of its organisation, the first one where it has several. It is made up.
	OrgKey string

	process *exec.Cmd
	once    sync.Once
}

// Start starts an emulator, which ends with the test.
func Start(tb testing.TB, orgKeys ...string) *Emulator {
	tb.Helper()
	emulator, err := Run(orgKeys...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(emulator.Stop)
	return emulator
}

// Run starts an emulator, which the caller stops. The org keys are those of its organisations; without any there is
// one.
func Run(orgKeys ...string) (*Emulator, error) {
	if len(orgKeys) == 0 {
		orgKeys = []string{"org_test"}
	}
	path := os.Getenv("MACHINEID_EMULATOR")
	if path == "" {
		path = "machineid-emulator"
	}
	arguments := []string{"--port", "0", "--quiet"}
	for _, key := range orgKeys {
		arguments = append(arguments, "--org-key", key)
	}
	process := exec.Command(path, arguments...)
	process.Stderr = os.Stderr
	output, err := process.StdoutPipe()
	if err == nil {
		err = process.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("machineidtest: %w; MACHINEID_EMULATOR names the program machineid-emulator", err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	_, url, found := strings.Cut(strings.TrimSpace(line), "listening on ")
	emulator := &Emulator{URL: url, OrgKey: orgKeys[0], process: process}
	if err != nil || !found {
		emulator.Stop()
		return nil, fmt.Errorf("machineidtest: %s does not say where it listens, but %q", path, line)
	}
	return emulator, nil
}

// Stop ends the emulator. It may be called again.
func (e *Emulator) Stop() {
	e.once.Do(func() {
		_ = e.process.Process.Kill()
		_ = e.process.Wait()
	})
}

// Client makes a client of the emulator's organisation, which is closed with the test.
func (e *Emulator) Client(tb testing.TB, options ...machineid.Option) *machineid.Client {
	tb.Helper()
	client, err := machineid.New(e.OrgKey, append([]machineid.Option{machineid.WithBaseURL(e.URL)}, options...)...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = client.Close() })
	return client
}

// Setenv makes machineid.FromEnv use the emulator, until the test ends.
func (e *Emulator) Setenv(t interface{ Setenv(key, value string) }) {
	t.Setenv("MACHINEID_ORG_KEY", e.OrgKey)
	t.Setenv("MACHINEID_BASE_URL", e.URL)
}

// Outage answers the next requests of an organisation with an HTTP status, 408, 429 or 5xx; all requests with a count
// of 0.
func (e *Emulator) Outage(orgKey string, httpStatus, requests int) error {
	body := fmt.Sprintf(`{"httpStatus":%d,"requests":%d}`, httpStatus, requests)
	if requests == 0 {
		body = fmt.Sprintf(`{"httpStatus":%d}`, httpStatus)
	}
	return e.ask(orgKey, "/emulator/outage", body)
}

// EndOutage ends an outage.
func (e *Emulator) EndOutage(orgKey string) error { return e.ask(orgKey, "/emulator/outage", "{}") }

// Reset forgets the devices, ends an outage, and restores the initial plan.
func (e *Emulator) Reset(orgKey string) error { return e.ask(orgKey, "/emulator/reset", "{}") }

func (e *Emulator) ask(orgKey, path, body string) error {
	request, err := http.NewRequest(http.MethodPost, e.URL+path, bytes.NewBufferString(body))
	if err != nil {
		return err
	}
	request.Header.Set("x-org-key", orgKey)
	request.Header.Set("Content-Type", "application/json")
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		return fmt.Errorf("machineidtest: the emulator answers %s with %s", path, reply.Status)
	}
	return nil
}
