package machineid_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"machineid.io/go/machineid"
)

const interval = 200 * time.Millisecond

// bound returns an interval, a tenth, a second for a busy machine, and what is added for slow ones.
func bound() time.Duration {
	slack, _ := strconv.Atoi(os.Getenv("CHECK_SLACK_MS"))
	return interval + interval/10 + time.Second + time.Duration(slack)*time.Millisecond
}

func start(t *testing.T, client *machineid.Client, options ...machineid.GuardOption) *machineid.Guard {
	t.Helper()
	options = append([]machineid.GuardOption{machineid.WithInterval(interval)}, options...)
	guard, err := client.Guard(background, device, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(guard.Stop)
	return guard
}

// until waits until something is so, for 30 s at most.
func until(t *testing.T, what string, isSo func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !isSo(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not within 30 s: ", what)
		}
	}
}

// used returns the processor time of this process.
func used(t *testing.T) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func threads(t *testing.T) int {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	return len(tasks)
}

func TestAContextEndsWithItsGuard(t *testing.T) {
	_, client := registered(t)
	guard := start(t, client)
	child, cancel := context.WithCancel(guard.Context())
	defer cancel()
	if !guard.Allowed() || guard.Err() != nil || child.Err() != nil {
		t.Fatal(guard.Decision())
	}
	before := used(t)
	time.Sleep(time.Second)
	if took := used(t) - before; took > 500*time.Millisecond {
		t.Error("processor time in a second of waiting:", took)
	}
	must(t)(client.Revoke(background, device))
	revoked := time.Now()
	<-child.Done()
	if took := time.Since(revoked); took > bound() {
		t.Error("it ended after", took)
	}
	if guard.Allowed() || guard.Context().Err() != context.Canceled {
		t.Error("it is still on")
	}
	denied := failure(t, guard.Err(), machineid.ErrDenied)
	if denied.Code != "DEVICE_REVOKED" || len(denied.RequestID) != 36 {
		t.Error(denied)
	}
	must(t)(client.Unrevoke(background, device))
	if allowed, err := client.Validate(background, device); !allowed || guard.Allowed() {
		t.Error(allowed, err, guard.Allowed())
	}
}

func TestWaitingGuardsTakeNoThreads(t *testing.T) {
	_, client := registered(t)
	guards := []*machineid.Guard{start(t, client)}
	before := threads(t)
	for len(guards) < 100 {
		guards = append(guards, start(t, client, machineid.WithInterval(time.Hour)))
	}
	if more := threads(t) - before; more > 30 {
		t.Error("100 guards take more threads:", more)
	}
	client.Cancel()
	for _, guard := range guards {
		<-guard.Context().Done()
		failure(t, guard.Err(), machineid.ErrCancelled)
	}
}

func TestAGuardLapsesAndComesBack(t *testing.T) {
	emulator, client := registered(t)
	guard := start(t, client, machineid.WithInterval(50*time.Millisecond), machineid.WithMaxAge(time.Second))
	if err := emulator.Outage(emulator.OrgKey, 503, 0); err != nil {
		t.Fatal(err)
	}
	if err := guard.WaitUntilOff(background); err != nil {
		t.Fatal(err)
	}
	report, err := guard.Decision()
	if err != nil || report.State != machineid.StateLapsed || report.Allowed || report.Failures == 0 ||
		report.Age < time.Second || report.Failure.Code() != "CLIENT_UNAVAILABLE" {
		t.Error(report, err)
	}
	if guard.Context().Err() != nil {
		t.Error("a lapse ends no context")
	}
	if err := emulator.EndOutage(emulator.OrgKey); err != nil {
		t.Fatal(err)
	}
	until(t, "the guard is on again", guard.Allowed)
	ctx, cancel := context.WithTimeout(background, time.Millisecond)
	defer cancel()
	if err := guard.WaitUntilOff(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestAStoppedGuardIsOff(t *testing.T) {
	_, client := registered(t)
	guard := start(t, client)
	var looking sync.WaitGroup
	for i := 0; i < 4; i++ {
		looking.Add(1)
		go func() {
			defer looking.Done()
			for guard.Allowed() {
				runtime.Gosched()
			}
			if err := guard.WaitUntilOff(background); err != nil {
				t.Error(err)
			}
		}()
	}
	guard.Stop()
	guard.Stop()
	looking.Wait()
	failure(t, guard.Err(), machineid.ErrCancelled)
	if _, err := guard.Decision(); !errors.Is(err, machineid.ErrClosed) || guard.Context().Err() == nil {
		t.Error(err)
	}
	_, err := client.Guard(background, device, machineid.WithInterval(19*time.Millisecond))
	if wrong := failure(t, err, machineid.ErrInvalidOptions); !strings.Contains(wrong.Message, "interval_ms") {
		t.Error(err)
	}
}

func TestForgottenGuardsAndClientsAreCollected(t *testing.T) {
	emulator, _ := registered(t)
	ended := func() <-chan struct{} {
		client, err := machineid.New(emulator.OrgKey, machineid.WithBaseURL(emulator.URL))
		if err != nil {
			t.Fatal(err)
		}
		guard, err := client.Guard(background, device)
		if err != nil {
			t.Fatal(err)
		}
		return guard.Context().Done()
	}()
	until(t, "the guard's context has ended", func() bool {
		runtime.GC()
		select {
		case <-ended:
			return true
		default:
			return false
		}
	})
}

func TestTenThousandCallsTakeNoMemory(t *testing.T) {
	if os.Getenv("CHECK_EMULATED") != "" {
		t.Skip("qemu-user takes memory of its own")
	}
	if testing.Short() {
		t.Skip("it takes seconds, and under an emulator the memory is the emulator's")
	}
	_, client := registered(t)
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	call := func(i int) {
		if allowed, err := client.Validate(ctx, device); !allowed {
			t.Fatal(err)
		}
		if allowed, _ := client.Validate(background, "never"); allowed {
			t.Fatal("allowed")
		}
		if _, err := client.Validate(background, "a\x00b"); err == nil {
			t.Fatal("no error")
		}
		if i%100 == 0 {
			if results, err := client.ValidateMany(ctx, []string{device, "never", device}); len(results) != 3 || err == nil {
				t.Fatal(err)
			}
			start(t, client).Stop()
		}
	}
	var before int
	for i := 0; i < 10000; i++ {
		if i == 1000 {
			before = resident(t)
		}
		call(i)
	}
	more := resident(t) - before
	t.Logf("%d kB after 1,000 calls, %d kB more after 10,000", before, more)
	if more > 4096 {
		t.Errorf("%d kB more after 10,000 calls than after 1,000", more)
	}
}

// resident returns the memory of this process that is in use, in kB, without what it shares with files and what Go's
// heap would give back.
func resident(t *testing.T) int {
	runtime.GC()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "RssAnon:")
	var kilobytes int
	for _, digit := range strings.TrimSpace(after) {
		if digit < '0' || digit > '9' {
			break
		}
		kilobytes = kilobytes*10 + int(digit-'0')
	}
	return kilobytes
}
