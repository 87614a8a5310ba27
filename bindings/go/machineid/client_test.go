package machineid_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"machineid.io/go/machineid"
	"machineid.io/go/machineidtest"
)

const device = "worker:prod:queue-consumer:07"

var background = context.Background()

// registered returns a client whose device is registered.
func registered(t *testing.T) (*machineidtest.Emulator, *machineid.Client) {
	t.Helper()
	emulator := machineidtest.Start(t)
	client := emulator.Client(t, machineid.WithTimeout(30*time.Second))
	must(t)(client.Register(background, device))
	return emulator, client
}

func must(t *testing.T) func(machineid.Reply, error) machineid.Reply {
	return func(reply machineid.Reply, err error) machineid.Reply {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return reply
	}
}

// failure returns the *Error that an error is, which must be of this kind.
func failure(t *testing.T, err, kind error) *machineid.Error {
	t.Helper()
	var failure *machineid.Error
	if !errors.As(err, &failure) || !errors.Is(err, kind) {
		t.Fatalf("it is %v, and not %v", err, kind)
	}
	return failure
}

func TestAnAllowHasNoError(t *testing.T) {
	_, client := registered(t)
	if allowed, err := client.Validate(background, device); !allowed || err != nil {
		t.Fatal(allowed, err)
	}
	decision, err := client.Decide(background, device)
	if err != nil || !decision.Allowed || decision.Code != "ALLOW" || len(decision.RequestID) != 36 {
		t.Fatal(decision, err)
	}
}

func TestNoConditionLetsADeniedDeviceWork(t *testing.T) {
	_, client := registered(t)
	must(t)(client.Revoke(background, device))
	for _, device := range []string{device, "never"} {
		if allowed, _ := client.Validate(background, device); allowed || client.Allows(background, device) {
			t.Error("allowed")
		}
		if _, err := client.Validate(background, device); err == nil {
			t.Error("no error")
		}
		if guard, err := client.Guard(background, device); err == nil || guard.Allowed() {
			t.Error("a guard")
		}
		_, err := client.Validate(background, device)
		denied := failure(t, err, machineid.ErrDenied)
		if len(denied.RequestID) != 36 || !strings.Contains(err.Error(), denied.RequestID) || denied.Status != machineid.OK {
			t.Error(err)
		}
		if errors.Is(err, machineid.ErrRefused) {
			t.Error("a denial is not a refusal")
		}
	}
}

func TestOperationsAnswer(t *testing.T) {
	_, client := registered(t)
	if reply := must(t)(client.Register(background, device)); reply.String("status") != "exists" {
		t.Error(reply)
	}
	if devices, _ := must(t)(client.ListDevices(background))["devices"].([]any); len(devices) != 1 {
		t.Error(devices)
	}
	if usage := must(t)(client.Usage(background)); usage.String("planTier") != "max" {
		t.Error(usage)
	}
	must(t)(client.Revoke(background, device))
	must(t)(client.Unrevoke(background, device))
	must(t)(client.Restore(background, device))
	must(t)(client.Remove(background, device))
	_, err := client.Remove(background, device)
	refused := failure(t, err, machineid.ErrRefused)
	if refused.Code != "device_not_found" || len(refused.RequestID) != 36 {
		t.Error(err)
	}
	if info := machineid.BuildInfo(); info.String("version") != machineid.Version() {
		t.Error(info)
	}
}

func TestManyAreAskedAtOnce(t *testing.T) {
	emulator, client := registered(t)
	must(t)(client.Register(background, "revoked"))
	must(t)(client.Revoke(background, "revoked"))
	ids := []string{device, "revoked", "a\x00b", "never", "", device}
	results, err := client.ValidateMany(background, ids)
	if !errors.Is(err, machineid.ErrDenied) || len(results) != len(ids) {
		t.Fatal(results, err)
	}
	for i, kind := range []error{nil, machineid.ErrDenied, machineid.ErrInvalidArgument, machineid.ErrDenied,
		machineid.ErrInvalidArgument, nil} {
		result := results[i]
		if !errors.Is(result.Err, kind) || result.Allowed != (kind == nil) || result.DeviceID != ids[i] {
			t.Errorf("%d: %+v, and not %v", i, result, kind)
		}
	}
	if results[1].Code != "DEVICE_REVOKED" || len(results[1].RequestID) != 36 {
		t.Error(results[1])
	}
	if none, err := client.ValidateMany(background, nil); !errors.Is(err, machineid.ErrInvalidArgument) || len(none) != 0 {
		t.Error(none, err)
	}
	if both, err := client.ValidateMany(background, []string{device, device}); err != nil || len(both) != 2 {
		t.Error(both, err)
	}
	if err := emulator.Outage(emulator.OrgKey, 503, 0); err != nil {
		t.Fatal(err)
	}
	results, err = emulator.Client(t, machineid.WithMaxRetries(0)).ValidateMany(background, []string{device})
	if !errors.Is(err, machineid.ErrNoAnswer) || !errors.Is(results[0].Err, machineid.ErrUnavailable) {
		t.Error(results, err)
	}
	client.Cancel()
	if _, err := client.ValidateMany(background, ids); !errors.Is(err, machineid.ErrCancelled) {
		t.Error(err)
	}
}

func TestAnOutageNamesItsHTTPStatus(t *testing.T) {
	emulator, _ := registered(t)
	client := emulator.Client(t, machineid.WithMaxRetries(0))
	if err := emulator.Outage(emulator.OrgKey, 503, 1); err != nil {
		t.Fatal(err)
	}
	_, err := client.Validate(background, device)
	if failure(t, err, machineid.ErrUnavailable).HTTPStatus != 503 || errors.Is(err, machineid.ErrDenied) {
		t.Error(err)
	}
	if allowed, err := client.Validate(background, device); !allowed {
		t.Error(err)
	}
}

func TestBadInputIsNamed(t *testing.T) {
	emulator, client := registered(t)
	for _, id := range []string{"", "  ", "a\x00b", "w\xed\xa0\x80", strings.Repeat("x", 513)} {
		_, err := client.Validate(background, id)
		wrong := failure(t, err, machineid.ErrInvalidArgument)
		if !strings.Contains(strings.ToLower(wrong.Message), "device") {
			t.Error(err)
		}
	}
	for _, option := range []machineid.Option{
		machineid.WithTimeout(time.Microsecond), machineid.WithMaxRetries(-1), machineid.WithBaseURL("http://example.com"),
		machineid.With("timeout", 1), machineid.With("proxy", make(chan int)),
	} {
		_, err := machineid.New(emulator.OrgKey, option)
		failure(t, err, machineid.ErrInvalidOptions)
	}
	_, err := machineid.New(emulator.OrgKey, nil)
	failure(t, err, machineid.ErrInvalidArgument)
	_, err = client.Validate(nil, device) //lint:ignore SA1012 a nil context is what this is about
	failure(t, err, machineid.ErrInvalidArgument)
	_, err = machineid.FromEnv(machineid.WithEnvVar("MACHINEID_NOT_SET"))
	failure(t, err, machineid.ErrNoOrgKey)
	_ = client.Close()
	_ = client.Close()
	for _, closed := range []*machineid.Client{client, nil, {}} {
		_, err = closed.Validate(background, device)
		if failure(t, err, machineid.ErrInvalidArgument); !errors.Is(err, machineid.ErrClosed) {
			t.Error(err)
		}
		closed.Cancel()
	}
}

func TestTheKeyIsInNoText(t *testing.T) {
	emulator := machineidtest.Start(t)
	emulator.OrgKey = "org_marker"
	client := emulator.Client(t)
	said := fmt.Sprintf("%v %+v %#v", client, client, client)
	_, err := client.Validate(background, device)
	said += fmt.Sprintf("%v %+v %#v", err, err, err)
	long := "org_marker" + strings.Repeat("x", 512)
	for _, key := range []string{"org_marker\x00", "org_marker\xff", "org_märker", long} {
		_, err := machineid.New(key)
		failure(t, err, machineid.ErrInvalidArgument)
		said += fmt.Sprintf("%v %+v %#v", err, err, err)
	}
	if strings.Contains(said, "marker") || strings.Contains(said, "märker") {
		t.Error(said)
	}
}

// silent returns the URL of a listener that takes connections and never answers, and a channel that gets one of them.
func silent(t *testing.T) (string, <-chan net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	accepted := make(chan net.Conn, 16)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			accepted <- connection
		}
	}()
	return "http://" + listener.Addr().String(), accepted
}

func TestAContextEndsItsCallAlone(t *testing.T) {
	url, accepted := silent(t)
	client, err := machineid.New("org_test", machineid.WithBaseURL(url), machineid.WithTimeout(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	ctx, cancel := context.WithCancel(background)
	other := make(chan error, 1)
	go func() { _, err := client.Validate(background, device); other <- err }()
	<-accepted
	go func() { <-accepted; cancel() }()
	_, err = client.Validate(ctx, device)
	if failure(t, err, machineid.ErrCancelled); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	ctx, cancel = context.WithTimeout(background, 20*time.Millisecond)
	defer cancel()
	_, err = client.Guard(ctx, device)
	if failure(t, err, machineid.ErrTimeout); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	select {
	case err := <-other:
		t.Error("a call without that context ended:", err)
	default:
	}
	// Closing ends the call that is left and those that were given up.
	_ = client.Close()
	failure(t, <-other, machineid.ErrCancelled)
	if took := time.Since(start); took > 30*time.Second {
		t.Error("it took", took)
	}
}

// openFiles returns how many descriptors a started program finds open.
func openFiles(t *testing.T) int {
	open, err := exec.Command("ls", "/proc/self/fd").CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v", open, err)
	}
	return len(strings.Fields(string(open)))
}

func TestStartedProgramsFindNothingOpen(t *testing.T) {
	before := openFiles(t)
	_, client := registered(t)
	guard, err := client.Guard(background, device)
	if err != nil {
		t.Fatal(err)
	}
	defer guard.Stop()
	done := make(chan struct{})
	calls := make(chan int, 1)
	go func() {
		count := 0
		defer func() { calls <- count }()
		for ; ; count++ {
			if allowed, err := client.Validate(background, device); !allowed {
				t.Error(err)
				return
			}
			select {
			case <-done:
				return
			default:
			}
		}
	}()
	for i := 0; i < 50; i++ {
		if open := openFiles(t); open != before {
			t.Errorf("a program finds %d descriptors open, and found %d before", open, before)
			break
		}
	}
	close(done)
	if count := <-calls; count == 0 || !guard.Allowed() {
		t.Error(count, guard.Allowed())
	}
}
